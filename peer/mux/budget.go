package mux

import "sync"

// budget bounds what the messages of the other side that are larger than a window take up together. Each is granted as a whole, in the
// order in which they asked.
type budget struct {
	mu      sync.Mutex
	free    uint64
	waiting []*claim
}

// claim is one message's.
type claim struct {
	b    *budget
	ch   *Channel
	size uint64
	// Guarded by budget.mu.
	granted, over bool
}

// ask makes a claim; it is granted when its channel's review finds it so.
func (b *budget) ask(ch *Channel, size uint64) *claim {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &claim{b: b, ch: ch, size: size}
	b.waiting = append(b.waiting, c)
	b.serve()
	return c
}

// serve grants what there is room for and returns whose it is.
func (b *budget) serve() (served []*Channel) {
	for len(b.waiting) > 0 && b.waiting[0].size <= b.free {
		c := b.waiting[0]
		b.waiting = b.waiting[1:]
		c.granted = true
		b.free -= c.size
		served = append(served, c.ch)
	}
	return served
}

func (b *budget) has(c *claim) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return c.granted
}

// giveBack ends a claim, granted or not, and returns the channels whose claims are granted thereby.
func (b *budget) giveBack(c *claim) []*Channel {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.over {
		return nil
	}
	c.over = true
	if c.granted {
		b.free += c.size
	} else {
		for i, w := range b.waiting {
			if w == c {
				b.waiting = append(b.waiting[:i], b.waiting[i+1:]...)
				break
			}
		}
	}
	return b.serve()
}
