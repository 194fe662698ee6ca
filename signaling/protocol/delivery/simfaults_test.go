package delivery

import (
	"fmt"
	"math/rand/v2"
	"time"
)

func newWorld(seed uint64, broken mutation) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 0)), mutate: broken}
	w.oracle = newOracle(w)
	w.server = newSimServer(w)
	return w
}

// every does something again and again, at random distances, until a moment.
func (w *world) every(until, low, high time.Duration, do func()) {
	w.after(w.between(low, high), func() {
		if w.now < until {
			do()
			w.every(until, low, high, do)
		}
	})
}

// kill ends the server with everything that it knows and everything in flight. Another comes.
func (w *world) kill() {
	if w.server == nil {
		return
	}
	w.tally.kills++
	for _, c := range w.clients {
		if w.oracle.of(c).pending > 0 {
			w.tally.inFlight++
			break
		}
	}
	w.server = nil
	for _, c := range w.clients {
		if c.wire != nil {
			w.oracle.gone(c)
			c.wire.cut()
		}
	}
	w.after(w.between(10*time.Millisecond, 2*time.Second), func() { w.server = newSimServer(w) })
}

// cut ends one connection.
func (w *world) cut() {
	if c := w.pick(); c.wire != nil && !c.wire.dead {
		w.tally.cuts++
		w.oracle.gone(c)
		c.wire.cut()
	}
}

// hole makes one connection lose everything without anybody's knowledge.
func (w *world) hole() {
	if c := w.pick(); c.wire != nil && !c.wire.dead {
		w.tally.holes++
		w.oracle.gone(c)
		c.wire.hole = true
	}
}

// reload replaces a client by a new instance, under the same peer id or another.
func (w *world) reload() {
	c := w.pick()
	w.tally.reloads++
	c.leave()
	peer := c.peer
	if w.chance(0.5) {
		peer = fmt.Sprintf("p%d", w.born)
	}
	w.newClient(peer)
}
