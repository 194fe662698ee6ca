package turnserver

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// PortRange is an inclusive range of UDP ports for relays. A text like "49152-65535" makes one; those are the dynamic
// ports, which RFC 8656 section 7.2 advises. The zero value stands for virtual ports in a Config.
type PortRange struct{ Min, Max uint16 }

func (r PortRange) String() string { return fmt.Sprintf("%d-%d", r.Min, r.Max) }

// ParsePortRange reads "MIN-MAX". Every allocation takes one port. The error is a *ConfigError.
func ParsePortRange(s string) (PortRange, error) {
	bad := func(problem string) (PortRange, error) {
		return PortRange{}, &ConfigError{"port range", strconv.Quote(s) + " " + problem, "write it like 49152-65535"}
	}
	from, to, two := strings.Cut(s, "-")
	if !two {
		return bad("is not two ports with a dash between them")
	}
	lo, err := strconv.ParseUint(from, 10, 16)
	if err != nil {
		return bad("does not begin with a port from 1024 to 65535")
	}
	hi, err := strconv.ParseUint(to, 10, 16)
	if err != nil {
		return bad("does not end with a port from 1024 to 65535")
	}
	r := PortRange{uint16(lo), uint16(hi)}
	return r, r.check()
}

// check refuses ports below 1024 because the policy denies such ports of peers, our own relays among them.
func (r PortRange) check() error {
	switch {
	case r.Min > r.Max:
		return &ConfigError{"port range", fmt.Sprintf("%q runs backwards", r), "did you mean " + PortRange{r.Max, r.Min}.String() + "?"}
	case r.Min < minPeerPort:
		return &ConfigError{"port range", fmt.Sprintf("%q begins below 1024", r), "peers may not use those; write it like 49152-65535"}
	}
	return nil
}

// virtualPorts are all that a virtual relay may have. No socket has them, so none is taken from anybody.
func virtualPorts() PortRange { return PortRange{minPeerPort, 65535} }

// shuffled calls try with every port of the range once, in an order that nobody can guess (RFC 8656 section 7.2), until try
// returns true. A random start and a random stride without a common divisor visit everything and need no memory. (Pion's
// own generator gives up after ten random ports: at 90 % use it fails for one client in three.)
func (r PortRange) shuffled(try func(port uint16) (done bool)) bool {
	n := int(r.Max) - int(r.Min) + 1
	at, stride := below(n), 1+below(n)
	for gcd(stride, n) != 1 {
		stride = 1 + below(n)
	}
	for range n {
		if try(r.Min + uint16(at)) {
			return true
		}
		at = (at + stride) % n
	}
	return false
}

// below is a random number from 0 to n-1, for n far below 2⁶⁴, where the remainder's bias is nothing.
func below(n int) int {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return int(binary.NativeEndian.Uint64(b[:]) % uint64(n))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// portSet are the port numbers of this server's own listeners. Packets read it, so reading takes no lock.
type portSet struct {
	list atomic.Pointer[[]uint16] // what it points to is not changed
	mu   sync.Mutex               // of who adds
}

func newPortSet(ports ...uint16) *portSet {
	s := &portSet{}
	s.list.Store(&ports)
	return s
}

func (s *portSet) add(port uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if port == 0 || s.has(port) {
		return
	}
	list := append(slices.Clone(*s.list.Load()), port)
	s.list.Store(&list)
}

func (s *portSet) has(port uint16) bool { return slices.Contains(*s.list.Load(), port) }
