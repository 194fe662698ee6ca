package turnserver

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// relay is one allocation's side towards its peers, as the net.PacketConn that Pion writes to and reads from. What differs
// between a virtual port and a real one is only whether there is a socket, which the server's poller reads: the packets of other
// relays come in memory either way, because they would otherwise leave the machine where the address that peers are told is not its
// own (a one-to-one NAT), and few NATs send them back with the right source.
//
// Pion checks permissions, which know only a peer's address; this checks address and port of every packet, what it is and whether
// the client may still have more, in both directions. ReadFrom belongs to one goroutine; the other methods may be called at any time.
type relay struct {
	// Static.
	relays *relays
	family *family
	at     netip.AddrPort // what peers are told
	addr   *net.UDPAddr   // the same for Pion, and for the Pion of other relays: not changed
	user   string
	entry  *entry         // the client's side: the way in that it took
	client netip.AddrPort // and where it is, as seen there
	local  net.Addr       // what stands for the allocation, see entry.local
	since  time.Time
	sock   *net.UDPConn // nil: a virtual port
	batch  *udpbatch.Socket
	polled *udpbatch.Polled // set before the relay counts

	toClient *udpbatch.Lane // for what comes in by sock, see fast.go; nil: the client came with a stream

	inbox           chan *packet  // what has come from peers, and is Pion's
	queued, handled atomic.Uint64 // how much ever was put into it, and how much Pion is done with
	done            chan struct{} // closed by Close

	gate        *gate
	holding     *holding
	permissions permissions
	channels    channels

	toPeers, fromPeers traffic

	// Owned by the goroutine in ReadFrom.
	last *net.UDPAddr // the latest peer from outside
	busy bool         // Pion has one

	until time.Time // when Pion will end the allocation; owned by the goroutine that reads entry.conn

	closed, ended sync.Once
}

var _ net.PacketConn = (*relay)(nil)

// newRelay takes a port for the client whose request e is handling, an even one if it is told to. Until relays.add has let it in, only release ends it.
func newRelay(r *relays, f *family, e *entry, user string, h *holding, even bool) (*relay, error) {
	rl := &relay{relays: r, family: f, user: user, entry: e, client: e.req.from, local: e.req.local, since: time.Now(),
		inbox: make(chan *packet, r.srv.cfg.Limits.Queue), done: make(chan struct{}),
		gate: newGate(r.srv.cfg.Payload, &r.srv.stats.forgotPeers), holding: h}
	take := rl.takeVirtual
	if !r.srv.cfg.virtual() {
		take = rl.takeSocket
	}
	// A client on a link has an address that means something on that link only, and a relay's client keeps no link.
	if e.batch != nil && !rl.client.Addr().IsLinkLocalUnicast() {
		rl.toClient = e.batch.Lane(rl.client)
	}
	return rl, take(even)
}

// takeVirtual takes a port that no other relay has. It skips the numbers of our listeners: a client that sees such an
// address would take it for the server's.
func (r *relay) takeVirtual(even bool) error {
	if !virtualPorts().shuffled(func(port uint16) bool {
		if even && port%2 != 0 || r.relays.srv.ports.has(port) {
			return false
		}
		r.name(port)
		return r.family.ports[port].CompareAndSwap(nil, r)
	}) {
		return ErrNoPorts
	}
	return nil
}

func (r *relay) name(port uint16) {
	r.at = netip.AddrPortFrom(r.family.told, port)
	r.addr = net.UDPAddrFromAddrPort(r.at)
}

// WriteTo sends one datagram to a peer, or refuses with ErrPeerDenied, ErrPayload or ErrQuota. A datagram that cannot be delivered
// now is dropped without an error, as on any network.
func (r *relay) WriteTo(p []byte, to net.Addr) (int, error) {
	peer := addrPort(to)
	own, err := r.outgoing(peer, p)
	switch {
	case err != nil:
		return 0, err
	case own != nil && r.entry.fast != nil:
		r.entry.fast.copyAcross(r, own, p)
		return len(p), nil
	case own != nil:
		r.sent(len(p))
		own.deliver(r, p)
		return len(p), nil
	case r.entry.fast != nil: // all clients of a listener wait for this
		r.entry.fast.add(r.batch.Lane(peer), p)
		r.entry.fast.flush()
		r.sent(len(p))
		return len(p), nil
	}
	n, err := r.sock.WriteToUDPAddrPort(p, peer) // there is one: with virtual ports own is the only way past outgoing
	if err == nil {
		r.sent(n)
	}
	return n, err
}

// outgoing decides whether the client may send p to a peer, and counts and charges it. own is the relay of this server that the
// peer is, nil for one outside. The address is canonical.
func (r *relay) outgoing(peer netip.AddrPort, p []byte) (own *relay, err error) {
	s := r.relays.srv
	own = r.relays.find(peer)
	why := noPermission // it may have ended: a channel lives longer, and Pion does not look once it is bound
	if r.permissions.has(peer.Addr()) {
		why = s.policy.peer(peer, s.own.snapshot(), own != nil)
	}
	if why != allowed {
		s.stats.peers[why].Add(1)
		return nil, ErrPeerDenied
	}
	return own, r.carry(r.gate.toPeer(p, peer), len(p))
}

// incoming decides whether p of a peer may go to the client, and counts and charges it. outside says that the peer is no relay of
// this server. A permission is for all ports of an address: without the policy the relay address, for which every client may have
// one, would let in packets of this machine's own services.
func (r *relay) incoming(peer netip.AddrPort, p []byte, outside bool) error {
	s := r.relays.srv
	why := allowed
	if !r.permissions.has(peer.Addr()) {
		why = noPermission
	} else if outside {
		why = s.policy.peer(peer, s.own.snapshot(), false)
	}
	if why != allowed {
		s.stats.peers[why].Add(1)
		return ErrPeerDenied
	}
	return r.carry(r.gate.fromPeer(p, peer), len(p))
}

// carry charges for n bytes that the gate has let through.
func (r *relay) carry(v verdict, n int) error {
	s := r.relays.srv
	if v != carried {
		s.stats.payload[v].Add(1)
		return ErrPayload
	}
	if r.holding.metered() && r.holding.charge(n, s.ledger.at()) != 0 { // which counts
		return ErrQuota
	}
	return nil
}

func (r *relay) sent(n int)     { r.toPeers.add(n); r.relays.srv.stats.toPeers.add(n) }
func (r *relay) received(n int) { r.fromPeers.add(n); r.relays.srv.stats.fromPeers.add(n) }

// Close is called by Pion when the allocation ends, by Server.End and by the server's Close. It never fails: Pion would stop
// closing the other allocations.
func (r *relay) Close() error {
	r.closed.Do(func() {
		r.release()
		r.relays.remove(r)
		close(r.done)
	})
	return nil
}

// release gives back the port and what the ledger holds. The table comes first: once the socket is closed, another relay may
// have its port.
func (r *relay) release() {
	r.family.ports[r.at.Port()].CompareAndSwap(r, nil)
	if r.polled != nil {
		r.polled.Remove()
	}
	if r.sock != nil {
		_ = r.sock.Close()
	}
	r.holding.release()
}

// end closes the relay, and the connection of a client that came with one of its own: it has no other use.
func (r *relay) end() {
	_ = r.Close()
	if r.entry.stream != nil {
		r.entry.stream.cut()
	}
}

// LocalAddr is what peers are told.
func (r *relay) LocalAddr() net.Addr { return r.addr }

// SetDeadline and the other two are not used by Pion, whose reader waits until Close.
func (r *relay) SetDeadline(time.Time) error      { return errNoDeadline }
func (r *relay) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (r *relay) SetWriteDeadline(time.Time) error { return errNoDeadline }

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
