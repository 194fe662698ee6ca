package signaling

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestShutdown(t *testing.T) {
	relay := func(context.Context, ICERequest) ([]protocol.ICEServer, time.Duration, error) {
		return nil, 10 * time.Minute, nil // whose renewal nobody waits for
	}
	inWorld(t, Config{ICEServers: relay}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		gone, _ := w.in("tea") // is away when it happens: its grace must not outlive the server
		ada.event(protocol.EventJoined)
		bob.event(protocol.EventJoined)
		gone.drop()
		ada.event(protocol.EventAway)
		bob.event(protocol.EventAway)
		early := w.connect() // has not said hello
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		start := time.Now()
		if err := w.s.Shutdown(ctx); err != nil { // it does not wait for the grace of who is away
			t.Fatal(err)
		}
		if d := time.Since(start); d != time.Second { // the window is longer than ctx: the last second is for the closing
			t.Errorf("after %v", d)
		}
		for _, c := range []*client{ada, bob, early} {
			if g := next[protocol.GoAway](c); g.Within != 1000 { // what there is, and not what the limits would allow
				t.Errorf("%+v", g)
			}
			c.ends(protocol.CloseGoingAway)
			if len(c.in) != 0 {
				t.Errorf("and then %s", <-c.in)
			}
		}
		if res, body := w.do(t, "GET", nil); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !has(body, "shutting down") {
			t.Error(res.Status, body)
		}
		if err := w.s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := w.s.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := w.s.Stats(); n.Closes[protocol.CloseGoingAway] != 3 || n.Connections+n.Sessions+n.Rooms != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// Who asks for an end sooner than a goodbye takes leaves the clients no time, and tells them so.
func TestAShutdownWithoutAWindow(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ctx, cancel := context.WithTimeout(context.Background(), time.Second/2)
		defer cancel()
		start := time.Now()
		if err := w.s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if g := next[protocol.GoAway](ada); g.Within != 0 {
			t.Errorf("%+v", g)
		}
		ada.ends(protocol.CloseGoingAway)
		if d := time.Since(start); d != 0 {
			t.Errorf("after %v", d)
		}
	})
}

// A grace that was taken back is no timer that a Shutdown would have to wait for.
func TestShutdownDoesNotWaitForAGraceTakenBack(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ada.drop()
		synctest.Wait()
		ada = w.again(ada)
		ada.join(protocol.Join{Room: "tea"})
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := w.s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

// slowHijack is a response that is upgraded only when the test says so.
type slowHijack struct {
	http.ResponseWriter
	reached chan<- struct{}
	release <-chan struct{}
}

func (h slowHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.reached <- struct{}{}
	<-h.release
	return h.ResponseWriter.(http.Hijacker).Hijack()
}

// Who is in the middle of the upgrade when the server ends is counted in, but listed nowhere yet.
func TestTheEndFindsWhoIsBeingUpgraded(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*Server) error
		code protocol.CloseCode
	}{
		"shutdown": {func(s *Server) error { return s.Shutdown(context.Background()) }, protocol.CloseGoingAway},
		"close":    {(*Server).Close, websocket.CloseAbnormalClosure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				reached, release := make(chan struct{}), make(chan struct{})
				w := serve(t, Config{}, 0)
				l := memnet.Listen(0)
				hs := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					w.s.ServeHTTP(slowHijack{rw, reached, release}, r)
				})}
				go hs.Serve(l)
				defer hs.Close()
				w.l = l
				var cl *client
				dialled := make(chan struct{})
				go func() {
					defer close(dialled)
					ws, _, err := w.dial(local, nil)
					if err != nil {
						t.Error(err)
						return
					}
					cl = &client{t: t, link: socketLink{ws}, ws: ws, in: make(chan string, 10), closed: make(chan int, 1)}
				}()
				<-reached
				ended := make(chan error, 1)
				go func() { ended <- c.end(w.s) }()
				synctest.Wait()
				close(release)
				<-dialled
				if t.Failed() {
					return
				}
				go cl.pump()
				if c.code == protocol.CloseGoingAway {
					next[protocol.GoAway](cl)
				}
				cl.ends(c.code)
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A client that does not read cannot hold a Shutdown up beyond its context, nor can a callback.
func TestShutdownEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, Config{Limits: Limits{Rate: 1e6, Burst: 1e6}, Authorize: func(ctx context.Context, req AuthRequest) (Grant, error) {
			if req.Token == "slow" {
				<-ctx.Done()
			}
			return Grant{Rooms: []string{"*"}}, ctx.Err()
		}}, 4096)
		ada, _ := w.in("tea")
		w.slowIn("tea")
		for n := range uint64(100) {
			ada.shout(n + 1)
		}
		waiting := w.connect()
		waiting.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: waiting.instance, Token: "slow"})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if err := w.s.Shutdown(ctx); err != context.DeadlineExceeded {
			t.Error(err)
		}
		if n := w.s.Stats(); n.Connections != 0 {
			t.Errorf("%+v", n)
		}
	})
}

func TestCloseBeforeAnybodyCame(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	// A request that was let in a moment before is counted in no more: nobody waits for it.
	if status, _ := s.admit(local); status != http.StatusServiceUnavailable {
		t.Errorf("admitted: %d", status)
	}
}

func TestCloseIsNow(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		w.s.Close()
		ada.ends(websocket.CloseAbnormalClosure)
	})
}
