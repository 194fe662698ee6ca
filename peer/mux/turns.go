package mux

import (
	"context"
	"sync"
)

// turns is a lock that is given in the order in which it was asked for, and whose wait a context ends. sync.Mutex has neither:
// whoever runs takes it again at once, and a long transfer would starve the others.
type turns struct {
	mu      sync.Mutex
	held    bool
	waiting []*ticket // some of which may have left
	spare   []*ticket // to be used again
}

type ticket struct {
	turn chan struct{} // holds a token once it is the ticket's turn
	left bool          // guarded by turns.mu
}

// take waits for the turn. When ctx or end is done first it returns false, and there is no turn to give back.
func (t *turns) take(ctx, end context.Context) bool {
	t.mu.Lock()
	if !t.held {
		t.held = true
		t.mu.Unlock()
		return true
	}
	mine := t.ticket()
	t.waiting = append(t.waiting, mine)
	t.mu.Unlock()
	select {
	case <-mine.turn:
		t.mu.Lock()
		t.spare = append(t.spare, mine)
		t.mu.Unlock()
		return true
	case <-ctx.Done():
	case <-end.Done():
	}
	t.mu.Lock()
	mine.left = true
	t.mu.Unlock()
	select {
	case <-mine.turn: // it came at the same moment
		t.give()
	default:
	}
	return false
}

func (t *turns) ticket() *ticket {
	n := len(t.spare)
	if n == 0 {
		return &ticket{turn: make(chan struct{}, 1)}
	}
	last := t.spare[n-1]
	t.spare = t.spare[:n-1]
	return last
}

// give passes the turn on.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.waiting) > 0 {
		next := t.waiting[0]
		t.waiting[0] = nil
		t.waiting = t.waiting[1:]
		if !next.left {
			next.turn <- struct{}{}
			return
		}
	}
	t.waiting, t.held = nil, false
}
