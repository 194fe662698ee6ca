package peer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// sayOnTrunk opens a channel on the first trunk of the side that offers, and has a message come on it.
func (w *two) sayOnTrunk(t *testing.T) {
	t.Helper()
	ch, err := w.offerer.openedMux(t.Context(), "x", ChannelOptions{})
	if err == nil {
		err = ch.SendText(t.Context(), "hello")
	}
	if err != nil {
		t.Fatal(err)
	}
	come, err := w.answerer.junction.accept(t.Context(), w.answerer.ctx)
	if err == nil {
		_, _, err = come.Recv(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Who says something on a channel is there, and needs not be asked.
func TestATrunkIsHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t, true)
		w.exchange(t)
		time.Sleep(100 * time.Millisecond)
		before := w.answerer.heardAt.Load()
		w.sayOnTrunk(t)
		if w.answerer.heardAt.Load() == before {
			t.Error("it was not heard")
		}
	})
}

// A trunk lasts for as long as its connection: one that is closed is the loss of all that goes on it.
// In real time: Pion waits for an association's end with a lock held that its own goroutine wants, and in a bubble that stops the clock.
func TestATrunkThatIsClosed(t *testing.T) {
	t.Parallel()
	w := newTwo(t, true)
	w.exchange(t)
	w.sayOnTrunk(t)
	w.offerer.mu.Lock()
	for _, ch := range w.offerer.channels {
		if ch.trunk {
			ch.raw.Close()
		}
	}
	w.offerer.mu.Unlock()
	<-w.answerer.ctx.Done()
	if code := Code(context.Cause(w.answerer.ctx)); code != protocol.CodeConnectionLost {
		t.Errorf("it ended with %q", code)
	}
}
