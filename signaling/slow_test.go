package signaling

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// slowWorld has a network that holds little, so that a client which does not read is felt at once, and no rate limits.
func slowWorld(t *testing.T, l Limits, f func(*testing.T, *world)) {
	t.Helper()
	t.Parallel()
	l.Rate, l.Burst = 1e6, 1e6
	synctest.Test(t, func(t *testing.T) {
		f(t, serve(t, Config{Authorize: AllowAnonymous("*"), Limits: l}, 4096))
	})
}

// slowOver is slowWorld, over each carrier that a network holds frames of.
func slowOver(t *testing.T, l Limits, f func(*testing.T, *world)) {
	t.Helper()
	for _, kind := range []string{"socket", "stream", "events"} {
		t.Run(kind, func(t *testing.T) {
			slowWorld(t, l, func(t *testing.T, w *world) {
				w.kind = kind
				f(t, w)
			})
		})
	}
}

// slowIn is a client in a room that has read its welcome and snapshot, and reads no more until pump runs.
func (w *world) slowIn(room string) *client {
	w.t.Helper()
	c := w.slow()
	read := func() string {
		frame, err := c.link.next()
		if err != nil {
			w.t.Fatal(err)
		}
		return frame
	}
	c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance})
	c.welcome = decode[protocol.Welcome](c, read())
	c.send(protocol.Join{Room: room})
	decode[protocol.Joined](c, read())
	return c
}

func (c *client) shout(n uint64) {
	c.t.Helper()
	c.send(protocol.Message{Room: "tea", N: n, Data: json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`)})
}

func TestASlowReaderCatchesUpAndNobodyNotices(t *testing.T) {
	slowOver(t, Limits{QueueFrames: 16}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		start := time.Now()
		for n := range uint64(400) {
			ada.shout(n + 1)
			if e := ada.event(protocol.EventMessage); e.N != n+1 {
				t.Fatalf("%+v", e)
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("the others waited %v", d)
		}
		go bob.pump()
		for n := range uint64(400) {
			if e := bob.event(protocol.EventMessage); e.N != n+1 || e.Position != n+3 {
				t.Fatalf("%d. is %+v", n, e)
			}
		}
		ada.shout(401) // and then it is like the others again
		if e := bob.event(protocol.EventMessage); e.N != 401 {
			t.Errorf("%+v", e)
		}
		ada.event(protocol.EventMessage)
		ada.quiet()
	})
}

func TestAReaderThatIsTooSlowGetsASnapshot(t *testing.T) {
	slowOver(t, Limits{QueueFrames: 16, RingEvents: 20}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(100) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		go bob.pump()
		position := uint64(2)
		for {
			frame := bob.frame()
			if has(frame, `{"type":"joined"`) {
				if j := decode[protocol.Joined](bob, frame); !j.Gap || j.Replay || j.Position != 102 || len(j.Members) != 2 || j.ID != 0 {
					t.Errorf("%+v", j)
				}
				break
			}
			e := decode[protocol.Event](bob, frame)
			if e.Position != position+1 || e.Position > 100 {
				t.Fatalf("after %d came %d", position, e.Position)
			}
			position = e.Position
		}
		ada.shout(101)
		if e := bob.event(protocol.EventMessage); e.Position != 103 {
			t.Errorf("%+v", e)
		}
		if n := w.s.Stats().Dropped[DropLag]; n != 1 {
			t.Errorf("counted %d", n)
		}
	})
}

// Who joins again while it lags is told from the position that it named: the marker from before says nothing any more.
func TestJoiningAgainWhileBehind(t *testing.T) {
	slowOver(t, Limits{QueueFrames: 16}, func(t *testing.T, w *world) {
		ada, j := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(60) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		bob.send(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 2})
		synctest.Wait()
		ada.shout(61)
		ada.event(protocol.EventMessage)
		go bob.pump()
		old := uint64(2)
		for frame := bob.frame(); ; frame = bob.frame() {
			if has(frame, `{"type":"joined"`) {
				if j := decode[protocol.Joined](bob, frame); !j.Replay || j.Position != 2 {
					t.Errorf("%+v", j)
				}
				break
			}
			if e := decode[protocol.Event](bob, frame); e.Position != old+1 || old > 40 {
				t.Fatalf("after %d came %+v", old, e)
			}
			old++
		}
		for n := range uint64(61) {
			if e := bob.event(protocol.EventMessage); e.N != n+1 {
				t.Fatalf("want %d, got %+v", n+1, e)
			}
		}
		bob.quiet()
	})
}

// Who leaves while it lags still gets its events up to its own left event, and nothing after that.
func TestLeavingWhileBehind(t *testing.T) {
	for name, ring := range map[string]int{"from the ring": 512, "beyond the ring": 3} {
		t.Run(name, func(t *testing.T) {
			slowOver(t, Limits{QueueFrames: 16, RingEvents: ring}, func(t *testing.T, w *world) {
				ada, _ := w.in("tea")
				bob := w.slowIn("tea")
				ada.event(protocol.EventJoined)
				for n := range uint64(60) {
					ada.shout(n + 1)
					ada.event(protocol.EventMessage)
				}
				bob.send(protocol.Leave{Room: "tea"})
				ada.event(protocol.EventLeft)
				for n := range uint64(10) {
					ada.shout(61 + n)
					ada.event(protocol.EventMessage)
				}
				go bob.pump()
				for position := uint64(3); ; position++ {
					e := next[protocol.Event](bob)
					if e.Kind == protocol.EventLeft {
						if e.Position != 63 {
							t.Errorf("%+v", e)
						}
						break
					}
					if e.Position != position {
						t.Fatalf("want position %d, got %+v", position, e)
					}
				}
				bob.quiet()
			})
		})
	}
}

func TestASignalToAFullQueueIsBusy(t *testing.T) {
	slowOver(t, Limits{QueueFrames: 16}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		const all = 300
		refused := map[uint64]bool{}
		for n := range uint64(all) {
			ada.signal("tea", bob, n+1)
			synctest.Wait()
			if len(ada.in) > 0 {
				refused[ada.refused(protocol.CodeBusy).N] = true
			}
		}
		if len(refused) == 0 || len(refused) > all-16 {
			t.Fatalf("%d of %d refused", len(refused), all)
		}
		ada.send(protocol.Receipt{Room: "tea", To: bob.welcome.Peer, ToInstance: bob.instance, N: 1})
		ada.alive() // a receipt is dropped without an error
		go bob.pump()
		for n := range uint64(all) {
			if refused[n+1] {
				continue
			}
			if s := next[protocol.Signal](bob); s.N != n+1 {
				t.Fatalf("want %d, got %+v", n+1, s)
			}
		}
		bob.quiet()
		if n := w.s.Stats().Dropped[DropBusy]; n != uint64(len(refused))+1 {
			t.Errorf("counted %d", n)
		}
		ada.signal("tea", bob, all+1)
		next[protocol.Signal](bob)
	})
}

// Events fill half of a queue at most, so a signal finds room behind them; and it never overtakes those that lag.
func TestASignalStandsBehindTheEventsBeforeIt(t *testing.T) {
	slowOver(t, Limits{QueueFrames: 8}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(50) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		ada.signal("tea", bob, 1)
		ada.alive()
		go bob.pump()
		for n := range uint64(50) {
			if e := bob.event(protocol.EventMessage); e.N != n+1 {
				t.Fatalf("%+v", e)
			}
		}
		next[protocol.Signal](bob)
	})
}

// Who asks and does not read the answers is not read from.
func TestAnswersPauseWhoAsks(t *testing.T) {
	for name, l := range map[string]Limits{"frames": {QueueFrames: 8}, "bytes": {QueueBytes: 8 * 21}} {
		t.Run(name, func(t *testing.T) {
			slowWorld(t, l, func(t *testing.T, w *world) {
				ada, _ := w.in("tea")
				bob := w.slowIn("tea")
				ada.event(protocol.EventJoined)
				const all = 3000
				before := w.s.Stats().FramesIn
				go func() {
					for n := range uint64(all) {
						if bob.ws.WriteMessage(websocket.TextMessage, protocol.Encode(protocol.Ping{T: n + 1})) != nil {
							return
						}
					}
				}()
				synctest.Wait()
				// The network holds 4096 bytes of pongs of at least 21, and the queue 8.
				if read := w.s.Stats().FramesIn - before; read > 4096/21+10 {
					t.Errorf("%d requests were read with nobody reading the answers", read)
				}
				ada.alive()
				ada.quiet()
				go bob.pump()
				for n := range uint64(all) {
					if p := next[protocol.Pong](bob); p.T != n+1 {
						t.Fatalf("%d. is %+v", n, p)
					}
				}
			})
		})
	}
}

// Large frames fill a queue long before there are many.
func TestAQueueIsBoundedInBytes(t *testing.T) {
	slowOver(t, Limits{QueueBytes: 8 << 10}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		data := json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`)
		for n := range uint64(100) {
			ada.send(protocol.Signal{Room: "tea", To: bob.welcome.Peer, ToInstance: bob.instance, N: n + 1, Data: data})
		}
		synctest.Wait()
		// The network holds four, the queue eight, and one is being written.
		if busy := len(ada.in); busy < 100-4-8-1 || busy > 100-8 {
			t.Errorf("%d of 100 refused", busy)
		}
	})
}

// Not being read from for what others say is no reason to end, but a write that stands still for its deadline is.
func TestAReaderThatStandsStillIsAway(t *testing.T) {
	slowOver(t, Limits{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		w.slowIn("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(10) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		time.Sleep(9 * time.Second)
		ada.quiet()
		time.Sleep(2 * time.Second)
		ada.event(protocol.EventAway)
		synctest.Wait()
		if n := w.s.Stats(); n.Connections != 1 || n.Dropped[DropLost] == 0 {
			t.Errorf("%+v", n)
		}
	})
}

// Who reads a frame now and then stays connected, but cannot hold up the end of its connection for each of them.
func TestAnEndIsNotHeldUpByASlowReader(t *testing.T) {
	slowWorld(t, Limits{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(100) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				time.Sleep(9 * time.Second)
				// Two frames, more or less, and none that a buffer takes with them.
				if _, err := io.ReadFull(bob.ws.NetConn(), make([]byte, 2000)); err != nil {
					return
				}
			}
		}()
		time.Sleep(15 * time.Second)
		if n := w.s.Stats().Connections; n != 2 {
			t.Fatalf("%d connections", n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		bob.drop()
		<-ended
	})
}

// A flood of pings from one who does not read leaves one pong waiting.
func TestPongsDoNotPileUp(t *testing.T) {
	slowWorld(t, Limits{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		for n := range uint64(10) {
			ada.shout(n + 1) // fills what the network holds
		}
		for range 200 {
			if err := bob.ws.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		w.s.mu.Lock()
		defer w.s.mu.Unlock()
		for c := range w.s.conns {
			c.mu.Lock()
			if n := len(c.queue); n > 12 {
				t.Errorf("%d wait", n)
			}
			c.mu.Unlock()
		}
	})
}
