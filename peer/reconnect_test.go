package peer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// talker is a member that says a lot, and keeps what it hears.
type talker struct {
	t     *testing.T
	room  *peer.Room
	id    string
	mu    sync.Mutex
	open  int              // calls that have not returned
	said  map[string]int   // how much to whom; "" is the room
	heard map[string][]int // by who said it, and whether to all
}

func newTalker(t *testing.T, room *peer.Room) *talker {
	return &talker{t: t, room: room, id: room.ID(), said: map[string]int{}, heard: map[string][]int{}}
}

// listen keeps what comes until ctx ends. Nobody leaves meanwhile, and nothing is missed.
func (k *talker) listen(ctx context.Context) {
	for {
		e, err := k.room.Recv(ctx)
		if err != nil {
			return
		}
		k.mu.Lock()
		switch e.Kind {
		case peer.EventMessage, peer.EventSignal:
			var n int
			json.Unmarshal(e.Data, &n)
			key := string(e.Kind) + " of " + e.Peer.ID()
			k.heard[key] = append(k.heard[key], n)
		case peer.EventLeft, peer.EventGap:
			k.t.Errorf("%s got %q", k.id, e.Kind)
		}
		if e.Missed > 0 {
			k.t.Errorf("%s missed %d events", k.id, e.Missed)
		}
		k.mu.Unlock()
	}
}

// talk says the next thing to the room and to everybody in it, and does not wait for it to arrive.
func (k *talker) talk() {
	k.say("", func(n int) error { return k.room.Send(context.Background(), n) })
	for _, p := range k.room.Peers() {
		k.say(p.ID(), func(n int) error { return p.Signal(context.Background(), n) })
	}
}

func (k *talker) say(to string, do func(n int) error) {
	k.mu.Lock()
	n := k.said[to]
	k.said[to]++
	k.open++
	k.mu.Unlock()
	go func() {
		if err := do(n); err != nil {
			k.t.Errorf("%s to %q: %v", k.id, to, err)
		}
		k.mu.Lock()
		k.open--
		k.mu.Unlock()
	}()
	synctest.Wait() // for the order
}

// settled wants every call to have returned.
func (k *talker) settled(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open > 0 {
		t.Fatalf("%s, which is %q, waits for %d calls", k.id, k.room.State(), k.open)
	}
}

// check wants all that was said to be heard, once and in order.
func (k *talker) check(by *talker) {
	by.mu.Lock()
	defer by.mu.Unlock()
	for what, want := range map[string]int{"message of " + by.id: by.said[""], "signal of " + by.id: by.said[k.id]} {
		got := k.heard[what]
		if len(got) != want || want == 0 {
			k.t.Errorf("%s heard %d of %d: %s", k.id, len(got), want, what)
		}
		for i, n := range got {
			if n != i {
				k.t.Errorf("%s: %s number %d is %d", k.id, what, i, n)
				break
			}
		}
	}
}

// Connections are cut, go black, and servers die, all with messages in flight: each arrives once and in order, each call succeeds,
// and nobody is said to have left.
func TestNothingIsLost(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		y := newWay(w, secret)
		var all []*talker
		var listening sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		for range 3 {
			k := newTalker(t, y.join(none))
			all = append(all, k)
			listening.Go(func() { k.listen(ctx) })
		}
		synctest.Wait()
		for round := range 40 {
			for range 3 {
				for _, k := range all {
					k.talk()
				}
			}
			time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
			switch round % 4 {
			case 0:
				y.cut()
			case 1:
				y.kill()
				time.Sleep(time.Duration(rng.IntN(500)) * time.Millisecond)
				y.start(secret)
			case 2:
				if round%8 == 2 {
					y.blacken()
				}
			}
			time.Sleep(time.Duration(rng.IntN(8000)) * time.Millisecond)
		}
		time.Sleep(10 * time.Minute) // until all have arrived, and what has its place in the log has been read
		for _, k := range all {
			k.settled(t)
			if k.room.ID() != k.id {
				t.Errorf("%s is %s now", k.id, k.room.ID())
			}
		}
		stop()
		listening.Wait()
		for _, k := range all {
			for _, by := range all {
				if k != by {
					k.check(by)
				}
			}
		}
	})
}

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

// The server says when it makes sense to come again: by an error, and by a header.
func TestRetryAfter(t *testing.T) {
	var came []time.Time
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		came = append(came, time.Now())
		say(ws, protocol.ErrorReply{ID: 2, Code: protocol.CodeRateLimited, RetryAfter: 7000})
		drain(ws)
	}, func(ws *websocket.Conn) {
		came = append(came, time.Now())
		admit(ws)
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		becomes(t, room, peer.RoomReconnecting)
		becomes(t, room, peer.RoomJoined)
		if waited := came[1].Sub(came[0]); waited < 7*time.Second {
			t.Fatalf("waited %v", waited)
		}
	})
}

// A refusal by name ends the room: it would be repeated.
func TestARefusedRejoining(t *testing.T) {
	scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		say(ws, protocol.ErrorReply{ID: 2, Code: protocol.CodeForbidden, Message: "not any more"})
		drain(ws)
	}), func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		defer room.Close()
		ended(t, room.Context(), protocol.CodeForbidden)
	})
}

// A server that lets everybody in and fails at once is not asked more and more often, nor is one that does not answer.
func TestNoServerIsHammered(t *testing.T) {
	for name, script := range map[string]func(ws *websocket.Conn){
		"failing": func(ws *websocket.Conn) { admit(ws) },
		"silent":  drain,
	} {
		t.Run(name, func(t *testing.T) {
			var made []time.Time
			scripted(t, inTurn(func(ws *websocket.Conn) { admit(ws) }, func(ws *websocket.Conn) {
				made = append(made, time.Now())
				script(ws)
			}), func(t *testing.T, join func() (*peer.Room, error)) {
				room, err := join()
				must(t, err)
				defer room.Close()
				time.Sleep(time.Hour)
				synctest.Wait()
				// With 15 s on average between two there are about 240, and eight or so in the first minute.
				if n := len(made); n < 100 || n > 400 {
					t.Fatal(fmt.Sprint(n, " attempts in an hour"))
				}
			})
		})
	}
}
