package signaling

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// leaving begins a Shutdown and waits until the clients have been told.
func (w *world) leaving(clients ...*client) (ended <-chan error) {
	w.t.Helper()
	end := make(chan error, 1)
	go func() { end <- w.s.Shutdown(context.Background()) }()
	for _, c := range clients {
		if g := next[protocol.GoAway](c); g.Within != 5000 {
			w.t.Errorf("%+v", g)
		}
	}
	return end
}

// Who is told to go has the window for it: until then it is served, and when all have gone nobody is waited for.
func TestClientsLeaveByThemselves(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		ended := w.leaving(ada, bob)
		start := time.Now()
		if _, res, err := w.dial(local, nil); err == nil || res.StatusCode != 503 {
			t.Error("let in")
		}
		time.Sleep(2 * time.Second)
		ada.drop()
		synctest.Wait()
		bob.say("tea", 1)
		bob.heard(1) // and not that ada is away
		bob.signal("tea", ada, 1)
		bob.alive() // which is dropped: ada's sender will know where it is
		time.Sleep(2 * time.Second)
		bob.drop()
		if err := <-ended; err != nil || time.Since(start) != 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Who does not leave is closed when the window is over.
func TestWhoStaysIsClosed(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		ended := w.leaving(ada, bob)
		start := time.Now()
		bob.drop()
		ada.ends(protocol.CloseGoingAway)
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("after %v", d)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(ada.in) != 0 {
			t.Errorf("and was told %s", <-ada.in)
		}
	})
}

// Nobody can come back to a server that is ending, so a grace that passes meanwhile makes nobody leave. A goodbye does.
func TestNobodyLeavesBecauseOfAShutdown(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		cem, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		ada.event(protocol.EventJoined)
		bob.drop()
		ada.event(protocol.EventAway)
		time.Sleep(12 * time.Second)
		cem.event(protocol.EventAway)
		ended := w.leaving(ada, cem)
		time.Sleep(4 * time.Second) // and bob's grace is over
		ada.quiet()
		cem.send(protocol.Bye{})
		if e := ada.event(protocol.EventLeft); e.Peer != cem.welcome.Peer || e.Reason != protocol.LeftBye {
			t.Errorf("%+v", e)
		}
		ada.ends(protocol.CloseGoingAway)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A second Shutdown, or a Close, does not tell anybody twice; a Close does not wait for the window.
func TestAnEndWithinTheWindow(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		first := w.leaving(ada)
		second := make(chan error, 1)
		go func() { second <- w.s.Shutdown(context.Background()) }()
		ada.quiet()
		w.s.Close()
		ada.ends(websocket.CloseAbnormalClosure)
		for _, ended := range []<-chan error{first, second} {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
