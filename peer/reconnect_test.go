package peer_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// A server without the secret does not know anybody: this peer is another one from now on, to itself as to all others.
func TestAnotherSecret(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, signaling.Config{})
		a, b := y.join(none), y.join(none)
		p := next(t, a, peer.EventJoined).Peer
		was, wasB := a.ID(), b.ID()
		y.kill()
		becomes(t, a, peer.RoomReconnecting)
		becomes(t, b, peer.RoomReconnecting)
		said, signalled := make(chan error), make(chan error)
		go func() { said <- a.Send(within(t), 1) }()
		go func() { signalled <- p.Signal(within(t), 1) }()
		synctest.Wait()
		y.start(signaling.Config{})
		wantCode(t, <-said, protocol.CodeConnectionLost)
		wantCode(t, <-signalled, protocol.CodeConnectionLost)
		var events []string
		until(t, a, peer.RoomJoined, func(e peer.Event) { events = append(events, string(e.Kind)) })
		if got := strings.Join(events, " "); got != "gap left" && got != "gap left joined" {
			t.Fatalf("a saw %q", got)
		}
		ended(t, p.Context(), protocol.CodeConnectionLost)
		wantCode(t, p.Signal(within(t), 1), protocol.CodeClosed)
		time.Sleep(time.Minute) // b is back as well
		if a.ID() == was || b.ID() == wasB || len(a.Peers()) != 1 || a.Peer(b.ID()) == nil || b.Peer(a.ID()) == nil {
			t.Fatalf("%s and %s are %s and %s, and a sees %v", was, wasB, a.ID(), b.ID(), a.Peers())
		}
		must(t, a.Send(within(t), 2))
		must(t, a.Peer(b.ID()).Signal(within(t), 3))
		var heard []string
		for len(heard) < 2 {
			e, err := b.Recv(within(t))
			must(t, err)
			if e.Data != nil {
				heard = append(heard, string(e.Data))
			}
		}
		if heard[0] != "2" || heard[1] != "3" {
			t.Fatalf("b heard %v", heard)
		}
	})
}

// A server that goes away in peace hands its clients over: nobody is seen to leave, and the same peers meet at the next one.
func TestTheServerIsReplaced(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, signaling.Config{})
		y.kill()
		old := y.start(secret)
		a, b := y.join(none), y.join(none)
		p := next(t, a, peer.EventJoined).Peer
		ids := a.ID() + b.ID()
		y.start(secret)
		must(t, old.Shutdown(within(t)))
		for _, room := range []*peer.Room{a, b} {
			for _, state := range []peer.RoomState{peer.RoomReconnecting, peer.RoomJoined} {
				until(t, room, state, func(e peer.Event) {
					if e.Kind != peer.EventAway && e.Kind != peer.EventBack {
						t.Errorf("got %q", e.Kind)
					}
				})
			}
		}
		time.Sleep(time.Minute)
		must(t, p.Signal(within(t), "the same"))
		if ids != a.ID()+b.ID() || a.Peer(b.ID()) != p || p.Away() {
			t.Fatalf("%s are %s", ids, a.ID()+b.ID())
		}
	})
}

// Connections over which nothing comes any more are noticed by the silence, and what was in them comes over others.
func TestABlackHole(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, secret)
		a, b := y.join(none), y.join(none)
		p := next(t, a, peer.EventJoined).Peer
		y.blacken()
		must(t, p.Signal(within(t), "through"))
		until(t, b, peer.RoomReconnecting, func(e peer.Event) { t.Errorf("got %q", e.Kind) })
		until(t, b, peer.RoomJoined, func(e peer.Event) {
			if e.Kind == peer.EventLeft || e.Kind == peer.EventGap {
				t.Errorf("got %q", e.Kind)
			}
		})
	})
}

// Close without a connection does not wait for one, whatever the attempt to get one is waiting for.
func TestCloseWhileReconnecting(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		for name, dial := range map[string]func(context.Context) (net.Conn, error){
			"refused": func(context.Context) (net.Conn, error) { return nil, net.ErrClosed },
			"dialling": func(ctx context.Context) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		} {
			y := newWay(w, secret)
			first := true
			config := w.config(none)
			config.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				if first {
					first = false
					return y.dial(ctx, "", "")
				}
				return dial(ctx)
			}
			room, err := peer.Join(within(t), "http://beckon.test", "tea", config)
			must(t, err)
			said := make(chan error)
			y.cut()
			becomes(t, room, peer.RoomReconnecting)
			go func() { said <- room.Send(context.Background(), 1) }()
			time.Sleep(time.Second)
			start := time.Now()
			must(t, room.Close())
			if d := time.Since(start); d != 0 {
				t.Errorf("%s: took %v", name, d)
			}
			wantCode(t, <-said, protocol.CodeClosed)
			if room.State() != peer.RoomClosed {
				t.Errorf("%s: the room is %q", name, room.State())
			}
		}
	})
}

// Close in the midst of a hello says goodbye behind it, so that no member is left that nobody plays.
func TestCloseInAHello(t *testing.T) {
	var second []protocol.Type
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
		frames(ws, func(kind protocol.Type, _ []byte) {
			if second = append(second, kind); kind == protocol.TypeBye {
				ws.Close()
			}
		})
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		time.Sleep(time.Second)
		must(t, room.Close())
		synctest.Wait()
		if len(second) != 2 || second[0] != protocol.TypeHello || second[1] != protocol.TypeBye {
			t.Fatalf("said %v", second)
		}
	})
}

// An update that meets a lost connection is brought by the next join, and those behind it follow.
func TestUpdatesSurvive(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, secret)
		a, b := y.join(none), y.join(none)
		p := next(t, a, peer.EventJoined).Peer
		done := make(chan error, 10)
		for i := range 10 {
			go func() { done <- b.Update(within(t), map[string]int{"i": i}) }()
			synctest.Wait()
			if i == 4 {
				y.kill()
				synctest.Wait()
			}
		}
		y.start(secret)
		for range 10 {
			must(t, <-done)
		}
		time.Sleep(time.Minute)
		if got := string(p.Attributes()); got != `{"i":9}` || a.Peer(b.ID()) != p {
			t.Fatalf("a sees %s", got)
		}
	})
}

// The join that brings an update is all that is said of it.
func TestAnUpdateComesWithTheJoin(t *testing.T) {
	var join protocol.Join
	updates := 0
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws); ws.ReadMessage() }, func(ws *websocket.Conn) {
		join = admit(ws)
		frames(ws, func(kind protocol.Type, _ []byte) {
			if kind == protocol.TypeUpdate {
				updates++
			}
		})
	}), func(t *testing.T, enter func() (*peer.Room, error)) {
		room, err := enter()
		must(t, err)
		must(t, room.Update(within(t), map[string]int{"x": 1}))
		must(t, room.Close())
		synctest.Wait()
		if string(join.Attributes) != `{"x":1}` || updates != 0 {
			t.Errorf("joined with %s, and %d updates", join.Attributes, updates)
		}
	})
}

// Who comes back too late has left and joined anew. The others have ended the connection, so it is made anew.
func TestComingBackTooLate(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, secret)
		gate := make(chan struct{}, 1)
		gate <- struct{}{}
		config := w.config(peer.Config{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case <-gate:
				return y.dial(ctx, "", "")
			default:
				return nil, net.ErrClosed
			}
		}})
		a, err := peer.Join(within(t), "http://beckon.test", "tea", config)
		must(t, err)
		defer a.Close()
		p := newWayTo(w, y, a)
		b := p.room
		y.cut() // a cannot come back, b can
		ended(t, p.ofA.Context(), protocol.CodeConnectionLost)
		gate <- struct{}{}
		q, err := a.Accept(within(t))
		must(t, err)
		if q == p.ofB || q.ID() != b.ID() {
			t.Fatal("the peer that was lost is accepted again")
		}
		<-p.ofB.Context().Done()
		q2, err := b.Accept(within(t))
		must(t, err)
		channel(t, q, q2, nil)
	})
}

// met is a pair of rooms that are connected.
type met struct {
	room     *peer.Room
	ofA, ofB *peer.Peer // b's view of a, and a's of b
}

// newWayTo joins a second peer and connects it with the first.
func newWayTo(w *world, y *way, a *peer.Room) met {
	w.t.Helper()
	b := y.join(peer.Config{})
	ofB, err := a.Accept(within(w.t))
	must(w.t, err)
	ofA, err := b.Accept(within(w.t))
	must(w.t, err)
	return met{b, ofA, ofB}
}

// A peer that was closed stays so when the room reconnects.
func TestAClosedPeerStaysClosed(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, secret)
		a := y.join(peer.Config{})
		pair := newWayTo(w, y, a)
		must(t, pair.ofB.Close())
		y.cut()
		becomes(t, a, peer.RoomReconnecting)
		becomes(t, a, peer.RoomJoined)
		time.Sleep(time.Minute)
		if s := pair.ofB.State(); s != peer.StateClosed || a.Peer(pair.room.ID()) != pair.ofB {
			t.Fatalf("the peer is %q", s)
		}
	})
}

// Who is not known any more begins anew, as another instance: the one before may be in the room still, as away. On the connection
// that was no use it says goodbye.
func TestWhoIsUnknownIsAnother(t *testing.T) {
	var first, last protocol.Hello
	var said []protocol.Type
	scripted(t, inTurn(func(ws *websocket.Conn) {
		_, frame, _ := ws.ReadMessage()
		first, _ = protocol.Decode[protocol.Hello](frame)
		say(ws, protocol.Welcome{Version: protocol.Version, Peer: "me", Resume: "token"})
		ws.ReadMessage()
		say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 1, Members: []protocol.Member{self}})
	}, func(ws *websocket.Conn) {
		ws.ReadMessage()
		say(ws, protocol.Welcome{Version: protocol.Version, Peer: "eve", Resume: "another token"})
		frames(ws, func(kind protocol.Type, _ []byte) {
			said = append(said, kind)
			ws.Close()
		})
	}, func(ws *websocket.Conn) {
		_, frame, _ := ws.ReadMessage()
		last, _ = protocol.Decode[protocol.Hello](frame)
		say(ws, protocol.Welcome{Version: protocol.Version, Peer: "eve"})
		ws.ReadMessage()
		say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e1", Position: 1,
			Members: []protocol.Member{{Peer: "eve", Instance: last.Instance, Joined: 1}}})
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		next(t, room, peer.EventState)
		next(t, room, peer.EventGap)
		becomes(t, room, peer.RoomJoined)
		must(t, room.Close())
		synctest.Wait()
		if first.Instance == last.Instance || last.Resume != "" || room.ID() != "eve" {
			t.Errorf("%s said %+v after %+v", room.ID(), last, first)
		}
		if len(said) != 1 || said[0] != protocol.TypeBye {
			t.Errorf("said %v to the server that did not know it", said)
		}
	})
}

// What is told of the past starts no connections.
func TestAReplayIsOfThePast(t *testing.T) {
	was := protocol.Member{Peer: "was", Instance: "ffffffffffffffff", Joined: 2} // this side offers to it
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 1, Replay: true, Until: 3, Topology: protocol.TopologyMesh})
		say(ws, protocol.Event{Room: "tea", Kind: protocol.EventJoined, Position: 2, Peer: was.Peer, Member: &was})
		say(ws, protocol.Event{Room: "tea", Kind: protocol.EventLeft, Position: 3, Peer: was.Peer, Reason: protocol.LeftBye})
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		next(t, room, peer.EventState)
		p := next(t, room, peer.EventJoined).Peer
		next(t, room, peer.EventLeft)
		next(t, room, peer.EventState)
		if p.PeerConnection() != nil {
			t.Error("there was a connection to who has left long ago")
		}
	})
}
