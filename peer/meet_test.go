package peer_test

import (
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
)

func TestTwoMeet(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		here, there := channel(t, a, b, nil)
		must(t, here.SendText(within(t), "hello"))
		data, text, err := there.Recv(within(t))
		must(t, err)
		if string(data) != "hello" || !text {
			t.Fatalf("got %q, text %v", data, text)
		}
	})
}
