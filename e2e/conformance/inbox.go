package conformance

import (
	"context"
	"sync"
)

// inbox hands out what comes, by its name: several things that were begun one after the other may come in another order.
type inbox[T any] struct {
	next   func(context.Context) (T, error)
	name   func(T) string
	taking chan struct{} // holds a token while somebody waits for the next one

	mu      sync.Mutex
	waiting map[string][]T // guarded by mu
	more    chan struct{}  // closed, and replaced, when something was put into waiting; guarded by mu
}

func newInbox[T any](next func(context.Context) (T, error), name func(T) string) *inbox[T] {
	return &inbox[T]{
		next: next, name: name, taking: make(chan struct{}, 1),
		waiting: make(map[string][]T), more: make(chan struct{}),
	}
}

// take returns the next one of that name.
func (b *inbox[T]) take(ctx context.Context, name string) (one T, err error) {
	for {
		b.mu.Lock()
		more := b.more
		if list := b.waiting[name]; len(list) > 0 {
			b.waiting[name] = list[1:]
			b.mu.Unlock()
			return list[0], nil
		}
		b.mu.Unlock()
		select {
		case <-more:
		case b.taking <- struct{}{}:
			came, err := b.next(ctx)
			if err == nil {
				b.put(came)
			}
			<-b.taking
			if err != nil {
				return one, err
			}
		}
	}
}

func (b *inbox[T]) put(came T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := b.name(came)
	b.waiting[name] = append(b.waiting[name], came)
	close(b.more)
	b.more = make(chan struct{})
}
