package edge

import (
	"net/netip"
	"sync"
)

// open counts connections by client, from when it is known until they are closed. All methods may be called at any time.
type open struct {
	mu sync.Mutex
	by map[netip.Prefix]int // guarded by mu
}

// enter counts a connection unless max are. The client must be valid.
func (o *open) enter(client netip.Prefix, max int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by[client] >= max {
		return false
	}
	if o.by == nil {
		o.by = map[netip.Prefix]int{}
	}
	o.by[client]++
	return true
}

// leave is the opposite of enter.
func (o *open) leave(client netip.Prefix) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by[client]--; o.by[client] == 0 {
		delete(o.by, client)
	}
}

// ending is called back when its connection is closed, which may be more than once and from several goroutines.
type ending struct {
	once sync.Once
	tell func() // set before the connection is anybody else's; nil: nobody wants to know
}

func (e *ending) onClose(tell func()) { e.tell = tell }

func (e *ending) closed() {
	if e.tell != nil {
		e.once.Do(e.tell)
	}
}
