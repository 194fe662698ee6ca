package turnserver

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// channels are those that a relay's client has bound, as Pion tells of them. All methods may be called at any time.
type channels struct {
	numbers atomic.Pointer[map[uint16]*channel]         // replaced, never changed; nil is none
	peers   atomic.Pointer[map[netip.AddrPort]*channel] // likewise
	mu      sync.Mutex                                  // held to replace them
}

// channel binds a number to a peer.
type channel struct {
	number uint16
	peer   netip.AddrPort // canonical

	// Of what goes to the peer. Owned by the goroutine that reads the client's listener.
	out     *udpbatch.Lane // from the relay's socket
	into    *relay         // the relay that the peer is, and
	outInto *udpbatch.Lane // from that one's listener to its client

	// Of what comes from the peer. A peer's datagrams come in one goroutine at any time, but not always in the same.
	opened atomic.Bool
}

func (c *channels) number(n uint16) *channel {
	if m := c.numbers.Load(); m != nil {
		return (*m)[n]
	}
	return nil
}

// peer takes a canonical address.
func (c *channels) peer(a netip.AddrPort) *channel {
	if m := c.peers.Load(); m != nil {
		return (*m)[a]
	}
	return nil
}

// more tells how many there would be with number.
func (c *channels) more(number uint16) int {
	m := c.numbers.Load()
	switch {
	case m == nil:
		return 1
	case (*m)[number] != nil:
		return len(*m)
	}
	return len(*m) + 1
}

// put binds a number. The peer is canonical.
func (c *channels) put(number uint16, peer netip.AddrPort) {
	c.change(func(numbers map[uint16]*channel, peers map[netip.AddrPort]*channel) {
		ch := &channel{number: number, peer: peer}
		numbers[number], peers[peer] = ch, ch
	})
}

func (c *channels) remove(number uint16) {
	c.change(func(numbers map[uint16]*channel, peers map[netip.AddrPort]*channel) {
		if ch := numbers[number]; ch != nil {
			delete(numbers, number)
			delete(peers, ch.peer)
		}
	})
}

func (c *channels) change(do func(map[uint16]*channel, map[netip.AddrPort]*channel)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	numbers, peers := map[uint16]*channel{}, map[netip.AddrPort]*channel{}
	if old := c.numbers.Load(); old != nil {
		numbers, peers = maps.Clone(*old), maps.Clone(*c.peers.Load())
	}
	do(numbers, peers)
	c.peers.Store(&peers)
	c.numbers.Store(&numbers)
}

// lane is the way from the relay's socket to the peer.
func (ch *channel) lane(r *relay) *udpbatch.Lane {
	if ch.out == nil {
		ch.out = r.batch.Lane(ch.peer)
	}
	return ch.out
}

// acrossTo is the way to the client of the relay that the peer is. It is not that relay's own lane, which another goroutine uses.
func (ch *channel) acrossTo(own *relay) *udpbatch.Lane {
	if ch.into != own { // another relay has the port by now
		ch.into, ch.outInto = own, own.entry.batch.Lane(own.client)
	}
	return ch.outInto
}

// open says whether what comes from the peer may go straight to the client. It may once Pion is done with all that came before:
// from when the channel was not bound, there may be some of this peer. It then stays open.
func (ch *channel) open(r *relay) bool {
	if ch.opened.Load() {
		return true
	}
	if r.handled.Load() < r.queued.Load() {
		return false
	}
	ch.opened.Store(true)
	return true
}
