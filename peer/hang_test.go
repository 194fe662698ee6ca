package peer_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
)

// A server that cannot be reached for longer than an attempt may take, because what is sent to it vanishes, ends no room.
func TestAnAttemptThatHangs(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, secret)
		var attempts int
		config := w.config(none)
		config.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			if attempts++; attempts == 2 || attempts == 3 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return y.dial(ctx, "", "")
		}
		room, err := peer.Join(within(t), "http://beckon.test", "tea", config)
		must(t, err)
		y.cut()
		becomes(t, room, peer.RoomReconnecting)
		time.Sleep(time.Minute)
		becomes(t, room, peer.RoomJoined)
		must(t, room.Close())
	})
}
