package turnserver

import (
	"slices"
	"strconv"
	"sync/atomic"
)

// Stats is a snapshot of a server. The totals count from its start; maps hold only what is not zero.
type Stats struct {
	Allocations      int    // open now
	AllocationsTotal uint64 // ever opened
	Kinds            []Kind // the same by transport and family, those that there were
	TCPConns         int    // open now
	TCPConnsTotal    uint64 // ever accepted, those refused included
	TCPRefused       uint64 // closed because Limits.TCPConns, or AddressTCPConns of that address, were open
	BadStreams       uint64 // TCP connections closed for what they sent, or for a frame that did not end
	Oversized        uint64 // datagrams of peers dropped because they exceed 1,599 bytes
	QueueFull        uint64 // datagrams of peers dropped because Limits.Queue of them waited in one relay, or 16,384 in all
	Unsent           uint64 // datagrams that the kernel refused to send
	ReadErrors       uint64 // of sockets, survived

	PeersDenied  map[string]uint64 // requests and packets by the reason of the policy
	AuthFailures map[string]uint64 // requests by "expired", "future", "realm", "username", "password", "revoked"
	Requests     map[string]uint64 // requests about an allocation, refused by "no-allocation", "peer-denied", "other-user", …
	Dropped      map[string]uint64 // messages of clients that got no answer: "malformed", "stranger", "oversized", "unexpected"
	NoAllocation map[string]uint64 // Allocate requests refused by "draining", "ports", "family", "even-port", "tcp-relay", "socket", "revoked", "quota"

	Errors        map[string]uint64 // error responses by their code, "401" and "438" that only ask for credentials included
	PayloadDenied map[string]uint64 // packets, in both directions, by what they were: "foreign", "unchecked-peer", "media", …
	QuotaReached  map[string]uint64 // allocations and packets refused, by the bound: "room-bytes", "address-allocations", …
	Forgotten     Forgotten

	ToPeers, FromPeers Traffic // relayed
}

// Forgotten counts what made room for more of its kind. Where these grow, so does memory, or somebody tries to make it grow.
type Forgotten struct {
	CheckedPeers uint64 // that had passed a check with a relay, and must pass another
	Accounts     uint64 // of identities, rooms or addresses without an allocation, and with them what they had used
	Notices      uint64 // that Config.Limited was too slow to hear
}

// Kind counts the allocations of one transport ("udp", "tcp" or "tls", between client and server) and one family of the relay
// address (4 or 6).
type Kind struct {
	Transport string
	Family    int
	Now       int
	Total     uint64
}

// Traffic counts datagrams and their payload.
type Traffic struct{ Packets, Bytes uint64 }

type traffic struct{ packets, bytes atomic.Uint64 }

func (t *traffic) add(n int)         { t.packets.Add(1); t.bytes.Add(uint64(n)) }
func (t *traffic) snapshot() Traffic { return Traffic{t.packets.Load(), t.bytes.Load()} }

// kind is the counter behind a Kind.
type kind struct {
	now   atomic.Int64
	total atomic.Uint64
}

func (k *kind) opened() { k.now.Add(1); k.total.Add(1) }
func (k *kind) closed() { k.now.Add(-1) }

func transports() []string { return []string{overUDP, overTCP, overTLS} }

// kind finds the counter of a relay.
func (c *counters) kind(r *relay) *kind {
	return c.kinds[slices.Index(transports(), r.entry.transport)].of(r.at.Addr())
}

func (c *counters) snapshotKinds() (list []Kind, total uint64) {
	for t, name := range transports() {
		for f, family := range []int{4, 6} {
			k := &c.kinds[t][f]
			if n := k.total.Load(); n > 0 {
				list = append(list, Kind{name, family, int(k.now.Load()), n})
				total += n
			}
		}
	}
	return list, total
}

type authFailure int

const (
	authFine     authFailure = iota
	authExpired              // a credential that has ended
	authFuture               // one that ends later than Limits.CredentialTTL from now
	authRealm                // signed for another server
	authUsername             // neither of Config.Users nor of the REST form
	authPassword
	authRevoked
	authFailures // how many there are
)

func (f authFailure) String() string {
	return [...]string{"fine", "expired", "future", "realm", "username", "password", "revoked"}[f]
}

type allocFailure int

const (
	allocDraining allocFailure = iota
	allocPorts
	allocFamily
	allocEvenPort
	allocTCP
	allocSocket
	allocRevoked
	allocQuota
	allocFailures
)

func (f allocFailure) String() string {
	return [...]string{"draining", "ports", "family", "even-port", "tcp-relay", "socket", "revoked", "quota"}[f]
}

// counters are written by every goroutine of the server.
type counters struct {
	kinds                  [3]pair[kind] // as transports lists them
	tcpTotal, tcpRefused   atomic.Uint64
	badStreams, readErrors atomic.Uint64
	oversized, queueFull   atomic.Uint64
	unsent                 atomic.Uint64
	forgotPeers            atomic.Uint64
	errors                 [400]atomic.Uint64 // by the code less 300
	toPeers, fromPeers     traffic
	payload                [verdicts]atomic.Uint64
	peers                  [reasons]atomic.Uint64
	auth                   [authFailures]atomic.Uint64
	requests               [requestFailures]atomic.Uint64
	dropped                [droppedMessages]atomic.Uint64
	alloc                  [allocFailures]atomic.Uint64
}

// byName makes the map of a Stats from counters indexed by an enumeration.
func byName(c []atomic.Uint64, name func(int) string) map[string]uint64 {
	m := map[string]uint64{}
	for i := range c {
		if n := c[i].Load(); n > 0 {
			m[name(i)] = n
		}
	}
	return m
}

// Stats may be called at any time, after Close too.
func (s *Server) Stats() Stats {
	c := &s.stats
	kinds, total := c.snapshotKinds()
	return Stats{
		Allocations:      s.relays.count(),
		AllocationsTotal: total,
		Kinds:            kinds,
		TCPConns:         s.conns.count(),
		TCPConnsTotal:    c.tcpTotal.Load(),
		TCPRefused:       c.tcpRefused.Load(),
		BadStreams:       c.badStreams.Load(),
		Oversized:        c.oversized.Load(),
		QueueFull:        c.queueFull.Load(),
		Unsent:           c.unsent.Load(),
		ReadErrors:       c.readErrors.Load(),
		PeersDenied:      byName(c.peers[:], func(i int) string { return reason(i).String() }),
		AuthFailures:     byName(c.auth[:], func(i int) string { return authFailure(i).String() }),
		Requests:         byName(c.requests[:], func(i int) string { return requestFailure(i).String() }),
		Dropped:          byName(c.dropped[:], func(i int) string { return dropped(i).String() }),
		NoAllocation:     byName(c.alloc[:], func(i int) string { return allocFailure(i).String() }),
		PayloadDenied:    byName(c.payload[:], func(i int) string { return verdict(i).String() }),
		QuotaReached:     byName(s.ledger.refused[:], func(i int) string { return limit(i).String() }),
		Errors:           byName(c.errors[:], func(i int) string { return strconv.Itoa(300 + i) }),
		Forgotten:        Forgotten{c.forgotPeers.Load(), s.ledger.forgot.Load(), s.ledger.notices.lost()},
		ToPeers:          c.toPeers.snapshot(),
		FromPeers:        c.fromPeers.snapshot(),
	}
}
