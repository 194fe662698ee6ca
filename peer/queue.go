package peer

import (
	"context"
	"slices"
	"sync"
)

// queue is a bounded list that one side fills without ever blocking and the other takes from with a context. When it is full,
// the oldest goes and is counted: the newest says more about how things are now.
type queue[T any] struct {
	max int
	// more holds a token while items is not empty.
	more chan struct{}

	mu      sync.Mutex
	items   []T
	dropped int // since the last take that reported it
}

func newQueue[T any](max int) *queue[T] {
	return &queue[T]{max: max, more: make(chan struct{}, 1)}
}

// push appends item and tells whether an older one had to go for it.
func (q *queue[T]) push(item T) (full bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) >= q.max {
		var none T
		q.items[0] = none
		q.items = q.items[1:]
		q.dropped++
		full = true
	}
	q.items = append(q.items, item)
	q.signal()
	return full
}

// offer appends item if there is room for it.
func (q *queue[T]) offer(item T) bool { return q.offerBelow(q.max, item) }

// offerBelow is offer with less room.
func (q *queue[T]) offerBelow(most int, item T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) >= most {
		return false
	}
	q.items = append(q.items, item)
	q.signal()
	return true
}

// take waits for the next item and returns it with the number of items that were dropped before it. When end is done and
// nothing is left it returns that context's cause, when ctx is, an error of CodeAborted.
func (q *queue[T]) take(ctx, end context.Context) (item T, dropped int, err error) {
	for {
		if item, dropped, ok := q.next(); ok {
			return item, dropped, nil
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return item, 0, aborted(ctx)
		case <-end.Done():
			if item, dropped, ok := q.next(); ok {
				return item, dropped, nil
			}
			return item, 0, codedCause(end)
		}
	}
}

func (q *queue[T]) next() (item T, dropped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return item, 0, false
	}
	item, q.items = q.items[0], q.items[1:]
	dropped, q.dropped = q.dropped, 0
	if len(q.items) > 0 {
		q.signal() // another waiter may take the next one
	}
	return item, dropped, true
}

// remove takes out all items that match.
func (q *queue[T]) remove(match func(T) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = slices.DeleteFunc(q.items, match)
}

// some tells whether an item matches.
func (q *queue[T]) some(match func(T) bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.items, match)
}

func (q *queue[T]) signal() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}
