package peer_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// Who was asked for an offer and made none is asked again, by the next Connect: it may have given this side up since.
func TestConnectAsksAgain(t *testing.T) {
	wants := 0
	other := protocol.Member{Peer: "other", Instance: "0000000000000000", Joined: 2} // which offers
	scripted(t, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 2, Topology: protocol.TopologyNone,
			Members: []protocol.Member{self, other}})
		frames(ws, func(kind protocol.Type, frame []byte) {
			if kind != protocol.TypeSignal {
				return
			}
			wants++
			env, _ := protocol.Parse(frame)
			say(ws, protocol.Receipt{Room: "tea", From: other.Peer, FromInstance: other.Instance, To: self.Peer, ToInstance: self.Instance, N: env.N})
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		_, err = room.Connect(within(t), other.Peer)
		wantCode(t, err, protocol.CodeConnectFailed)
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for range 2 { // the second waits for what the first asked for
			go room.Connect(within(t), other.Peer)
			synctest.Wait()
		}
		_, err = room.Connect(short, other.Peer)
		wantCode(t, err, protocol.CodeAborted)
		synctest.Wait()
		if wants != 2 {
			t.Errorf("asked %d times, want 2", wants)
		}
		must(t, room.Close())
	})
}
