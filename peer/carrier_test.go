package peer_test

import (
	"net/http"
	"strings"
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
			return peer.Join(within(t), "ws://beckon.test", "tea", &peer.Config{Dial: l.DialContext, CloseTimeout: time.Second})
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
		Heartbeat: protocol.Heartbeat{Interval: 1000, Timeout: 2500}, Limits: protocol.Limits{Rate: 10, Burst: 10, Window: 16}})
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

// A server that says nothing more, over a connection that stands, is noticed by its silence, and another connection is made.
func TestASilentServer(t *testing.T) {
	scripted(t, inTurn(
		func(ws *websocket.Conn) { admit(ws); drain(ws) },
		func(ws *websocket.Conn) { admit(ws); frames(ws, func(protocol.Type, []byte) {}) },
	), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		if room.State() != peer.RoomJoined {
			t.Fatalf("the room is %q", room.State())
		}
		becomes(t, room, peer.RoomReconnecting)
		becomes(t, room, peer.RoomJoined)
		time.Sleep(time.Minute)
		if room.State() != peer.RoomJoined || room.ID() != "me" {
			t.Fatalf("the room of %q is %q", room.ID(), room.State())
		}
	})
}

// WebSocket pings are enough to break the silence, which is what a server sends to a client that says nothing.
func TestWebSocketPingsBreakTheSilence(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		admit(ws)
		for range 20 {
			time.Sleep(time.Second)
			ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
		drain(ws)
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		time.Sleep(20 * time.Second)
		if room.State() != peer.RoomJoined {
			t.Fatal("the connection was given up although the server pinged")
		}
		becomes(t, room, peer.RoomReconnecting)
	})
}

func TestCloseCodes(t *testing.T) {
	for code, want := range map[protocol.CloseCode]struct{ joining, joined protocol.ErrorCode }{
		protocol.CloseUnauthorized:       {protocol.CodeUnauthorized, protocol.CodeUnauthorized},
		protocol.CloseUnsupportedVersion: {protocol.CodeUnsupported, protocol.CodeUnsupported},
		protocol.CloseReplaced:           {protocol.CodeConnectFailed, protocol.CodeConnectionLost},
		protocol.CloseNormal:             {protocol.CodeConnectFailed, protocol.CodeConnectionLost},
		4987:                             {protocol.CodeConnectFailed, protocol.CodeConnectionLost},
		protocol.CloseGoingAway:          {protocol.CodeConnectFailed, ""}, // connect again
		4321:                             {protocol.CodeConnectFailed, ""},
	} {
		t.Run(code.Name(), func(t *testing.T) {
			hangUp := func(ws *websocket.Conn) {
				ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(code), code.Name()), time.Now().Add(time.Second))
				drain(ws)
			}
			t.Run("joining", func(t *testing.T) {
				scripted(t, hangUp, func(t *testing.T, join func() (*peer.Room, error)) {
					_, err := join()
					wantCode(t, err, want.joining)
					if !strings.Contains(err.Error(), code.Name()) {
						t.Errorf("%v does not name the close code", err)
					}
				})
			})
			t.Run("joined", func(t *testing.T) {
				scripted(t, inTurn(
					func(ws *websocket.Conn) { admit(ws); hangUp(ws) },
					func(ws *websocket.Conn) { admit(ws); drain(ws) },
				), func(t *testing.T, join func() (*peer.Room, error)) {
					room, err := join()
					must(t, err)
					defer room.Close()
					becomes(t, room, peer.RoomReconnecting)
					if want.joined == "" {
						becomes(t, room, peer.RoomJoined)
						return
					}
					ended(t, room.Context(), want.joined)
					if room.State() != peer.RoomClosed {
						t.Errorf("the room is %q", room.State())
					}
					_, err = room.Recv(within(t))
					wantCode(t, err, want.joined)
					_, err = room.Accept(within(t))
					wantCode(t, err, want.joined)
					wantCode(t, room.Send(within(t), 1), want.joined)
					_, err = room.Connect(within(t), "x")
					wantCode(t, err, want.joined)
				})
			})
		})
	}
}

// What a server must not send ends nothing but what it has to: unknown types and malformed frames are left out.
func TestOddFrames(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		admit(ws)
		for _, frame := range []string{`{}`, `nonsense`, `{"type":"later"}`, `{"type":"event","room":"tea"}`, `{"type":"signal","n":1}`,
			`{"type":"ice","iceServers":[{"urls":["stun:x"]}]}`} {
			ws.WriteMessage(websocket.TextMessage, []byte(frame))
		}
		say(ws, protocol.Event{Room: "tea", Kind: protocol.EventJoined, Position: 2, Peer: "p",
			Member: &protocol.Member{Peer: "p", Instance: "00000000000000bb", Joined: 2}})
		ws.WriteMessage(websocket.BinaryMessage, []byte{1})
		drain(ws)
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		next(t, room, peer.EventJoined)
		ended(t, room.Context(), protocol.CodeBadFrame)
	})
}

// Close does not wait for ever for a server that does not answer the goodbye.
func TestCloseWithoutAnAnswer(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) { admit(ws); drain(ws) }, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		must(t, room.Close())
		must(t, room.Close())
		ended(t, room.Context(), protocol.CodeClosed)
	})
}

// A gap in the log: the peers are those of the snapshot, and the app is told.
func TestAGapIsSeen(t *testing.T) {
	old := protocol.Member{Peer: "old", Instance: "00000000000000b1", Joined: 2}
	stays := protocol.Member{Peer: "stays", Instance: "00000000000000b2", Joined: 3}
	fresh := protocol.Member{Peer: "fresh", Instance: "00000000000000b3", Joined: 9}
	scripted(t, func(ws *websocket.Conn) {
		admit(ws)
		for _, m := range []protocol.Member{old, stays} {
			say(ws, protocol.Event{Room: "tea", Kind: protocol.EventJoined, Position: m.Joined, Peer: m.Peer, Member: &m})
		}
		changed := stays
		changed.Away, changed.Attributes = true, []byte(`{"x":1}`)
		say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 20, Topology: protocol.TopologyNone, Gap: true,
			Members: []protocol.Member{self, changed, fresh}})
		drain(ws)
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		for _, kind := range []peer.EventKind{peer.EventJoined, peer.EventJoined, peer.EventGap, peer.EventLeft,
			peer.EventUpdated, peer.EventAway, peer.EventJoined} {
			next(t, room, kind)
		}
		peers := room.Peers()
		if len(peers) != 2 || peers[0].ID() != "stays" || !peers[0].Away() || peers[1].ID() != "fresh" {
			t.Fatalf("the room has %v", peers)
		}
	})
}

// What the hello says decides who offers, and how channels are closed.
func TestHello(t *testing.T) {
	said := make(chan []byte, 1)
	scripted(t, func(ws *websocket.Conn) {
		_, frame, _ := ws.ReadMessage()
		said <- frame
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		_, err := join()
		wantCode(t, err, protocol.CodeConnectFailed)
		hello, err := protocol.Decode[protocol.Hello](<-said)
		must(t, err)
		if hello.Capabilities[protocol.CapabilityRollback] || !hello.Capabilities["askToClose"] || !protocol.ValidInstance(hello.Instance) {
			t.Fatalf("said %+v", hello)
		}
	})
}

// The server learns how far the log has come here: every few events, and with each heartbeat. And its pings are answered.
func TestAcknowledgements(t *testing.T) {
	var acked, beaten, ponged uint64
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, guest)
		for n := range uint64(20) {
			say(ws, protocol.Event{Room: "tea", Kind: protocol.EventMessage, Position: 2 + n, Peer: guest.Peer, Instance: guest.Instance,
				N: 1 + n, Data: []byte(`1`)})
		}
		say(ws, protocol.Ping{T: 7})
		frames(ws, func(kind protocol.Type, frame []byte) {
			switch kind {
			case protocol.TypeAck:
				ack, _ := protocol.Decode[protocol.Ack](frame)
				acked = ack.Position
			case protocol.TypePing:
				ping, _ := protocol.Decode[protocol.Ping](frame)
				beaten = ping.Acks["tea"]
			case protocol.TypePong:
				pong, _ := protocol.Decode[protocol.Pong](frame)
				ponged = pong.T
			}
		})
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		time.Sleep(1500 * time.Millisecond)
		must(t, room.Close())
		synctest.Wait()
		if acked < 17 || beaten != 21 || ponged != 7 {
			t.Fatalf("acknowledged %d and then %d, answered ping %d", acked, beaten, ponged)
		}
	})
}

// Who left because it did not come back has been lost, and who said goodbye has not: what depends on the peer can tell.
func TestHowAPeerLeft(t *testing.T) {
	for reason, code := range map[protocol.LeftReason]protocol.ErrorCode{
		protocol.LeftBye:     protocol.CodeClosed,
		protocol.LeftLeave:   protocol.CodeClosed,
		protocol.LeftTimeout: protocol.CodeConnectionLost,
	} {
		t.Run(string(reason), func(t *testing.T) {
			scripted(t, func(ws *websocket.Conn) {
				admit(ws, protocol.Member{Peer: "bob", Instance: protocol.NewInstance(), Joined: 2})
				say(ws, protocol.Event{Room: "tea", Kind: protocol.EventLeft, Position: 3, Peer: "bob", Reason: reason})
				drain(ws)
			}, func(t *testing.T, join func() (*peer.Room, error)) {
				room, err := join()
				must(t, err)
				defer room.Close()
				e, err := room.Recv(within(t))
				must(t, err)
				if e.Kind != peer.EventLeft || e.Reason != reason {
					t.Fatalf("got event %q (%q)", e.Kind, e.Reason)
				}
				ended(t, e.Peer.Context(), code)
			})
		})
	}
}

// A candidate that comes before the description begins the connection that keeps it.
func TestACandidateComesFirst(t *testing.T) {
	bob := protocol.Member{Peer: "bob", Instance: "0000000000000000", Joined: 2} // the smallest instance: it offers
	scripted(t, func(ws *websocket.Conn) {
		admit(ws, bob)
		say(ws, protocol.Signal{Room: "tea", From: bob.Peer, FromInstance: bob.Instance, To: "me", ToInstance: "00000000000000aa", N: 1,
			Data: []byte(`{"candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}}`)})
		drain(ws)
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		synctest.Wait()
		if got := room.Peer(bob.Peer).State(); got != peer.StateConnecting {
			t.Errorf("the peer is %q, want %q", got, peer.StateConnecting)
		}
	})
}

// Who is told that the server is going away connects elsewhere within the window, and says no goodbye.
func TestTheServerGoesAway(t *testing.T) {
	var last protocol.Type
	scripted(t, inTurn(func(ws *websocket.Conn) {
		admit(ws)
		say(ws, protocol.GoAway{Within: 5000})
		frames(ws, func(kind protocol.Type, _ []byte) { last = kind })
	}, func(ws *websocket.Conn) {
		if join := admit(ws); join.Epoch == "" || join.Position != 1 {
			t.Errorf("joined with %+v", join)
		}
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		start := time.Now()
		becomes(t, room, peer.RoomReconnecting)
		becomes(t, room, peer.RoomJoined)
		moved := time.Since(start)
		synctest.Wait() // for the server that was left
		if moved > 5*time.Second || last == protocol.TypeBye {
			t.Errorf("moved after %v, and said %q last", moved, last)
		}
		must(t, room.Close())
	})
}
