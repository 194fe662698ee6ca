package signaling

import (
	"bytes"
	"net/netip"
	"slices"
)

// What members announce to each other as ICE candidates is where they expect packets from each other. So a relay that is told of nothing
// else (Server.Announced) cannot be used to reach what nobody of the room claims to be. It is a narrower door and no proof: a
// member may claim any address.

// maxCandidates is how many candidates of one signal are looked at. A description of a browser has a few dozen at most.
const maxCandidates = 256

var candidateMark = []byte("candidate:")

// candidatesIn returns the addresses of the ICE candidates in a signal's data, each once: of the `candidate` of an RTCIceCandidateInit, and
// of the candidate lines of a description (RFC 8839, section 5.1). It looks at the bytes alone and decodes no JSON, whose escapes no candidate
// needs: who writes one with them has announced nothing, and loses by that. Names are no addresses, and the one behind which a
// relayed candidate was found (`raddr`) is none to send to.
func candidatesIn(data []byte) []netip.Addr {
	var found []netip.Addr
	for range maxCandidates {
		_, rest, ok := bytes.Cut(data, candidateMark)
		if !ok {
			break
		}
		data = rest
		if addr, ok := candidateAddr(rest); ok && !slices.Contains(found, addr) {
			found = append(found, addr)
		}
	}
	return found
}

// candidateAddr reads what follows the mark: foundation, component, transport, priority, address, port, "typ", with one space between them.
func candidateAddr(line []byte) (netip.Addr, bool) {
	var address []byte
	for i := range 7 {
		// The longest field is an IPv6 address, or a foundation of 32 characters: what is longer is no candidate.
		n := bytes.IndexByte(line[:min(len(line), 64)], ' ')
		if n <= 0 {
			return netip.Addr{}, false
		}
		field := line[:n]
		line = line[n+1:]
		switch i {
		case 4:
			address = field
		case 6:
			if string(field) != "typ" {
				return netip.Addr{}, false
			}
		}
	}
	addr, err := netip.ParseAddr(string(address))
	return plainAddr(addr), err == nil
}

// plainAddr is an address as all say it: an IPv4 address as such, and without the name of an interface.
func plainAddr(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// announce remembers the addresses that a member has announced in a signal.
func (r *room) announce(m *member, data []byte) {
	addrs := candidatesIn(data)
	if len(addrs) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.announced == nil {
		r.announced = map[netip.Addr]int{}
	}
	for _, addr := range addrs {
		if slices.Contains(m.announced, addr) {
			continue
		}
		if len(m.announced) >= r.server.limits.Candidates {
			r.forget(m.announced[0])
			m.announced = append(m.announced[:0], m.announced[1:]...)
		}
		m.announced = append(m.announced, addr)
		r.announced[addr]++
	}
}

// knows tells whether a member has announced the address.
func (r *room) knows(addr netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.announced[addr] > 0
}

// forget takes back one announcement. r.mu must be held.
func (r *room) forget(addr netip.Addr) {
	if r.announced[addr]--; r.announced[addr] == 0 {
		delete(r.announced, addr)
	}
}
