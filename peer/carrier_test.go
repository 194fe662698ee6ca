package peer_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

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
		protocol.CloseTooManyPeers:       {protocol.CodeTooManyPeers, protocol.CodeTooManyPeers},
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
