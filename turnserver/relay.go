package turnserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/pion/turn/v5"
)

// relays opens the relay sockets, one for each allocation, and knows those that are open. All methods may be called at
// any time. It is the place where a quota will reserve (before open) and release (in relayConn.Close): Pion's own quota
// callback is not atomic with the allocation.
type relays struct {
	srv     *Server
	address netip.Addr // that peers are told
	bind    netip.Addr // of the sockets
	hairpin netip.Addr // where one of our sockets reaches another

	mu       sync.RWMutex
	open     map[uint16]*relayConn // by port; guarded by mu
	draining bool                  // no new ones; guarded by mu
	empty    chan struct{}         // closed once draining and none is open

	// wg counts two for each relay: its reader, until it got its last error, and Pion's allocation, until it is deleted.
	wg sync.WaitGroup
}

var _ turn.RelayAddressGenerator = (*relays)(nil)

func newRelays(s *Server, address, bind netip.Addr) *relays {
	r := &relays{srv: s, address: address, bind: bind, hairpin: bind, open: map[uint16]*relayConn{}, empty: make(chan struct{})}
	if bind.IsUnspecified() {
		r.hairpin = netip.IPv6Loopback()
		if bind.Is4() {
			r.hairpin = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
	}
	return r
}

// Validate is Pion's; Listen has checked everything.
func (r *relays) Validate() error { return nil }

// AllocateListener refuses RFC 6062 allocations.
func (r *relays) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, r.refuse(allocTCP, ErrTCPRelay)
}

// AllocateConn refuses RFC 6062 connections.
func (r *relays) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	return nil, r.refuse(allocTCP, ErrTCPRelay)
}

// AllocatePacketConn opens the socket of a new allocation. Pion answers an error with 508 (Insufficient Capacity).
func (r *relays) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	switch {
	case c.UserID == "" || c.RequestedPort != 0:
		return nil, nil, r.refuse(allocEvenPort, ErrEvenPort)
	case (c.Network == "udp4") != r.address.Is4():
		return nil, nil, r.refuse(allocFamily, ErrFamily)
	}
	sock, err := r.socket()
	if err != nil {
		why := allocSocket
		if errors.Is(err, ErrNoPorts) {
			why = allocPorts
		}
		return nil, nil, r.refuse(why, err)
	}
	port := addrPort(sock.LocalAddr()).Port()
	rc := &relayConn{UDPConn: sock, relays: r, port: port}
	if !r.add(rc) {
		_ = sock.Close()
		return nil, nil, r.refuse(allocDraining, ErrClosed)
	}
	return rc, udpAddr(netip.AddrPortFrom(r.address, port)), nil
}

func (r *relays) refuse(why allocFailure, err error) error {
	r.srv.stats.alloc[why].Add(1)
	return err
}

// socket binds a free port of the range. It goes on as long as ports are merely taken: any other error would be the
// same for all of them.
func (r *relays) socket() (sock *net.UDPConn, err error) {
	network := "udp6"
	if r.bind.Is4() {
		network = "udp4"
	}
	done := r.srv.cfg.Ports.shuffled(func(port uint16) bool {
		if r.live(port) || r.srv.isListener(port) {
			return false
		}
		sock, err = net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(r.bind, port)))
		return !errors.Is(err, syscall.EADDRINUSE)
	})
	switch {
	case !done:
		return nil, fmt.Errorf("%w: %s", ErrNoPorts, r.srv.cfg.Ports)
	case err != nil:
		return nil, fmt.Errorf("turnserver: relay socket: %w", err)
	}
	if err := refuseBroadcast(sock); err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("turnserver: relay socket: %w", err)
	}
	r.srv.tune(sock)
	return sock, nil
}

func (r *relays) add(rc *relayConn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining {
		return false
	}
	r.open[rc.port] = rc
	r.wg.Add(2)
	return true
}

func (r *relays) remove(rc *relayConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, rc.port)
	r.checkEmpty()
}

// drain refuses new relays and returns a channel that is closed when none is left.
func (r *relays) drain() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = true
	r.checkEmpty()
	return r.empty
}

// checkEmpty is called with mu held.
func (r *relays) checkEmpty() {
	if !r.draining || len(r.open) > 0 {
		return
	}
	select {
	case <-r.empty:
	default:
		close(r.empty)
	}
}

// close ends all relays. It does not wait; wg does.
func (r *relays) close() {
	r.drain()
	r.mu.RLock()
	all := make([]*relayConn, 0, len(r.open))
	for _, rc := range r.open {
		all = append(all, rc)
	}
	r.mu.RUnlock()
	for _, rc := range all {
		_ = rc.Close() // takes mu
	}
}

func (r *relays) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.open)
}

// live says whether port is that of an open relay.
func (r *relays) live(port uint16) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.open[port] != nil
}
