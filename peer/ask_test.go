package peer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// answering answers requests of a peer with handle until its Context ends.
func answering(t *testing.T, p *peer.Peer, handle func(*peer.Request)) {
	go func() {
		for {
			r, err := p.AcceptRequest(t.Context())
			if err != nil {
				return
			}
			go handle(r)
		}
	}()
}

// asks asks, and reads the whole answer.
func asks(ctx context.Context, p *peer.Peer, name string, body io.Reader) ([]byte, error) {
	response, err := p.Request(ctx, name, body)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

func TestRequest(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		answering(t, b, func(r *peer.Request) {
			if r.Peer() != b {
				t.Errorf("%q is asked by %v", r.Name(), r.Peer())
			}
			switch r.Name() {
			case "nothing":
				if body, err := io.ReadAll(r); err != nil || len(body) > 0 {
					t.Errorf("nothing is %q, %v", body, err)
				}
				if err := r.Respond(r.Context(), nil); err != nil {
					t.Error(err)
				}
				wantCode(t, r.Respond(t.Context(), nil), protocol.CodeClosed)
				if <-r.Context().Done(); peer.Code(context.Cause(r.Context())) != protocol.CodeClosed {
					t.Errorf("it ended with %v", context.Cause(r.Context()))
				}
			case "upper":
				body, err := io.ReadAll(r)
				if err != nil {
					t.Error(err)
				}
				r.Respond(t.Context(), bytes.NewReader(bytes.ToUpper(body)))
			case "early":
				if err := r.Respond(t.Context(), nil); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadAll(r); peer.Code(err) != protocol.CodeClosed {
					t.Errorf("after the answer the body is read: %v", err)
				}
			case "fail":
				wantCode(t, r.Fail(t.Context(), "no such code", ""), protocol.CodeUnsupported)
				if err := r.Fail(t.Context(), "not-found", strings.Repeat("é", 600)); err != nil {
					t.Error(err)
				}
			}
		})
		got, err := asks(within(t), a, "nothing", nil)
		if err != nil || len(got) > 0 {
			t.Fatalf("got %q, %v", got, err)
		}
		got, err = asks(within(t), a, "upper", strings.NewReader("tea"))
		if err != nil || string(got) != "TEA" {
			t.Fatalf("got %q, %v", got, err)
		}
		_, err = asks(within(t), a, "early", strings.NewReader("tea"))
		must(t, err)
		_, err = asks(within(t), a, "fail", nil)
		if failed, ok := errors.AsType[*peer.RequestError](err); !ok || failed.Code != "not-found" || failed.Message != strings.Repeat("é", 512) || peer.Code(err) != "" {
			t.Fatalf("got %v", err)
		}
		_, err = asks(within(t), a, strings.Repeat("x", 1025), nil)
		wantCode(t, err, protocol.CodeUnsupported)

		// None of it was a channel.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = b.Accept(ctx)
		wantCode(t, err, protocol.CodeAborted)
	})
}

// Both bodies flow at a time, at the pace of their readers, and nobody holds them whole.
func TestRequestsStream(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		const size = 6 << 20
		answered := make(chan error, 1)
		answering(t, b, func(r *peer.Request) {
			answered <- r.Respond(r.Context(), r) // an echo, of what comes while it answers
		})
		read := 0
		response, err := a.Request(within(t), "echo", io.LimitReader(readerFunc(func(p []byte) (int, error) {
			for i := range p {
				p[i] = byte((read + i) / 1000)
			}
			read += len(p)
			return len(p), nil
		}), size))
		must(t, err)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if most := 3 << 20; read > most { // windows of 1 MiB each way, and what is in hands
			t.Fatalf("%d bytes were read that nobody takes", read)
		}
		got, err := io.ReadAll(response.Body)
		must(t, err)
		if len(got) != size {
			t.Fatalf("got %d bytes", len(got))
		}
		for i, c := range got {
			if c != byte(i/1000) {
				t.Fatalf("byte %d is another", i)
			}
		}
		if n, err := response.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Fatalf("behind the end there are %d bytes, %v", n, err)
		}
		must(t, <-answered)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What waits to be accepted is bounded for each peer, and taken in order: from one peer, or from any.
func TestAcceptRequest(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		host, anna, bert := w.join(peer.Config{}), w.join(peer.Config{}), w.join(peer.Config{})
		var ofAnna, ofBert *peer.Peer // as host sees them
		for range 2 {
			p, err := host.Accept(within(t))
			must(t, err)
			if p.ID() == anna.ID() {
				ofAnna = p
			} else {
				ofBert = p
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		said := make(chan error, 100)
		ask := func(r *peer.Room, name string) {
			go func() { _, err := asks(ctx, r.Peer(host.ID()), name, nil); said <- err }()
			time.Sleep(time.Millisecond * 10)
		}
		for i := range 64 {
			ask(anna, fmt.Sprint("anna ", i))
		}
		ask(bert, "bert 0")
		ask(anna, "one too many")
		wantCode(t, <-said, protocol.CodeOverflow)
		if n := host.Stats().ChannelsOverflowed; n != 1 {
			t.Fatalf("%d are counted", n)
		}
		r, err := ofBert.AcceptRequest(within(t))
		must(t, err)
		if r.Name() != "bert 0" {
			t.Fatalf("got %q", r.Name())
		}
		ask(bert, "bert 1")
		for i := range 64 {
			accept := host.AcceptRequest
			if i%2 == 0 {
				accept = ofAnna.AcceptRequest
			}
			r, err := accept(within(t))
			must(t, err)
			if want := fmt.Sprint("anna ", i); r.Name() != want {
				t.Fatalf("got %q, want %q", r.Name(), want)
			}
		}
		r, err = host.AcceptRequest(within(t))
		must(t, err)
		if r.Name() != "bert 1" || r.Peer() != ofBert {
			t.Fatalf("got %q of %q", r.Name(), r.Peer().ID())
		}

		// Those who have given up are left out, and make room.
		ask(anna, "given up")
		cancel()
		for range 67 {
			wantCode(t, <-said, protocol.CodeAborted)
		}
		ctx = t.Context()
		synctest.Wait()
		time.Sleep(time.Second)
		ask(bert, "bert 2")
		r, err = host.AcceptRequest(within(t))
		must(t, err)
		if r.Name() != "bert 2" {
			t.Fatalf("got %q", r.Name())
		}
		must(t, r.Respond(within(t), nil))
		must(t, <-said)

		waits := make(chan error)
		go func() { _, err := ofAnna.AcceptRequest(t.Context()); waits <- err }()
		anna.Close()
		wantCode(t, <-waits, protocol.CodeClosed)
		go func() { _, err := host.AcceptRequest(t.Context()); waits <- err }()
		host.Close()
		wantCode(t, <-waits, protocol.CodeClosed)
	})
}

// An answer that is none is an error, and never a body.
func TestAnswersOfNonsense(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		text := true
		answering(t, b, func(r *peer.Request) { peer.Say(t.Context(), r, r.Name(), text) })
		for _, head := range []string{"", "null", "{}", "ok", `{"ok":false}`, `{"ok":"true"}`, `{"ok":true,"error":{"code":"x"}}`, `{"error":{}}`,
			`{"error":{"code":"no word"}}`, `{"error":{"code":"` + strings.Repeat("x", 65) + `"}}`} {
			_, err := asks(within(t), a, head, nil)
			wantCode(t, err, protocol.CodeBadFrame)
		}
		if got, err := asks(within(t), a, `{"ok":true,"later":1}`, nil); err != nil || len(got) > 0 {
			t.Fatalf("got %q, %v", got, err)
		}
		text = false
		_, err := asks(within(t), a, `{"ok":true}`, nil)
		wantCode(t, err, protocol.CodeBadFrame)
	})
}
