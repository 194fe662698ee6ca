package turnserver

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
)

// gate applies a Payload to one relay. It knows which peers have passed a check: a Binding request has crossed the relay,
// and its success response, with the same transaction id, the other way, between the client and that very address and
// port, and the response had MESSAGE-INTEGRITY.
//
// Why the request: a client could otherwise send a response out of nothing to a host that never spoke, and call that a
// check. Why the integrity, which nobody here can verify: a STUN or TURN server answers a stranger as well, but without
// it; only an agent to which both passwords were signaled has something to compute it with. Either direction of a check
// counts, because either needs the peer to take part, and because an agent of the lite kind only answers.
//
// All methods may be called at any time: the two directions of a relay are two goroutines. Nothing is allocated for a
// packet, only when a peer passes for the first time.
type gate struct {
	mode   Payload
	seed   maphash.Seed   // who cannot guess it cannot make two transactions look alike
	forgot *atomic.Uint64 // peers that made room, of the whole server

	out, in asked // requests that went to peers, and that came from them

	passed atomic.Pointer[map[netip.AddrPort]*checkedPeer] // replaced, never changed; nil is none
	clock  atomic.Uint64                                   // counts passed checks
	used   atomic.Bool                                     // something else than a check was carried
	mu     sync.Mutex                                      // held to replace passed
}

// checkedPeer is when a peer last passed a check, by gate.clock.
type checkedPeer struct{ last atomic.Uint64 }

const (
	// gatePeers is how many peers of one relay are remembered as having passed. One ICE agent has one relay, so they
	// are the candidates of one peer, and those it moved to. Past it the one whose last check is the oldest makes room
	// (living pairs are checked again every few seconds, RFC 7675), and passes again with its next check.
	gatePeers = 64
	// gateAsked is how many requests are remembered in each direction: those of a long list of candidates, sent in one
	// round trip. Strangers can push out requests from peers, never those of the client.
	gateAsked = 64
)

func newGate(mode Payload, forgot *atomic.Uint64) *gate {
	return &gate{mode: mode, seed: maphash.MakeSeed(), forgot: forgot}
}

// toPeer judges a datagram of the client. peer is canonical.
func (g *gate) toPeer(p []byte, peer netip.AddrPort) verdict { return g.judge(p, peer, &g.out, &g.in) }

// fromPeer judges a datagram for the client. peer is canonical.
func (g *gate) fromPeer(p []byte, peer netip.AddrPort) verdict {
	return g.judge(p, peer, &g.in, &g.out)
}

func (g *gate) judge(p []byte, peer netip.AddrPort, this, other *asked) verdict {
	if g.mode == PayloadAny {
		return carried
	}
	switch classify(p) {
	case kindDTLS:
		return g.onlyChecked(peer)
	case kindMedia:
		if g.mode != PayloadMedia {
			return mediaOff
		}
		return g.onlyChecked(peer)
	case kindSTUN:
		return g.stun(p, peer, this, other)
	}
	return foreign
}

func (g *gate) onlyChecked(peer netip.AddrPort) verdict {
	if !g.checked(peer) {
		return uncheckedPeer
	}
	if !g.used.Load() {
		g.used.Store(true)
	}
	return carried
}

// serves tells whether the relay has carried more than checks, which clients also send where they have a direct way, for as long as they
// keep another one at hand. Where everything is carried, nobody can tell.
func (g *gate) serves() bool { return g.mode == PayloadAny || g.used.Load() }

// checked tells whether a peer has passed. It may be asked instead of judging every packet by who keeps the answer no
// longer than a few packets: a peer that made room for others is out again.
func (g *gate) checked(peer netip.AddrPort) bool {
	passed := g.passed.Load()
	return passed != nil && (*passed)[peer] != nil
}

func (g *gate) stun(p []byte, peer netip.AddrPort, this, other *asked) verdict {
	m, ok := parseSTUN(p)
	if !ok {
		return malformedSTUN
	}
	switch m.method() {
	case methodBinding:
	case methodGoogPing:
		return carried // never the first check of a pair, so nothing to learn
	default:
		return methodSTUN
	}
	switch m.class() {
	case classRequest:
		this.add(g.sum(m, peer))
	case classSuccess:
		if (m.has(attrIntegrity) || m.has(attrIntegritySHA256)) && other.has(g.sum(m, peer)) {
			g.pass(peer)
		}
	}
	return carried
}

// pass remembers a peer.
func (g *gate) pass(peer netip.AddrPort) {
	now := g.clock.Add(1)
	if passed := g.passed.Load(); passed != nil {
		if c := (*passed)[peer]; c != nil {
			c.last.Store(now)
			return
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	next := make(map[netip.AddrPort]*checkedPeer, 1)
	var oldest netip.AddrPort
	if old := g.passed.Load(); old != nil {
		for p, c := range *old {
			next[p] = c
			if o := next[oldest]; o == nil || c.last.Load() < o.last.Load() {
				oldest = p
			}
		}
	}
	if next[peer] == nil { // the other direction may have been here first
		if len(next) >= gatePeers {
			delete(next, oldest)
			g.forgot.Add(1)
		}
		next[peer] = &checkedPeer{}
	}
	next[peer].last.Store(now)
	g.passed.Store(&next)
}

// sum stands for a transaction with a peer: 8 bytes of memory in place of 40, for which it takes 2^32 tries to find two
// that are alike without knowing the seed, and those tries are packets. It is never 0.
func (g *gate) sum(m stunMsg, peer netip.AddrPort) uint64 {
	var b [12 + 16 + 2]byte
	copy(b[:], m.raw[8:20])
	addr := peer.Addr().As16()
	copy(b[12:], addr[:])
	binary.BigEndian.PutUint16(b[28:], peer.Port())
	return maphash.Bytes(g.seed, b[:]) | 1
}

// asked are the latest requests of one direction.
type asked struct {
	sums [gateAsked]atomic.Uint64
	next atomic.Uint32
}

func (a *asked) add(sum uint64) {
	if !a.has(sum) { // a retransmission keeps its place
		a.sums[(a.next.Add(1)-1)%gateAsked].Store(sum)
	}
}

func (a *asked) has(sum uint64) bool {
	for i := range a.sums {
		if a.sums[i].Load() == sum {
			return true
		}
	}
	return false
}
