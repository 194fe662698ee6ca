package mux

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// maxWaiting is how many channels may have something to say. Only of one side that floods and does not read can it be so many: the other's
// channels that are refused, or closed, are still here until their answer is written.
const maxWaiting = 16 * maxOpen

// controls is which channels of a link have control frames to send, or messages that nobody waits with. A channel has each kind of frame at
// most once: of several grants or acknowledgements the newest says all.
type controls struct {
	mu      sync.Mutex
	listed  map[*Channel]bool
	waiting []*Channel
	some    atomic.Bool // waiting is not empty
	aged    []*Channel  // those with MaxQueueAge that have messages, in turn
	batches []*trunk    // those on which frames wait
	running bool        // Link.write does
	stopped bool
	flooded bool
	wg      sync.WaitGroup
}

// spawn runs do in a goroutine that Detach waits for; it returns false when the link is over.
func (c *controls) spawn(do func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return false
	}
	c.wg.Go(do)
	return true
}

func (c *controls) stop() {
	c.mu.Lock()
	c.stopped = true
	c.listed, c.waiting, c.aged, c.batches = nil, nil, nil, nil
	c.mu.Unlock()
	c.wg.Wait()
}

// add lists a channel that has control frames to send.
func (c *controls) add(l *Link, ch *Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || c.listed[ch] {
		return
	}
	if len(c.waiting) >= maxWaiting {
		if !c.flooded {
			c.flooded = true
			c.wg.Go(func() { // a channel's mutex is held here
				l.fail(protocol.Errorf(protocol.CodeOverflow, "the other side asks for answers and does not take them"))
			})
		}
		return
	}
	if c.listed == nil {
		c.listed = map[*Channel]bool{}
	}
	c.listed[ch] = true
	c.waiting = append(c.waiting, ch)
	c.some.Store(true)
	c.run(l)
}

// addAged lists a channel that has messages in its queue, and was not listed for that.
func (c *controls) addAged(l *Link, ch *Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped {
		c.aged = append(c.aged, ch)
		c.run(l)
	}
}

// addBatch lists a trunk on which frames wait.
func (c *controls) addBatch(l *Link, t *trunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped && !t.listed {
		t.listed = true
		c.batches = append(c.batches, t)
		c.run(l)
	}
}

func (c *controls) nextBatch() *trunk {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.batches) == 0 {
		return nil
	}
	t := c.batches[0]
	c.batches = slices.Delete(c.batches, 0, 1) // there are eight at most
	t.listed = false
	return t
}

func (c *controls) run(l *Link) {
	if !c.running {
		c.running = true
		c.wg.Go(l.write)
	}
}

// next is the next channel with control frames; nil: none.
func (c *controls) next() *Channel {
	if !c.some.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.waiting = nil
		c.some.Store(false)
		return nil
	}
	ch := c.waiting[0]
	c.waiting[0] = nil
	c.waiting = c.waiting[1:]
	delete(c.listed, ch)
	return ch
}

func (c *controls) nextAged() *Channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.aged) == 0 {
		c.aged = nil
		return nil
	}
	ch := c.aged[0]
	c.aged[0] = nil
	c.aged = c.aged[1:]
	return ch
}

// idle tells the writer that it may end, if there is nothing to do.
func (c *controls) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) > 0 || len(c.aged) > 0 || len(c.batches) > 0 {
		return false
	}
	c.running = false
	return true
}

// write is a goroutine that writes what no caller waits for. There is none while there is nothing.
func (l *Link) write() {
	for !l.queue.idle() {
		if !l.turn.take(l.ctx, l.ctx) {
			return
		}
		err := l.drain(l.ctx)
		if t := l.queue.nextBatch(); err == nil && t != nil {
			if err = t.flush(l.ctx); err != nil {
				err = l.broken(l.ctx, err)
			}
		}
		if err == nil {
			if ch := l.queue.nextAged(); ch != nil {
				var more bool
				if more, err = ch.writeAged(l); more {
					l.queue.addAged(l, ch)
				}
			}
		}
		l.turn.give()
		if err != nil {
			return // and running stays set: the connection is over
		}
	}
}

// drain writes all control frames. The turn is held: so they go before the data of whoever takes it.
func (l *Link) drain(ctx context.Context) error {
	for {
		ch := l.queue.next()
		if ch == nil {
			return nil
		}
		if err := l.flush(ctx, ch); err != nil {
			l.queue.add(l, ch)
			return err
		}
	}
}

// settle waits until all control frames are written.
func (l *Link) settle(ctx context.Context) error {
	if !l.turn.take(ctx, l.ctx) {
		if l.ctx.Err() != nil {
			return nil
		}
		return aborted(ctx)
	}
	defer l.turn.give()
	if err := l.drain(ctx); err != nil && l.ctx.Err() == nil {
		return err
	}
	return nil
}
