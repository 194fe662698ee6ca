package peer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Who wants to be asked is asked to reset a channel, and only when it does not, is it reset all the same; who does not want to
// be asked is not.
func TestAskingToClose(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asks, heeds bool
		after       time.Duration // the other side sees the end within a second of that, and not before
	}{
		"asked":   {true, true, 0},
		"ignored": {true, false, askedTimeout},
		"browser": {false, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newTwo(t, c.asks)
				w.exchange(t)
				ended := make(chan struct{})
				if c.heeds {
					ch, err := w.offerer.openRaw(t.Context(), "x", ChannelOptions{Raw: true})
					if err != nil {
						t.Fatal(err)
					}
					context.AfterFunc(ch.ctx, func() { close(ended) })
				} else { // a channel of Pion's that this package does not know
					dc, err := w.offerer.pc.CreateDataChannel("x", nil)
					if err != nil {
						t.Fatal(err)
					}
					dc.OnOpen(func() {
						raw, err := detach(dc)
						if err != nil {
							t.Error(err)
							return
						}
						raw.ReadDataChannel(make([]byte, 1200))
						close(ended)
					})
				}
				ch, _, err := w.answerer.junction.accepted.take(t.Context(), w.answerer.ctx)
				if err != nil {
					t.Fatal(err)
				}
				ch.Close()
				if c.after > 0 {
					select {
					case <-ended:
						t.Error("it was reset, not asked for")
					case <-time.After(c.after - time.Millisecond):
					}
				}
				select {
				case <-ended:
				case <-time.After(time.Second):
					t.Error("the other side does not see it")
				}
			})
		})
	}
}
