package mux

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Somebody else's large message has the turn, and gives up while it writes what waited before it: that leaves all the same, and so does what has
// come to wait meanwhile.
func TestGivingUpBeforeOthersBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := make(chan struct{}, 1000)
		free := func(n int) {
			for range n {
				full <- struct{}{}
			}
		}
		w := newWorld(t, network{full: full})
		free(100)
		cut := w.connect()
		defer cut()
		defer w.close()
		x, got := w.open(Options{})
		y := x
		for y == x || y.lane != x.lane {
			y, _ = w.open(Options{})
		}
		synctest.Wait()
		for len(full) > 0 {
			<-full
		}
		say := func(i int) {
			if err := x.Send(t.Context(), fmt.Append(nil, i), true); err != nil {
				t.Fatal(err)
			}
		}
		free(1)
		say(0) // alone
		say(1) // which the link's writer has
		synctest.Wait()
		say(2)
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error, 1)
		go func() { gaveUp <- y.Send(ctx, make([]byte, 2*maxSmall), false) }()
		synctest.Wait()
		free(1) // for 1: the turn is y's now, and 2 goes before it
		synctest.Wait()
		say(3)
		cancel()
		if err := <-gaveUp; code(err) != "aborted" {
			t.Fatal(err)
		}
		free(100)
		for i := range 4 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			data, _, err := got.Recv(ctx)
			cancel()
			if err != nil || string(data) != fmt.Sprint(i) {
				t.Fatalf("message %d: %q, %v", i, data, err)
			}
		}
	})
}
