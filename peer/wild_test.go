package peer_test

import (
	"math"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// No duration that a server can say ends the program: those whose nanoseconds are more than a number holds are bounded.
func TestWildDurations(t *testing.T) {
	for name, welcome := range map[string]protocol.Welcome{
		"longest interval": {Heartbeat: protocol.Heartbeat{Interval: math.MaxInt64}},
		"long interval":    {Heartbeat: protocol.Heartbeat{Interval: 9_223_372_036_855}},
		"past interval":    {Heartbeat: protocol.Heartbeat{Interval: -1}},
		"longest timeout":  {Heartbeat: protocol.Heartbeat{Timeout: math.MaxInt64}},
		"past timeout":     {Heartbeat: protocol.Heartbeat{Timeout: math.MinInt64}},
		"longest grace":    {Grace: math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			scripted(t, func(ws *websocket.Conn) {
				ws.ReadMessage()
				welcome.Version, welcome.Peer = protocol.Version, "me"
				say(ws, welcome)
				ws.ReadMessage()
				say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 1, Members: []protocol.Member{self}})
				drain(ws)
			}, func(t *testing.T, join func() (*peer.Room, error)) {
				room, err := join()
				must(t, err)
				time.Sleep(10 * time.Second)
				if s := room.State(); s != peer.RoomJoined {
					t.Errorf("the room is %q", s)
				}
				must(t, room.Close())
			})
		})
	}
}
