package mux

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who has the turn writes what others have put into the batch, and may give up while it does. What they put there after that is not forgotten, and nothing
// goes ahead of it, the end of the channel neither.
func TestWhatOneWhoGaveUpLeaves(t *testing.T) {
	t.Parallel()
	for _, closes := range []bool{false, true} {
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
			defer free(500)
			var a, b [2*lanes + 1]*Channel
			for i := range a {
				a[i], b[i] = w.open(Options{})
			}
			small, large, impatient := a[0], a[lanes], a[2*lanes] // of one lane
			synctest.Wait()
			for len(full) > 0 {
				<-full
			}
			sent := make(chan error, 2)
			send := func(ctx context.Context, ch *Channel, size int) {
				go func() { sent <- ch.Send(ctx, make([]byte, size), false) }()
				synctest.Wait()
			}
			post := func(text string) {
				t.Helper()
				if err := small.Send(t.Context(), []byte(text), true); err != nil {
					t.Fatal(err)
				}
			}
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			small.lane.batch.last = time.Now() // nothing is alone
			small.link.heard.Store(false)
			send(t.Context(), large, 10_000)
			send(ctx, impatient, 10_000)
			post("first")
			synctest.Wait() // the writer is behind both
			free(1)
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // the impatient one has the batch with the first message in the air
			post("second")
			if closes {
				small.Close("done")
			}
			giveUp()
			if err := <-sent; code(err) != "aborted" {
				t.Fatal(err)
			}
			free(100)
			for _, want := range []string{"first", "second"} {
				if got, _, err := b[0].Recv(t.Context()); string(got) != want {
					t.Fatalf("%q, %v in place of %q", got, err, want)
				}
			}
			if closes {
				if _, _, err := b[0].Recv(t.Context()); code(err) != "closed" || !strings.Contains(err.Error(), "done") {
					t.Error(err)
				}
			}
			select {
			case err := <-w.side[1].failed:
				t.Error(err)
			default:
			}
		})
	}
}
