package mux

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// classes are all deliveries that there are tests for.
func classes() map[string]Options {
	none, life := uint16(0), 100*time.Millisecond
	return map[string]Options{
		"ordered":    {},
		"unordered":  {Class: Class{Unordered: true}},
		"unreliable": {Class: Class{Unordered: true, MaxRetransmits: &none}},
		"life time":  {Class: Class{MaxPacketLifeTime: &life}},
		"durable":    {Durable: true},
	}
}

func each(t *testing.T, n network, do func(t *testing.T, w *world, o Options), config ...Config) {
	t.Helper()
	for name, o := range classes() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, n, config...)
				cut := w.connect()
				defer cut()
				defer w.close()
				do(t, w, o)
			})
		})
	}
}

func random(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)})
	r.Read(b)
	return b
}

func TestMessagesOfAllSizes(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 2, shortPart - 1, shortPart, shortPart + 1, longPart - 1, longPart, longPart + 1, 128 << 10, 256<<10 - 64, 256 << 10, 256<<10 + 1, 1 << 20, 1<<20 + 1, 3 << 20}
	each(t, network{delay: 10 * time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		for _, ends := range [][2]*Channel{{a, b}, {b, a}} {
			from, to := ends[0], ends[1]
			var sending sync.WaitGroup
			defer sending.Wait()
			sending.Go(func() {
				for i, size := range sizes {
					if !o.Reliable() && size > unbounded {
						continue
					}
					if err := from.Send(t.Context(), random(size), i%2 == 0); err != nil {
						t.Errorf("send %d: %v", size, err)
					}
					if !o.Reliable() {
						time.Sleep(time.Second) // what nobody has taken is bounded
					}
				}
			})
			for i, size := range sizes {
				if !o.Reliable() && size > unbounded {
					continue
				}
				data, text, err := to.Recv(t.Context())
				if err != nil || !bytes.Equal(data, random(size)) || text != (i%2 == 0) {
					t.Fatalf("received %d bytes of %d, text %v, %v", len(data), size, text, err)
				}
			}
		}
	})
}

func TestCloseDeliversWhatWasSent(t *testing.T) {
	t.Parallel()
	each(t, network{delay: 10 * time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		for i := range 100 {
			if err := a.Send(t.Context(), fmt.Append(nil, i), true); err != nil {
				t.Fatal(err)
			}
		}
		a.Close("that was all")
		if err := a.Send(t.Context(), nil, true); code(err) != protocol.CodeClosed {
			t.Fatalf("send after close: %v", err)
		}
		if _, _, err := a.Recv(t.Context()); code(err) != protocol.CodeClosed {
			t.Fatalf("recv after close: %v", err)
		}
		synctest.Wait()
		for i := range 100 {
			data, _, err := b.Recv(t.Context())
			if err != nil || string(data) != fmt.Sprint(i) {
				t.Fatalf("message %d is %q, %v", i, data, err)
			}
		}
		_, _, err := b.Recv(t.Context())
		if code(err) != protocol.CodeClosed || !errors.Is(err, &protocol.Error{Code: protocol.CodeClosed, Text: "that was all"}) {
			t.Fatalf("the end is %v", err)
		}
		<-b.Context().Done()
		time.Sleep(time.Second)
		if n := len(w.side[0].link.all()) + len(w.side[1].link.all()); n != 0 {
			t.Fatalf("%d channels are left", n)
		}
	})
}

func TestCloseWrite(t *testing.T) {
	t.Parallel()
	each(t, network{delay: 10 * time.Millisecond}, func(t *testing.T, w *world, o Options) {
		a, b := w.open(o)
		if err := errors.Join(a.Send(t.Context(), []byte("question"), true), a.CloseWrite(t.Context())); err != nil {
			t.Fatal(err)
		}
		if data, _, err := b.Recv(t.Context()); string(data) != "question" || err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, _, err := b.Recv(t.Context()); !errors.Is(err, io.EOF) || code(err) != protocol.CodeClosed {
				t.Fatalf("at the end: %v", err)
			}
		}
		if err := a.Send(t.Context(), nil, false); code(err) != protocol.CodeClosed {
			t.Fatalf("sent after the end: %v", err)
		}
		if b.Context().Err() != nil {
			t.Fatal("the channel has ended with one direction")
		}
		if err := b.Send(t.Context(), []byte("answer"), true); err != nil {
			t.Fatal(err)
		}
		b.Close("")
		if data, _, err := a.Recv(t.Context()); string(data) != "answer" || err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Recv(t.Context()); code(err) != protocol.CodeClosed || errors.Is(err, io.EOF) {
			t.Fatalf("at the end: %v", err)
		}
	})
}

func TestContextBounds(t *testing.T) {
	t.Parallel()
	each(t, network{}, func(t *testing.T, w *world, o Options) {
		a, _ := w.open(o)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := a.Recv(ctx); code(err) != protocol.CodeAborted || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("recv: %v", err)
		}
		if err := a.Send(ctx, nil, false); code(err) != protocol.CodeAborted {
			t.Fatalf("send: %v", err)
		}
		if _, err := w.side[0].mux.Open(ctx, "", o); code(err) != protocol.CodeAborted {
			t.Fatalf("open: %v", err)
		}
	})
}
