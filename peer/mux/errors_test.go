package mux

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestOptionsThatNoChannelHas(t *testing.T) {
	t.Parallel()
	n, long, life := uint16(1), 66*time.Second, time.Second
	m := New(Config{})
	for name, c := range map[string]struct {
		label string
		o     Options
	}{
		"label":           {strings.Repeat("x", 1025), Options{}},
		"protocol":        {"", Options{Protocol: strings.Repeat("x", 1025)}},
		"two bounds":      {"", Options{Class: Class{MaxRetransmits: &n, MaxPacketLifeTime: &life}}},
		"life time":       {"", Options{Class: Class{MaxPacketLifeTime: &long}}},
		"durable":         {"", Options{Durable: true, Class: Class{Unordered: true}}},
		"age of reliable": {"", Options{MaxQueueAge: 1}},
		"age":             {"", Options{Class: Class{MaxRetransmits: &n}, MaxQueueAge: -1}},
		"request":         {"", Options{Request: true, Durable: true}},
	} {
		if _, err := m.Open(t.Context(), c.label, c.o); code(err) != protocol.CodeUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.Close(nil)
	if _, err := m.Open(t.Context(), "", Options{}); code(err) != protocol.CodeClosed {
		t.Errorf("opened on what is closed: %v", err)
	}
}

// in runs do in a bubble with a connection whose frames take a millisecond.
func in(t *testing.T, do func(t *testing.T, w *world), config ...Config) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, network{delay: time.Millisecond}, config...)
		cut := w.connect()
		defer cut()
		defer w.close()
		do(t, w)
	})
}

func TestMessageTooLarge(t *testing.T) {
	t.Parallel()
	each(t, network{delay: time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		if err := a.Send(t.Context(), make([]byte, 100_001), false); code(err) != protocol.CodeMessageTooLarge {
			t.Fatalf("%v", err)
		}
		if err := a.Send(t.Context(), make([]byte, 100_000), false); err != nil {
			t.Fatal(err)
		}
		if data, _, err := b.Recv(t.Context()); len(data) != 100_000 {
			t.Fatal(err)
		}
		if a.MaxMessageSize() != 100_000 {
			t.Fatalf("the largest is %d", a.MaxMessageSize())
		}
	}, Config{MaxMessage: 100_000})
}

func TestConnectionLost(t *testing.T) {
	t.Parallel()
	each(t, network{delay: time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		if err := a.Send(t.Context(), []byte("before"), true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		var waiting sync.WaitGroup
		if o.Lane() && !o.Durable {
			waiting.Go(func() {
				var err error
				for err == nil { // the second has to wait
					err = b.Send(t.Context(), make([]byte, 10<<20), false)
				}
				if code(err) != protocol.CodeConnectionLost {
					t.Errorf("a Send that waits: %v", err)
				}
			})
		}
		time.Sleep(time.Second)
		w.side[0].link.Detach(errCut)
		w.side[1].link.Detach(errCut)
		waiting.Wait()
		if data, _, err := b.Recv(t.Context()); string(data) != "before" {
			t.Fatal(err)
		}
		if o.Durable {
			if a.Context().Err() != nil {
				t.Fatal("a durable channel has ended with its connection")
			}
			w.close()
			if _, _, err := b.Recv(t.Context()); code(err) != protocol.CodeClosed {
				t.Fatal(err)
			}
			return
		}
		if _, _, err := b.Recv(t.Context()); code(err) != protocol.CodeConnectionLost || !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if err := a.Send(t.Context(), nil, false); code(err) != protocol.CodeConnectionLost {
			t.Fatal(err)
		}
		<-a.Context().Done()
		if code(context.Cause(a.Context())) != protocol.CodeConnectionLost {
			t.Fatal(context.Cause(a.Context()))
		}
	})
}

func TestReset(t *testing.T) {
	t.Parallel()
	each(t, network{delay: time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		if err := a.Send(t.Context(), []byte("before"), true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		a.Reset(protocol.Errorf(protocol.CodeTimeout, "it took too long"))
		if _, _, err := a.Recv(t.Context()); code(err) != protocol.CodeTimeout {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if data, _, err := b.Recv(t.Context()); string(data) != "before" {
			t.Fatalf("what came before a RESET: %v", err)
		}
		if _, _, err := b.Recv(t.Context()); !errors.Is(err, &protocol.Error{Code: protocol.CodeTimeout, Text: "it took too long"}) {
			t.Fatal(err)
		}
		if n := len(w.side[0].link.all()) + len(w.side[1].link.all()) + len(w.side[0].mux.slots); n != 0 {
			t.Fatalf("%d are left", n)
		}
	})
}

func TestNotAccepted(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		w.side[1].refuse = true
		a, err := w.side[0].mux.Open(t.Context(), "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Recv(t.Context()); code(err) != protocol.CodeOverflow {
			t.Fatal(err)
		}
		if _, err := w.side[0].mux.Open(t.Context(), "", Options{Class: Class{Unordered: true}}); code(err) != protocol.CodeOverflow {
			t.Fatal(err)
		}
	})
}

func TestManyChannels(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		var all []*Channel
		for i := range maxOpen {
			a, b := w.open(Options{Durable: i%2 == 0})
			if err := a.Send(t.Context(), fmt.Append(nil, i), true); err != nil {
				t.Fatal(err)
			}
			if data, _, err := b.Recv(t.Context()); string(data) != fmt.Sprint(i) {
				t.Fatal(err)
			}
			all = append(all, a)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := w.side[0].mux.Open(ctx, "", Options{}); code(err) != protocol.CodeAborted {
			t.Fatalf("one more than may be open: %v", err)
		}
		if _, err := w.side[1].mux.Open(t.Context(), "", Options{}); err != nil {
			t.Fatalf("the other side's do not count: %v", err)
		}
		all[7].Close("")
		if _, err := w.side[0].mux.Open(t.Context(), "", Options{}); err != nil {
			t.Fatal(err)
		}
		if n := w.side[0].link.trunks[ours]; n != 0 {
			t.Fatalf("%d trunks beside the lanes", n)
		}
		if n := len(w.side[0].link.opening); n != lanes {
			t.Fatalf("%d lanes", n)
		}
	})
}

func TestManyTrunks(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		for i := range uint16(maxTrunks - lanes) {
			w.open(Options{Class: Class{MaxRetransmits: &i}})
			w.open(Options{Class: Class{MaxRetransmits: &i}})
		}
		n := uint16(99)
		if _, err := w.side[0].mux.Open(t.Context(), "", Options{Class: Class{MaxRetransmits: &n}}); code(err) != protocol.CodeOverflow {
			t.Fatal(err)
		}
		for range 5 {
			w.side[1].link.Accept(nil, Class{MaxRetransmits: &n})
		}
		if err := <-w.side[1].failed; code(err) != protocol.CodeOverflow {
			t.Fatal(err)
		}
	})
}

// TestBadFrames: what makes no sense for a channel's state ends the connection, or resets the channel. The other language has the same cases.
func TestBadFrames(t *testing.T) {
	t.Parallel()
	for _, c := range readStates(t) {
		t.Run(c.Name, func(t *testing.T) {
			var ch *Channel
			m := New(Config{MaxMessage: 100_000, Accept: func(c *Channel) bool { ch = c; return true }})
			defer m.Close(nil)
			var failed error
			l := m.Attach(Connection{Fail: func(err error) { failed = err }})
			none := uint16(0)
			var said sent
			trunks := []func([]byte){l.Accept(&said, Class{}), l.Accept(&said, Class{Unordered: true}), l.Accept(&said, Class{MaxRetransmits: &none})}
			trunks[0]([]byte("\x01\x00" + c.Open))
			for _, f := range c.Frames {
				trunks[f.Trunk](append(unhex(t, f.Hex), make([]byte, f.Fill)...))
			}
			if (c.Ends == "connection") != (failed != nil) || failed != nil && code(failed) != c.Code {
				t.Fatalf("the connection: %v", failed)
			}
			switch c.Ends {
			case "connection":
			case "open":
				if l.settle(t.Context()); !strings.Contains(said.all(), "\x08\x00"+`{"code":"`+string(c.Code)+`"`) || ch != nil {
					t.Fatalf("said %q", said.all())
				}
			default:
				if got := context.Cause(ch.Context()); code(got) != c.Code {
					t.Fatalf("the channel: %v", got)
				}
			}
		})
	}
}

// sent keeps what is written.
type sent struct {
	mu  sync.Mutex
	raw []string
}

func (s *sent) WriteFrame(_ context.Context, raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = append(s.raw, string(raw))
	return nil
}

func (s *sent) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.raw, "|")
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	each(t, network{delay: time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		for range 10 {
			if err := a.Send(t.Context(), []byte("x"), true); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.side[0].mux.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.side[0].mux.Open(t.Context(), "", o); code(err) != protocol.CodeClosed {
			t.Fatalf("opened while it shuts down: %v", err)
		}
		for range 10 {
			if _, _, err := b.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := b.Recv(t.Context()); code(err) != protocol.CodeClosed {
			t.Fatal(err)
		}
		if err := w.side[0].mux.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the other side does not answer
		m := New(Config{})
		m.Attach(Connection{Open: func(context.Context, Class, func([]byte)) (Trunk, error) { return hole{}, nil }})
		if _, err := m.Open(t.Context(), "", Options{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.Shutdown(ctx); code(err) != protocol.CodeAborted {
			t.Fatal(err)
		}
		m.Close(nil)
		m.Close(nil)
	})
}

func TestTrunkThatDoesNotWork(t *testing.T) {
	t.Parallel()
	m := New(Config{})
	defer m.Close(nil)
	failed := make(chan error, 1)
	works := false
	m.Attach(Connection{Fail: func(err error) { failed <- err }, Open: func(context.Context, Class, func([]byte)) (Trunk, error) {
		if works {
			return broken{}, nil
		}
		return nil, errOver
	}})
	n := uint16(1)
	if _, err := m.Open(t.Context(), "", Options{Class: Class{MaxRetransmits: &n}}); code(err) != protocol.CodeConnectionLost || !errors.Is(err, errOver) {
		t.Fatal(err)
	}
	works = true
	m.Attach(Connection{Fail: func(err error) { failed <- err }, Open: func(context.Context, Class, func([]byte)) (Trunk, error) { return broken{}, nil }})
	if _, err := m.Open(t.Context(), "", Options{}); code(err) != protocol.CodeConnectionLost {
		t.Fatal(err)
	}
	if err := <-failed; code(err) != protocol.CodeConnectionLost || !errors.Is(err, errOver) {
		t.Fatal(err)
	}
}

type broken struct{}

func (broken) WriteFrame(context.Context, []byte) error { return errOver }
