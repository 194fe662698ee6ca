package mux

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// held is how many bytes a channel holds for its reader.
func held(ch *Channel) (n int) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	n = ch.in.queue.size
	for p := range ch.in.all {
		n += len(p.buffer)
	}
	return n
}

func TestSlowReaderHoldsLittle(t *testing.T) {
	t.Parallel()
	for _, size := range []int{20, 1000, 100_000, 2 << 20} {
		each(t, network{}, func(t *testing.T, w *world, o Options) {
			if !o.Reliable() && size > unbounded {
				return
			}
			a, b := w.open(o)
			total := 3 << 20
			if size < messageCost { // of which there are many: more than fit into the full window will do
				total = fullWindow + fullWindow/2
			}
			var sending sync.WaitGroup
			n := total / (size + messageCost)
			sending.Go(func() {
				for range n {
					if err := a.Send(t.Context(), make([]byte, size), false); err != nil {
						t.Error(err)
						return
					}
				}
				a.Close("")
			})
			received := 0
			for {
				if received < 200 || received%50 == 0 {
					time.Sleep(10 * time.Millisecond)
				}
				if received%16 == 0 || size > 1000 {
					if h := held(b); h > fullWindow+size+longPart {
						t.Fatalf("holds %d bytes for its reader", h)
					}
					if s := a.Stats(); s.Buffered > fullWindow+2*(size+messageCost) {
						t.Fatalf("%d bytes wait to be sent", s.Buffered)
					}
				}
				data, _, err := b.Recv(t.Context())
				if err != nil {
					break
				}
				if received++; len(data) != size {
					t.Fatalf("received %d bytes of %d", len(data), size)
				}
			}
			sending.Wait()
			if missed := int(b.Stats().Missed); received+missed != n || o.Reliable() && missed > 0 {
				t.Fatalf("received %d and missed %d of %d", received, missed, n)
			}
		})
	}
}

// TestRandomSizes sends messages of random sizes to a reader of random pace, with windows that grants lag behind: none may wait for ever.
func TestRandomSizes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		for name, o := range classes() {
			if !o.Reliable() {
				continue
			}
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, network{delay: time.Millisecond, frame: []int{0, 1000, 20_000, 1 << 20}[seed%4]}, Config{MaxMessage: 2 << 20})
					cut := w.connect()
					defer cut()
					defer w.close()
					a, b := w.open(o)
					var sending sync.WaitGroup
					sizes := rand.New(rand.NewPCG(seed, 7))
					var all []int
					for range 40 {
						all = append(all, []int{sizes.IntN(300), sizes.IntN(70_000), sizes.IntN(300_000), sizes.IntN(2 << 20)}[sizes.IntN(4)])
					}
					sending.Go(func() {
						for _, size := range all {
							if err := a.Send(t.Context(), make([]byte, size), false); err != nil {
								t.Errorf("send %d: %v", size, err)
							}
						}
					})
					pace := rand.New(rand.NewPCG(seed, 8))
					got := map[int]int{}
					for i := range all {
						if pace.IntN(3) == 0 {
							time.Sleep(time.Duration(pace.IntN(100)) * time.Millisecond)
						}
						ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
						data, _, err := b.Recv(ctx)
						cancel()
						if err != nil {
							t.Fatalf("message %d of %d bytes: %v; %+v, credit %+v", i, all[i], err, b.in.grants, a.out.credit)
						}
						got[len(data)]++
					}
					for _, size := range all {
						got[size]--
					}
					for size, n := range got {
						if n != 0 {
							t.Errorf("%d of %d bytes too many", n, size)
						}
					}
					sending.Wait()
				})
			})
		}
	}
}

// TestShareOfTheLink: a long transfer on one channel lets a small message of another go after a few frames.
func TestShareOfTheLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var frames []byte // the kind of each that side 0 has sent
		w := newWorld(t, network{full: make(chan struct{}), record: func(from int, raw []byte) {
			if from == 0 {
				mu.Lock()
				frames = append(frames, raw[0])
				mu.Unlock()
			}
		}})
		full := w.cfg.full
		stop := make(chan struct{})
		var world sync.WaitGroup
		world.Go(func() { // an association that takes a frame each millisecond
			for {
				time.Sleep(time.Millisecond)
				select {
				case full <- struct{}{}:
				case <-stop:
					return
				}
			}
		})
		cut := w.connect()
		a, b := w.open(Options{})
		c, d := w.open(Options{})
		world.Go(func() {
			if err := a.Send(t.Context(), make([]byte, 30<<20), false); err != nil {
				t.Error(err)
			}
		})
		world.Go(func() {
			if data, _, err := b.Recv(t.Context()); len(data) != 30<<20 {
				t.Error(err)
			}
		})
		for range 20 {
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			before := len(frames)
			mu.Unlock()
			if err := c.Send(t.Context(), []byte("small"), true); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			passed := len(frames) - before
			mu.Unlock()
			if _, _, err := d.Recv(t.Context()); err != nil || passed > 3 {
				t.Fatalf("a small message took %d frames, %v", passed, err)
			}
		}
		time.Sleep(10 * time.Second)
		w.close()
		cut()
		close(stop)
		world.Wait()
		short := 0
		for _, k := range frames {
			if kind(k) == kindNext {
				short++
			}
		}
		if short < 1000 { // 30 MiB are 480 frames of 64 KiB
			t.Errorf("%d parts: they were not shorter while another channel sent", short)
		}
	})
}

// TestBudget: messages larger than the window take up no more together than the largest one may, and all arrive.
func TestBudget(t *testing.T) {
	t.Parallel()
	for name, o := range classes() {
		if !o.Reliable() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const largest = 6 << 20
				w := newWorld(t, network{delay: time.Millisecond}, Config{MaxMessage: largest})
				cut := w.connect()
				defer cut()
				defer w.close()
				var sending sync.WaitGroup
				var readers []*Channel
				for i := range 8 {
					a, b := w.open(o)
					readers = append(readers, b)
					sending.Go(func() {
						if err := a.Send(t.Context(), make([]byte, (2+i%5)<<20), false); err != nil {
							t.Error(err)
						}
					})
				}
				time.Sleep(time.Minute)
				// One of them never reads, which may stand in the way of the others, until it is closed.
				n := 0
				for _, b := range readers {
					n += held(b)
				}
				if n > largest+len(readers)*2*fullWindow {
					t.Fatalf("%d bytes are held", n)
				}
				readers[0].Close("")
				left := readers[1:]
				for len(left) > 0 {
					for i, b := range left {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						_, _, err := b.Recv(ctx)
						cancel()
						if err == nil {
							left = append(left[:i:i], left[i+1:]...)
							break
						}
						if i == len(left)-1 {
							t.Fatalf("%d of the messages do not come: %v", len(left), err)
						}
					}
				}
				sending.Wait()
				synctest.Wait()
				if free := w.side[1].mux.budget.free; free != largest {
					t.Fatalf("%d bytes of the budget are free in the end", free)
				}
			})
		})
	}
}

// TestGivingUp: a message whose Send fails in the middle does not arrive, and the channel goes on.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	each(t, network{delay: 40 * time.Millisecond}, func(t *testing.T, w *world, o Options) {
		if o.Durable { // what is kept is sent
			return
		}
		a, b := w.open(o)
		for i := range 12 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(3*i)*time.Millisecond)
			big := make([]byte, 5<<20)
			if !o.Reliable() {
				big = big[:unbounded]
			}
			err := a.Send(ctx, big, false)
			cancel()
			if o.Reliable() && code(err) != protocol.CodeAborted {
				t.Fatalf("a message that nobody takes: %v", err)
			}
			if err := a.Send(t.Context(), fmt.Append(nil, i), true); err != nil {
				t.Fatal(err)
			}
			for {
				data, text, err := b.Recv(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if text {
					if !bytes.Equal(data, fmt.Append(nil, i)) {
						t.Fatalf("%d is %q", i, data)
					}
					break
				}
				if o.Reliable() {
					t.Fatalf("a message of %d bytes that was given up arrived", len(data))
				}
			}
		}
		if s := a.Stats(); s.Buffered != 0 || s.QueueAge != 0 {
			t.Fatalf("%+v", s)
		}
		a.Close("")
		if _, _, err := b.Recv(t.Context()); code(err) != protocol.CodeClosed {
			t.Fatal(err)
		}
	})
}

func TestFlush(t *testing.T) {
	t.Parallel()
	none := uint16(0)
	of := classes()
	of["aged"] = Options{Class: Class{MaxRetransmits: &none}, MaxQueueAge: time.Minute}
	for name, o := range of {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				a, b := w.open(o)
				for range 5 {
					if err := a.Send(t.Context(), make([]byte, 1000), false); err != nil {
						t.Fatal(err)
					}
				}
				if err := a.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				if s := a.Stats(); s.Buffered != 0 || s.QueueAge != 0 {
					t.Fatalf("%+v", s)
				}
				if n := b.Stats().MessagesReceived; o.Durable && n != 5 {
					t.Fatalf("%d have arrived", n)
				}
				if !o.Durable {
					return
				}
				w.side[1].link.Detach(errCut)
				if err := a.Send(t.Context(), nil, false); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := a.Flush(ctx); code(err) != protocol.CodeAborted {
					t.Fatal(err)
				}
				a.Close("")
				if err := a.Flush(t.Context()); code(err) != protocol.CodeClosed {
					t.Fatal(err)
				}
			})
		})
	}
}
