package peer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A deadline is known on both sides, and each keeps it by itself.
func TestRequestDeadline(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		ended := make(chan error, 1)
		answering(t, b, func(r *peer.Request) {
			<-r.Context().Done()
			ended <- context.Cause(r.Context())
			wantCode(t, r.Respond(r.Context(), nil), protocol.CodeTimeout)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := a.Request(ctx, "slow", nil)
		wantCode(t, err, protocol.CodeTimeout)
		wantCode(t, <-ended, protocol.CodeTimeout)
		if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
			t.Fatalf("it took %v", took)
		}

		// With the way cut the other side hears nothing of it.
		w.cut()
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = a.Request(ctx, "cut", nil)
		if wantCode(t, err, protocol.CodeTimeout); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		w.heal()
		_, err = a.Request(ctx, "late", nil)
		wantCode(t, err, protocol.CodeTimeout)
	})
}

// Who gives up stops the other side: by its context, or by closing the answer that it has begun to read.
func TestRequestIsCancelled(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		ended := make(chan error)
		answering(t, b, func(r *peer.Request) {
			if r.Name() == "wait" {
				<-r.Context().Done()
				ended <- context.Cause(r.Context())
				return
			}
			err := r.Respond(t.Context(), readerFunc(func(p []byte) (int, error) { return len(p), nil })) // without end
			ended <- err
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := a.Request(ctx, "wait", nil)
		if wantCode(t, err, protocol.CodeAborted); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		wantCode(t, <-ended, protocol.CodeAborted)

		response, err := a.Request(within(t), "endless", nil)
		must(t, err)
		_, err = io.ReadFull(response.Body, make([]byte, 3<<20))
		must(t, err)
		must(t, response.Body.Close())
		wantCode(t, <-ended, protocol.CodeAborted)
		_, err = response.Body.Read(make([]byte, 1))
		wantCode(t, err, protocol.CodeClosed)
	})
}

// A body that breaks is never taken for a whole one.
func TestRequestBodiesBreak(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		boom := errors.New("boom")
		broken := func() io.Reader {
			return io.MultiReader(bytes.NewReader(make([]byte, 100_000)), iotest.ErrReader(boom))
		}
		heard := make(chan error, 1)
		answering(t, b, func(r *peer.Request) {
			if r.Name() == "answer" {
				heard <- r.Respond(t.Context(), broken())
				return
			}
			_, err := io.ReadAll(r)
			heard <- err
		})
		_, err := asks(within(t), a, "question", broken())
		if wantCode(t, err, protocol.CodeAborted); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		wantCode(t, <-heard, protocol.CodeAborted)
		got, err := asks(within(t), a, "answer", nil)
		wantCode(t, err, protocol.CodeAborted)
		if len(got) > 100_000 || errors.Is(err, boom) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
		if err := <-heard; !errors.Is(err, boom) {
			t.Fatal(err)
		}
	})
}

// An answer may come before the question has been put. Its body is closed then, so that nothing reads on for nothing.
func TestRequestIsAnsweredEarly(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		answering(t, b, func(r *peer.Request) {
			if r.Name() == "no" {
				r.Fail(t.Context(), "no", "I do not want to know")
				return
			}
			r.Respond(t.Context(), strings.NewReader("I know"))
		})
		for _, name := range []string{"no", "yes"} {
			from, to := io.Pipe()
			got, err := asks(within(t), a, name, from)
			if failed, ok := errors.AsType[*peer.RequestError](err); name == "yes" && string(got) != "I know" || name == "no" && (!ok || failed.Code != "no") {
				t.Fatalf("got %q, %v", got, err)
			}
			for err = nil; err == nil; {
				_, err = to.Write([]byte("x")) // the last of them may have been read before the answer came
			}
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Fatal(err)
			}
		}
	})
}

// When the connection is lost both sides know, and a request that waits for the next one is sent on that.
func TestRequestsAndLostConnections(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		ended := make(chan error, 1)
		answering(t, b, func(r *peer.Request) {
			if r.Name() == "again" {
				r.Respond(t.Context(), strings.NewReader("here"))
				return
			}
			<-r.Context().Done()
			ended <- context.Cause(r.Context())
		})
		lost := make(chan error)
		go func() { _, err := a.Request(within(t), "lost", nil); lost <- err }()
		synctest.Wait()
		time.Sleep(time.Second)
		a.PeerConnection().SCTP().Stop()
		wantCode(t, <-lost, protocol.CodeConnectionLost)
		wantCode(t, <-ended, protocol.CodeConnectionLost)
		got, err := asks(within(t), a, "again", nil)
		if err != nil || string(got) != "here" {
			t.Fatalf("got %q, %v", got, err)
		}
		go func() { _, err := a.Request(within(t), "closed", nil); lost <- err }()
		time.Sleep(time.Second)
		must(t, b.Close())
		wantCode(t, <-lost, protocol.CodeClosed)
		wantCode(t, <-ended, protocol.CodeClosed)
	})
}
