package peer

import (
	"context"
	"slices"
	"sync"
)

// inbox holds the requests of a room's peers that nobody has accepted. It is one for all, because whoever accepts may want those of one peer
// or of any.
type inbox struct {
	mu      sync.Mutex
	waiting []*Request    // in the order in which they came
	changed chan struct{} // closed, and made anew, when there are more
}

func newInbox() *inbox { return &inbox{changed: make(chan struct{})} }

// offer appends a request if there is room for it. It never blocks.
func (in *inbox) offer(r *Request) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.clear()
	n := 0
	for _, other := range in.waiting {
		if other.peer == r.peer {
			n++
		}
	}
	if n >= maxRequests {
		return false
	}
	in.waiting = append(in.waiting, r)
	close(in.changed)
	in.changed = make(chan struct{})
	return true
}

// take waits for the next request of a peer, nil for any, until end.
func (in *inbox) take(ctx, end context.Context, of *Peer) (*Request, error) {
	for {
		if ctx.Err() != nil {
			return nil, aborted(ctx)
		}
		r, changed := in.next(of)
		if r != nil {
			return r, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-end.Done():
			return nil, codedCause(end)
		}
	}
}

func (in *inbox) next(of *Peer) (*Request, <-chan struct{}) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.clear()
	for i, r := range in.waiting {
		if of == nil || r.peer == of {
			in.waiting = slices.Delete(in.waiting, i, i+1)
			return r, nil
		}
	}
	return nil, in.changed
}

// sweep forgets those that cannot be answered any more.
func (in *inbox) sweep() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.clear()
}

// clear is sweep for those who hold mu.
func (in *inbox) clear() {
	in.waiting = slices.DeleteFunc(in.waiting, func(r *Request) bool { return r.over() })
}
