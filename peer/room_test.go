package peer_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// none is the topology without connections: what is tested with it has nothing of WebRTC in it.
var none = peer.Config{Topology: protocol.TopologyNone}

func next(t *testing.T, r *peer.Room, kind peer.EventKind) peer.Event {
	t.Helper()
	e, err := r.Recv(within(t))
	must(t, err)
	if e.Kind != kind {
		t.Fatalf("got %q, want %q", e.Kind, kind)
	}
	return e
}

func TestPresence(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a := w.join(peer.Config{Topology: protocol.TopologyNone, Attributes: map[string]string{"name": "ada"}})
		if a.Name() != "tea" || a.ID() == "" || len(a.Peers()) != 0 {
			t.Fatalf("alone in %q as %q with %v", a.Name(), a.ID(), a.Peers())
		}
		b := w.join(peer.Config{})
		// Who was there is there, without an event.
		peers := b.Peers()
		if len(peers) != 1 || peers[0].ID() != a.ID() || string(peers[0].Attributes()) != `{"name":"ada"}` || peers[0].State() != peer.StateWaiting {
			t.Fatalf("b sees %v", peers)
		}
		p := next(t, a, peer.EventJoined).Peer
		if p.ID() != b.ID() || p != a.Peer(b.ID()) || p.Attributes() != nil || p.Away() {
			t.Fatalf("a sees %v", p)
		}
		must(t, b.Update(within(t), struct {
			Name string `json:"name"`
		}{"bob"}))
		if e := next(t, a, peer.EventUpdated); e.Peer != p || string(p.Attributes()) != `{"name":"bob"}` {
			t.Fatalf("a sees %s", p.Attributes())
		}
		wantCode(t, b.Update(within(t), []int{1}), protocol.CodeBadFrame)
		must(t, b.Update(within(t), nil))
		next(t, a, peer.EventUpdated)
		must(t, b.Close())
		if e := next(t, a, peer.EventLeft); e.Peer != p || e.Reason != protocol.LeftBye {
			t.Fatalf("left for %q", e.Reason)
		}
		ended(t, p.Context(), protocol.CodeClosed)
		ended(t, b.Context(), protocol.CodeClosed)
		if p.State() != peer.StateClosed || len(a.Peers()) != 0 {
			t.Fatalf("who has left is still %q", p.State())
		}
	})
}

func TestRoomMessages(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		next(t, a, peer.EventJoined)
		for i := range 40 { // more than one acknowledgement's worth
			must(t, a.Send(within(t), i))
			e := next(t, b, peer.EventMessage)
			if got, _ := json.Marshal(i); string(e.Data) != string(got) || e.Peer.ID() != a.ID() {
				t.Fatalf("message %d is %s", i, e.Data)
			}
		}
		wantCode(t, a.Send(within(t), make(chan int)), protocol.CodeBadFrame)
		wantCode(t, a.Send(within(t), strings.Repeat("x", 70000)), protocol.CodeMessageTooLarge)
		// The sender does not hear itself.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := a.Recv(ctx)
		wantCode(t, err, protocol.CodeAborted)
	})
}

func TestSignals(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		p := next(t, a, peer.EventJoined).Peer
		for i := range 50 { // more than the window of 16
			must(t, p.Signal(within(t), map[string]int{"i": i}))
		}
		for i := range 50 {
			e := next(t, b, peer.EventSignal)
			var got struct{ I int }
			must(t, json.Unmarshal(e.Data, &got))
			if got.I != i || e.Peer.ID() != a.ID() {
				t.Fatalf("signal %d is %s", i, e.Data)
			}
		}
		wantCode(t, p.Signal(within(t), map[string]bool{"want": true}), protocol.CodeBadFrame)
		must(t, b.Close())
		wantCode(t, p.Signal(within(t), 1), protocol.CodeClosed)
	})
}

// Many callers at once stay below the server's rate, because the client paces itself.
func TestPacing(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		next(t, a, peer.EventJoined)
		const count = 500 // of the 512 that may be on their way
		results := make(chan error, count)
		for i := range count {
			go func() { results <- a.Send(within(t), i) }()
		}
		for range count {
			must(t, <-results)
		}
		for range count {
			next(t, b, peer.EventMessage)
		}
		if n := w.server.Stats().Errors[protocol.CodeRateLimited]; n != 0 {
			t.Fatalf("%d frames were over the rate", n)
		}
	})
}

func TestUnreadEventsAreCounted(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		const count = 1024 + 7
		for i := range count {
			must(t, b.Send(within(t), i))
		}
		synctest.Wait()
		e := next(t, a, peer.EventMessage) // the joined event and seven messages are gone
		if e.Missed != 8 || string(e.Data) != "7" || a.Stats().EventsMissed != 8 {
			t.Fatalf("missed %d before %s, and %d in all", e.Missed, e.Data, a.Stats().EventsMissed)
		}
		if e = next(t, a, peer.EventMessage); e.Missed != 0 {
			t.Fatalf("missed %d more", e.Missed)
		}
	})
}

func TestTheHeartbeatKeepsARoom(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(none), w.join(none)
		next(t, a, peer.EventJoined)
		time.Sleep(time.Hour)
		must(t, b.Send(within(t), "still here"))
		next(t, a, peer.EventMessage)
	})
}

// Channels do not notice that the server is gone.
func TestTheServerIsGone(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(peer.Config{}), w.join(peer.Config{})
		p, err := a.Accept(within(t))
		must(t, err)
		q, err := b.Accept(within(t))
		must(t, err)
		here, there := channel(t, p, q, nil)
		must(t, w.server.Close())
		becomes(t, a, peer.RoomReconnecting)
		time.Sleep(time.Minute)
		if a.State() != peer.RoomReconnecting || a.Context().Err() != nil {
			t.Fatalf("the room is %q", a.State())
		}
		must(t, here.SendText(within(t), "still here"))
		_, _, err = there.Recv(within(t))
		must(t, err)
	})
}

func TestJoinErrors(t *testing.T) {
	inWorld(t, signaling.Config{
		Authorize: func(_ context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
			if req.Token == "bad" {
				return signaling.Grant{}, errors.New("bad token")
			}
			return signaling.Grant{Rooms: []string{"tea"}}, nil
		},
	}, func(t *testing.T, w *world) {
		for _, c := range []struct {
			server, room string
			config       peer.Config
			code         protocol.ErrorCode
			hint         string
		}{
			{"beckon.test", "tea", peer.Config{}, protocol.CodeBadURL, "did you mean \"https://beckon.test\"?"},
			{"ftp://beckon.test", "tea", peer.Config{}, protocol.CodeBadURL, "https"},
			{"http://", "tea", peer.Config{}, protocol.CodeBadURL, "host"},
			{"http://u:secret@beckon.test", "tea", peer.Config{}, protocol.CodeBadURL, "Token"},
			{"http://beckon.test/r/tea", "tea", peer.Config{}, protocol.CodeBadURL, "ParseURL"},
			{"http://beckon.test", "no room", peer.Config{}, protocol.CodeBadRoom, "letters"},
			{"http://beckon.test", "", peer.Config{}, protocol.CodeBadRoom, "letters"},
			{"http://beckon.test", "tea", peer.Config{Topology: "star"}, protocol.CodeBadFrame, "mesh"},
			{"http://beckon.test", "tea", peer.Config{ICETransportPolicy: "none"}, protocol.CodeBadFrame, "relay"},
			{"http://beckon.test", "tea", peer.Config{Attributes: 1}, protocol.CodeBadFrame, "object"},
			{"http://beckon.test", "coffee", peer.Config{}, protocol.CodeForbidden, ""},
			{"http://beckon.test", "tea", peer.Config{Token: "bad"}, protocol.CodeUnauthorized, ""},
			{"http://beckon.test/prefix", "tea", peer.Config{}, protocol.CodeConnectFailed, "path"},
		} {
			_, err := peer.Join(within(t), c.server, c.room, w.config(c.config))
			if peer.Code(err) != c.code || !strings.Contains(err.Error(), c.hint) || strings.Contains(err.Error(), "secret") {
				t.Errorf("join %q %q: got %v, want %q with a hint of %q", c.server, c.room, err, c.code, c.hint)
			}
		}
	})
}

func TestNotABeckonServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen(0)
		status := http.StatusNotFound
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })}
		go s.Serve(l)
		defer s.Close()
		config := &peer.Config{Dial: l.DialContext}
		for _, c := range []struct {
			status int
			code   protocol.ErrorCode
			hint   string
		}{
			{404, protocol.CodeConnectFailed, "not a Beckon server"},
			{429, protocol.CodeRateLimited, "too many connections"},
			{401, protocol.CodeUnauthorized, "401"},
			{403, protocol.CodeForbidden, "403"},
			{502, protocol.CodeConnectFailed, "502"},
		} {
			status = c.status
			_, err := peer.Join(within(t), "ws://beckon.test", "tea", config)
			if peer.Code(err) != c.code || !strings.Contains(err.Error(), c.hint) {
				t.Errorf("HTTP %d: got %v", c.status, err)
			}
		}
		l.Close()
		_, err := peer.Join(within(t), "ws://beckon.test", "tea", config)
		if peer.Code(err) != protocol.CodeConnectFailed || !strings.Contains(err.Error(), "is the server running?") {
			t.Errorf("nobody there: got %v", err)
		}
	})
}

// The context of Join ends it in each of its phases: while dialling, in the handshake, and (below) waiting for the answer.
func TestJoinIsBoundedByItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen(0)
		defer l.Close()
		config := &peer.Config{Dial: l.DialContext}
		for _, accept := range []bool{false, true} {
			ctx, cancel := context.WithCancel(context.Background())
			result := make(chan error)
			go func() {
				_, err := peer.Join(ctx, "ws://beckon.test", "tea", config)
				result <- err
			}()
			if accept {
				c, err := l.Accept()
				must(t, err)
				defer c.Close()
			}
			synctest.Wait()
			cancel()
			err := <-result
			wantCode(t, err, protocol.CodeAborted)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v is not context.Canceled", err)
			}
		}
	})
}

func TestJoinIsBoundedWhileTheServerThinks(t *testing.T) {
	inWorld(t, signaling.Config{
		Authorize: func(ctx context.Context, _ signaling.AuthRequest) (signaling.Grant, error) {
			<-ctx.Done()
			return signaling.Grant{}, ctx.Err()
		},
	}, func(t *testing.T, w *world) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_, err := peer.Join(ctx, "ws://beckon.test", "tea", w.config(none))
		wantCode(t, err, protocol.CodeAborted)
	})
}
