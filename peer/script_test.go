package peer_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// scripted runs a test against a server that does what the test says, for what a real one does not do when it is asked to.
func scripted(t *testing.T, script func(ws *websocket.Conn), test func(t *testing.T, join func() (*peer.Room, error))) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen(0)
		upgrader := websocket.Upgrader{Subprotocols: []string{protocol.Version}}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ws, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer ws.Close()
			script(ws)
		})}
		go s.Serve(l)
		defer s.Close()
		defer l.Close()
		test(t, func() (*peer.Room, error) {
			return peer.Join(within(t), "ws://beckon.test", "tea", &peer.Config{
				Dial: l.DialContext, CloseTimeout: time.Second, Carriers: []peer.Carrier{peer.CarrierWebSocket},
			})
		})
	})
}

func say(ws *websocket.Conn, f protocol.Frame) {
	ws.WriteMessage(websocket.TextMessage, protocol.Encode(f))
}

// inTurn serves the first connection with the first script, and so on; the last one serves all that come after.
func inTurn(scripts ...func(ws *websocket.Conn)) func(ws *websocket.Conn) {
	var served atomic.Int32
	return func(ws *websocket.Conn) {
		scripts[min(int(served.Add(1)), len(scripts))-1](ws)
	}
}

// self is who the client is to a scripted server, which does not care for its instance.
var self = protocol.Member{Peer: "me", Instance: "00000000000000aa", Joined: 1}

// greet answers a hello. Whoever has been here before is known.
func greet(ws *websocket.Conn) protocol.Hello {
	_, frame, _ := ws.ReadMessage()
	hello, _ := protocol.Decode[protocol.Hello](frame)
	say(ws, protocol.Welcome{Version: protocol.Version, Peer: "me", Resume: "token", Resumed: hello.Resume != "",
		Heartbeat: protocol.Heartbeat{Interval: 1000, Timeout: 2500}, Limits: protocol.Limits{Rate: 10, Burst: 10, Window: 16, Mesh: 16}})
	return hello
}

// admit does what a server does until a client has joined; others are there already. A client that was here before gets a replay
// of nothing.
func admit(ws *websocket.Conn, others ...protocol.Member) protocol.Join {
	greet(ws)
	_, frame, _ := ws.ReadMessage()
	join, _ := protocol.Decode[protocol.Join](frame)
	joined := protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 1, Topology: protocol.TopologyNone}
	if join.Epoch == joined.Epoch {
		joined.Replay, joined.Position, joined.Until = true, join.Position, join.Position
	} else {
		joined.Members = append(others, self)
	}
	say(ws, joined)
	return join
}

// becomes waits for the room to be in a state, past all other events.
func becomes(t *testing.T, r *peer.Room, want peer.RoomState) {
	t.Helper()
	for {
		e, err := r.Recv(within(t))
		must(t, err)
		if e.Kind == peer.EventState {
			if e.State != want || e.Peer != nil {
				t.Fatalf("the room becomes %q (%v), want %q", e.State, e.Peer, want)
			}
			return
		}
	}
}

// frames reads until the client is gone, answers its pings, and calls got with every other frame's type.
func frames(ws *websocket.Conn, got func(kind protocol.Type, frame []byte)) {
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return
		}
		env, err := protocol.Parse(frame)
		if err == nil && env.Type == protocol.TypePing {
			say(ws, protocol.Pong{})
		}
		got(env.Type, frame)
	}
}

// drain reads until the client is gone, as a server does.
func drain(ws *websocket.Conn) {
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
