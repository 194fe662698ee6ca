package peer_test

import (
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// While the other side cannot be reached over the server either, nothing is given up: neither the way that is lost, nor the
// connection that is to take its place.
func TestNoClockRunsWhileUnreachable(t *testing.T) {
	for name, lost := range map[string]time.Duration{"the way": time.Second, "the connection": 25 * time.Second} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				a, b := w.pair(peer.Config{}, peer.Config{})
				here, _ := channel(t, a, b, nil)
				w.cut()
				reaches(t, a, peer.StateReconnecting)
				reaches(t, b, peer.StateReconnecting)
				time.Sleep(lost)
				peer.SetAway(a, true)
				peer.SetAway(b, true)
				time.Sleep(10 * time.Minute)
				if a.State() != peer.StateReconnecting || b.State() != peer.StateReconnecting {
					t.Fatalf("the peers are %q and %q", a.State(), b.State())
				}
				if alive := here.Context().Err() == nil; alive != (lost < 15*time.Second) {
					t.Fatalf("the channel lives: %v", alive)
				}
				w.heal()
				peer.SetAway(a, false)
				peer.SetAway(b, false)
				reaches(t, a, peer.StateConnected)
				reaches(t, b, peer.StateConnected)
				if here.Context().Err() == nil {
					must(t, here.SendText(within(t), "x"))
				}
				channel(t, b, a, nil)
			})
		})
	}
}

// A connection to somebody who is away begins when it is back.
func TestAConnectionWaitsForItsPeer(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		offerer, answerer := w.met()
		here, there := channel(t, offerer, answerer, nil)
		peer.SetAway(offerer, true)
		must(t, answerer.PeerConnection().GracefulClose())
		ended(t, here.Context(), protocol.CodeConnectionLost)
		ended(t, there.Context(), protocol.CodeConnectionLost)
		time.Sleep(time.Second)
		if pc := offerer.PeerConnection(); pc != nil {
			t.Fatal("a connection was made to somebody who is away")
		}
		peer.SetAway(offerer, false)
		reaches(t, offerer, peer.StateConnected)
		reaches(t, answerer, peer.StateConnected)
	})
}
