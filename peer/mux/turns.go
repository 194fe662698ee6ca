package mux

import (
	"context"
	"slices"
	"sync"
)

// turns is a lock that is given in the order in which it was asked for, and whose wait a context ends. sync.Mutex has neither:
// whoever runs takes it again at once, and a long transfer would starve the others.
type turns struct {
	mu      sync.Mutex
	held    bool
	waiting []*ticket
	spare   []*ticket // to be used again
}

type ticket struct {
	turn chan struct{} // holds a token once it is the ticket's turn
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
	i := slices.Index(t.waiting, mine)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 { // it came at the same moment
		<-mine.turn
		t.give()
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
	if len(t.waiting) == 0 {
		t.waiting, t.held = nil, false
		return
	}
	next := t.waiting[0]
	t.waiting[0] = nil
	t.waiting = t.waiting[1:]
	next.turn <- struct{}{} // which has room
}
