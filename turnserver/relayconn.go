package turnserver

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// relayConn is the socket of one allocation. Pion checks permissions, which know only the peer's address; this checks
// address and port of every packet, in both directions. ReadFrom belongs to one goroutine; the others may be called at
// any time.
type relayConn struct {
	*net.UDPConn
	relays *relays
	port   uint16

	closed, ended sync.Once
}

var _ net.PacketConn = (*relayConn)(nil)

// WriteTo sends one datagram to a peer, or refuses with ErrPeerDenied.
func (rc *relayConn) WriteTo(p []byte, to net.Addr) (int, error) {
	peer := addrPort(to)
	s := rc.relays.srv
	if why := s.judge(peer); why != allowed {
		return 0, fmt.Errorf("%w: %s: %s", ErrPeerDenied, peer, why)
	}
	n, err := rc.WriteToUDPAddrPort(p, rc.relays.outward(peer))
	if err == nil {
		s.stats.toPeers.add(n)
	}
	return n, err
}

// ReadFrom returns one datagram of a peer that the relay may reach. Its error is final: Pion deletes the allocation.
func (rc *relayConn) ReadFrom(p []byte) (int, net.Addr, error) {
	s := rc.relays.srv
	for {
		n, src, err := s.read(rc.UDPConn, p)
		if err != nil {
			rc.ended.Do(rc.relays.wg.Done)
			return 0, nil, err
		}
		if n == len(p) {
			s.stats.oversized.Add(1) // it was cut, or may have been
			continue
		}
		peer := rc.relays.inward(src)
		// A permission is for all ports of an address. Without this the relay address, which every client may have a
		// permission for, would let in packets of this machine's own services.
		if s.judge(peer) != allowed {
			continue
		}
		s.stats.fromPeers.add(n)
		return n, udpAddr(peer), nil
	}
}

// Close is called by Pion when the allocation ends and by the server's Close. It never fails: Pion would stop closing
// the other allocations.
func (rc *relayConn) Close() error {
	rc.closed.Do(func() {
		_ = rc.UDPConn.Close()
		rc.relays.remove(rc)
	})
	return nil
}

// Two clients of this server talk from relay to relay. When the address that peers are told is not this machine's own
// (a one-to-one NAT), such packets would leave the machine, and few NATs send them back with the right source: so
// outward and inward turn that address into the sockets' own and back. The kernel lets nobody else send from there.

func (r *relays) outward(peer netip.AddrPort) netip.AddrPort {
	if peer.Addr() == r.address {
		return netip.AddrPortFrom(r.hairpin, peer.Port()) // judged: the port is a relay's, or local peers are allowed
	}
	return peer
}

func (r *relays) inward(src netip.AddrPort) netip.AddrPort {
	src = netip.AddrPortFrom(canonical(src.Addr()), src.Port())
	if src.Addr() == r.hairpin && r.live(src.Port()) {
		return netip.AddrPortFrom(r.address, src.Port())
	}
	return src
}

// judge asks the policy about a peer, and counts a refusal.
func (s *Server) judge(peer netip.AddrPort) reason {
	why := s.policy.peer(peer, s.own.snapshot(), s.relays.live)
	if why != allowed {
		s.stats.peers[why].Add(1)
	}
	return why
}

// permit answers Pion's question before a permission or a channel is made.
func (s *Server) permit(client net.Addr, peerIP net.IP) bool {
	if err := s.own.refresh(); err != nil {
		s.log.Error().Err(err).Msg("cannot list this machine's addresses; the last list stays in use")
	}
	peer, _ := netip.AddrFromSlice(peerIP) // the zero Addr is judged as invalid
	why := s.policy.permission(peer, s.own.snapshot())
	if why == allowed {
		return true
	}
	s.stats.peers[why].Add(1)
	s.log.Debug().Stringer("remote", client).Stringer("peer", peer).Stringer("reason", why).Msg("peer denied")
	return false
}

// addrPort is the address of a socket or of a packet, in its canonical form; the zero value for what is neither.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	}
	return netip.AddrPortFrom(canonical(ap.Addr()), ap.Port())
}
