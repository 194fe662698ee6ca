package turnserver

import "sync/atomic"

// Stats is a snapshot of a server. The totals count from its start; maps hold only what is not zero.
type Stats struct {
	Allocations      int    // open now
	AllocationsTotal uint64 // ever opened
	TCPConns         int    // open now
	TCPConnsTotal    uint64 // ever accepted, those refused included
	TCPRefused       uint64 // closed at once because Limits.TCPConns were open
	BadStreams       uint64 // TCP connections closed for what they sent, or for a frame that did not end
	Oversized        uint64 // datagrams of peers dropped because they exceed 1,599 bytes
	ReadErrors       uint64 // of sockets, survived

	PeersDenied  map[string]uint64 // requests and packets by the reason of the policy
	AuthFailures map[string]uint64 // requests by "expired", "realm", "username", "password", "no-allocation"
	NoAllocation map[string]uint64 // Allocate requests refused by "draining", "ports", "family", "even-port", "tcp-relay", "socket"

	ToPeers, FromPeers Traffic // relayed; FromPeers counts also what Pion then drops for want of a permission
}

// Traffic counts datagrams and their payload.
type Traffic struct{ Packets, Bytes uint64 }

type traffic struct{ packets, bytes atomic.Uint64 }

func (t *traffic) add(n int)         { t.packets.Add(1); t.bytes.Add(uint64(n)) }
func (t *traffic) snapshot() Traffic { return Traffic{t.packets.Load(), t.bytes.Load()} }

type authFailure int

const (
	authExpired authFailure = iota
	authRealm
	authUsername
	authPassword
	authNoAllocation // not a failure to authenticate: see allocated
	authFailures     // how many there are
)

func (f authFailure) String() string {
	return [...]string{"expired", "realm", "username", "password", "no-allocation"}[f]
}

type allocFailure int

const (
	allocDraining allocFailure = iota
	allocPorts
	allocFamily
	allocEvenPort
	allocTCP
	allocSocket
	allocFailures
)

func (f allocFailure) String() string {
	return [...]string{"draining", "ports", "family", "even-port", "tcp-relay", "socket"}[f]
}

// counters are written by every goroutine of the server.
type counters struct {
	allocations, tcpTotal, tcpRefused atomic.Uint64
	badStreams, oversized, readErrors atomic.Uint64
	toPeers, fromPeers                traffic
	peers                             [reasons]atomic.Uint64
	auth                              [authFailures]atomic.Uint64
	alloc                             [allocFailures]atomic.Uint64
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
	return Stats{
		Allocations:      s.relays.count(),
		AllocationsTotal: c.allocations.Load(),
		TCPConns:         s.conns.count(),
		TCPConnsTotal:    c.tcpTotal.Load(),
		TCPRefused:       c.tcpRefused.Load(),
		BadStreams:       c.badStreams.Load(),
		Oversized:        c.oversized.Load(),
		ReadErrors:       c.readErrors.Load(),
		PeersDenied:      byName(c.peers[:], func(i int) string { return reason(i).String() }),
		AuthFailures:     byName(c.auth[:], func(i int) string { return authFailure(i).String() }),
		NoAllocation:     byName(c.alloc[:], func(i int) string { return allocFailure(i).String() }),
		ToPeers:          c.toPeers.snapshot(),
		FromPeers:        c.fromPeers.snapshot(),
	}
}
