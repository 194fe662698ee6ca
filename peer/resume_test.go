package peer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// The resume token that came last is the one that is shown: a connection may outlive the token that it began with.
func TestTheNewestResumeToken(t *testing.T) {
	var second, third protocol.Hello
	scripted(t, inTurn(func(ws *websocket.Conn) {
		admit(ws)
		say(ws, protocol.ICE{Resume: "newer"})
		say(ws, protocol.ICE{}) // without one, the older is still the one to use
	}, func(ws *websocket.Conn) {
		second = greet(ws) // whose welcome brings another
	}, func(ws *websocket.Conn) {
		third = greet(ws)
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		if second.Resume != "newer" || third.Resume != "token" {
			t.Errorf("showed %q and then %q", second.Resume, third.Resume)
		}
		must(t, room.Close())
	})
}
