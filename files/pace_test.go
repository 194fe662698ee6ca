package files

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A pace lets through what it says, whoever asks for it and in whatever pieces, and holds nobody who gives up.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{3, 1000, 800_000, 50 << 20} {
		synctest.Test(t, func(t *testing.T) {
			pace, began := newPace(limit), time.Now()
			var passed int64
			for _, n := range []int64{1, 2 * limit, limit, 0, limit / 3} {
				must(t, keepTo(t.Context(), pace, int(n)))
				passed += n
			}
			// What may pass at once was there at the beginning.
			ideal := time.Duration(float64(passed-int64(pace.Burst())) / float64(limit) * float64(time.Second))
			if took := time.Since(began); took < ideal-time.Millisecond || took > ideal+time.Millisecond {
				t.Errorf("%d bytes at %d a second take %v, want %v", passed, limit, took, ideal)
			}
			gone := errors.New("gone")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(gone) })
			if err := keepTo(ctx, pace, int(5*limit)); err != gone {
				t.Errorf("who gives up gets %v", err)
			}
		})
	}
	if pace := newPace(0); pace != nil || keepTo(t.Context(), pace, 1<<30) != nil {
		t.Error("no limit is one")
	}
}

// Who gives up has used nothing up: else one that asks and goes away, again and again, would stop all others.
func TestPaceOfWhoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 1600
		pace := newPace(limit)
		must(t, keepTo(t.Context(), pace, limit)) // what is there at the beginning is gone
		for range 1000 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Microsecond, cancel)
			if err := keepTo(ctx, pace, 100); err != context.Canceled {
				t.Fatal(err)
			}
		}
		began := time.Now()
		must(t, keepTo(t.Context(), pace, limit))
		if took := time.Since(began); took > time.Second {
			t.Errorf("a second's bytes took %v behind those who gave up", took)
		}
	})
}

// Either side can hold a transfer to a rate: as much of it as was there at the time passes, and what comes is whole.
func TestTransferKeepsToALimit(t *testing.T) {
	t.Parallel()
	const size, limit = 400_000, 400_000
	for name, at := range map[string]func(*Bundle, *Target){
		"sender":   func(b *Bundle, _ *Target) { b.Limit = limit },
		"receiver": func(_ *Bundle, to *Target) { to.Limit = limit },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := map[string]string{"film": noise(size - 10<<10), "notes": noise(10 << 10)}
			s := newSending(t, tree)
			to := Target{Dir: t.TempDir()}
			bundle, err := Collect(s.from)
			must(t, err)
			at(bundle, &to)
			sender, err := NewSender(bundle)
			must(t, err)
			s.newest.Store(sender)
			end := offer(t, sender.To(s.to))
			proposal, began := proposed(t, s.sink), time.Now()
			_, receipt, err := receive(t, proposal, to)
			must(t, err)
			// Never faster: that no clock of a busy machine makes untrue.
			if took := time.Since(began); receipt.Received != size || took < (size-maxPiece)*time.Second/limit {
				t.Errorf("%d bytes came in %v", receipt.Received, took)
			}
			if got := <-end; got.err != nil {
				t.Error(got.err)
			}
		})
	}
}
