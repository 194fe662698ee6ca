package mux

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestTurns: they are given in the order in which they were asked for, to those that still want them.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turn turns
		var order []int
		never := context.Background()
		turn.take(never, never)
		left, leave := context.WithCancel(never)
		for i := range 10 {
			go func() {
				ctx := never
				if i%3 == 0 {
					ctx = left
				}
				if turn.take(ctx, never) != (i%3 != 0) {
					t.Errorf("%d has it, or has not", i)
				} else if i%3 != 0 {
					order = append(order, i)
					turn.give()
				}
			}()
			synctest.Wait()
		}
		leave()
		synctest.Wait()
		turn.give()
		synctest.Wait()
		if len(order) != 6 || order[0] != 1 || order[5] != 8 || turn.held {
			t.Fatalf("in the order %v", order)
		}
		// Leaving at the moment in which it comes loses no turn.
		for range 1000 {
			turn.take(never, never)
			ctx, cancel := context.WithCancel(never)
			done := make(chan bool)
			go func() { done <- turn.take(ctx, never) }()
			go cancel()
			go turn.give()
			if <-done {
				turn.give()
			}
			synctest.Wait()
			if turn.held {
				t.Fatal("the turn is lost")
			}
		}
	})
}
