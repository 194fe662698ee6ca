package turnserver

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// Ways in, as Allocation and Stats name them.
const (
	overUDP = "udp"
	overTCP = "tcp"
	overTLS = "tls"
)

// entry is one way in for clients: a UDP listener, or one connection of a stream. Each has a turn.Server of its own, so that all
// of Pion's questions about a message come in the one goroutine that reads conn, and what was found out in one of them can be
// used in the next.
type entry struct {
	// Static.
	srv       *Server
	transport string
	conn      net.PacketConn   // what Pion reads and writes: the client's side of every relay of this entry
	stream    *tcpConn         // nil for a UDP listener
	batch     *udpbatch.Socket // the listener; nil for a stream

	busy turns // of requests, and of the ends of relays

	// Owned by the goroutine that reads conn.
	req    request   // under way
	fast   *fastPath // nil for a stream
	opened uint64    // relays so far
	fresh  net.Addr  // what stands for the next one: allocationAddr of opened, not changed

	mu      sync.RWMutex
	clients map[netip.AddrPort]*relay // those with an allocation; guarded by mu
}

var _ turn.RelayAddressGenerator = (*entry)(nil)

// serve lets Pion read conn in a goroutine of its own, until ReadFrom returns an error.
func (s *Server) serve(transport string, conn net.PacketConn, stream *tcpConn) error {
	e := &entry{srv: s, transport: transport, stream: stream, clients: map[netip.AddrPort]*relay{}, fresh: allocationAddr(0)}
	if u, ok := conn.(*udpConn); ok {
		u.entry, e.batch, e.fast = e, u.batch, u.fast
	}
	e.conn = &front{PacketConn: conn, e: e}
	_, err := turn.NewServer(turn.ServerConfig{
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: e.conn, RelayAddressGenerator: e, PermissionHandler: e.permit}},
		Realm:             s.cfg.Realm,
		AuthHandler:       e.authenticate,
		EventHandler:      e.events(),
		LoggerFactory:     s.pion,
		InboundMTU:        s.cfg.Limits.Frame + 1, // Pion drops what fills its buffer
		// Who asks for no family gets IPv4 (RFC 8656 section 7.2), not that of the listener: two clients who came over two
		// families must get relays that can reach each other.
		StrictAddressFamily: s.relays.families[0] != nil,
	})
	if err != nil {
		return fmt.Errorf("turnserver: start pion: %w", err)
	}
	return nil
}

// allocationAddr is the number-th address of an entry that stands for one allocation, see entry.local. It is of a prefix where
// nothing is (RFC 6666), and of IPv6: Pion gives a client that asks for no family that of its own address, where it may not take IPv4.
func allocationAddr(number uint64) *net.UDPAddr {
	return &net.UDPAddr{IP: binary.BigEndian.AppendUint64([]byte{1, 0, 0, 0, 0, 0, 0, 0}, number)}
}

// Validate is Pion's; Listen has checked everything.
func (e *entry) Validate() error { return nil }

// AllocateListener refuses RFC 6062 allocations.
func (e *entry) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, e.refuse(allocTCP, stun.CodeUnsupportedTransProto, ErrTCPRelay)
}

// AllocateConn refuses RFC 6062 connections.
func (e *entry) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	return nil, e.refuse(allocTCP, stun.CodeUnsupportedTransProto, ErrTCPRelay)
}

// AllocatePacketConn opens the relay of a new allocation. Pion answers every error with 508 (Insufficient Capacity).
//
// For an EVEN-PORT Pion first tries ports, for nobody in particular, until it has seen an even one, and then asks for just that.
// Here the port is found when it is known for whom, so that a quota counts it: what Pion gets to see before is a number.
func (e *entry) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if c.UserID == "" {
		return noPort{}, &net.UDPAddr{Port: 2}, nil
	}
	r, err := e.srv.relays.create(e, c)
	if err != nil {
		return nil, nil, err
	}
	e.opened++
	e.fresh = allocationAddr(e.opened)
	return r, r.addr, nil
}

// noPort is what Pion closes, and does nothing else with, after it has seen its number.
type noPort struct{ net.PacketConn }

// Close has nothing to do.
func (noPort) Close() error { return nil }

// refuse counts why there is no allocation, remembers what to answer, and returns err.
func (e *entry) refuse(why allocFailure, code stun.ErrorCode, err error) error {
	e.srv.stats.alloc[why].Add(1)
	e.req.refusal = refusal{code: code}
	switch why {
	case allocDraining:
		e.req.refusal.phrase = "the server is closing"
	case allocFamily, allocEvenPort, allocTCP, allocQuota: // what the client should know by name
		e.req.refusal.phrase = strings.TrimPrefix(err.Error(), "turnserver: ")
	}
	return err
}

// permit answers Pion's question before a permission or a channel is made: decide has judged them all.
func (e *entry) permit(net.Addr, net.IP) bool { return e.req.vetted }

// events count and log what Pion does. The realm is left out of everything: it was the client's word. Those of permissions and
// channels that end come with locks of Pion held, in which nothing of Pion may be called.
func (e *entry) events() turn.EventHandler {
	s := e.srv
	return turn.EventHandler{
		OnAllocationCreated: func(src, _ net.Addr, _, user, _ string, relay net.Addr, _ int) {
			s.log.Debug().Str("user", user).Str("over", e.transport).Stringer("remote", src).Stringer("relay", relay).Msg("allocation created")
		},
		OnPermissionCreated: func(src, _ net.Addr, _, _, _ string, relay net.Addr, peer net.IP) {
			e.permission(src, relay, peer, true)
		},
		OnPermissionDeleted: func(src, _ net.Addr, _, _, _ string, relay net.Addr, peer net.IP) {
			e.permission(src, relay, peer, false)
		},
		OnChannelCreated: func(src, _ net.Addr, _, _, _ string, relay, peer net.Addr, number uint16) {
			if r := e.relayAt(src, relay); r != nil {
				r.channels.put(number, addrPort(peer))
			}
		},
		OnChannelDeleted: func(src, _ net.Addr, _, _, _ string, relay, _ net.Addr, number uint16) {
			if r := e.relayAt(src, relay); r != nil {
				r.channels.remove(number)
			}
		},
		OnAllocationDeleted: func(src, _ net.Addr, _, user, _ string) {
			s.log.Debug().Str("user", user).Stringer("remote", src).Msg("allocation deleted")
			s.relays.wg.Done()
		},
	}
}

// permission notes one that came or went.
func (e *entry) permission(client, relay net.Addr, peerIP net.IP, yes bool) {
	if r := e.relayAt(client, relay); r != nil {
		peer, _ := netip.AddrFromSlice(peerIP)
		r.permissions.put(canonical(peer), yes)
	}
}

// relayAt is the relay of which Pion tells something, nil if it has ended. Another client may have its port by now.
func (e *entry) relayAt(client, at net.Addr) *relay {
	r := e.srv.relays.find(addrPort(at))
	if r == nil || r.entry != e || r.client != addrPort(client) {
		return nil
	}
	return r
}

// relayOf is the relay of a client that came this way, nil when it has none. It may be called at any time.
func (e *entry) relayOf(client netip.AddrPort) *relay {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.clients[client]
}

// local is what Pion takes for the server's end of a client's connection, and so for the name of its allocation. Each allocation has
// one of its own: Pion deletes by name, some of them for the second time, and would hit what the client has opened since.
func (e *entry) local(client netip.AddrPort) net.Addr {
	if r := e.relayOf(client); r != nil {
		return r.local
	}
	return e.fresh
}

func (e *entry) add(r *relay) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clients[r.client] = r
	if e.stream != nil {
		e.stream.allocated(true)
	}
}

// remove leaves alone what the client has opened since: Pion may tell of an allocation's end a moment late.
func (e *entry) remove(r *relay) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.clients[r.client] != r {
		return
	}
	delete(e.clients, r.client)
	if e.stream != nil {
		e.stream.allocated(false)
	}
}
