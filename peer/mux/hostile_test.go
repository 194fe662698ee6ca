package mux

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// stuck is a trunk that nobody reads.
type stuck struct{}

func (stuck) WriteFrame(ctx context.Context, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestFloodNeedsAnswers: who asks for answers and reads none does not fill this side's memory.
func TestFloodNeedsAnswers(t *testing.T) {
	t.Parallel()
	head := []byte(`{"max":1,"window":1}`)
	for name, flood := range map[string]func(id uint64) [][]byte{
		"channels that are refused": func(id uint64) [][]byte { return [][]byte{append(appendNumber([]byte{1}, id), head...)} },
		"channels that are closed": func(id uint64) [][]byte {
			return [][]byte{append(appendNumber([]byte{1}, id), head...), append(appendNumber([]byte{6}, id), 0)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var accepted int
				m := New(Config{Accept: func(*Channel) bool { accepted++; return strings.HasSuffix(name, "closed") }})
				defer m.Close(nil)
				failed := make(chan error, 1)
				l := m.Attach(Connection{Fail: func(err error) { failed <- err }})
				receive := l.Accept(stuck{}, Class{})
				for id := range uint64(100_000) {
					for _, raw := range flood(id) {
						receive(raw)
					}
				}
				l.queue.mu.Lock()
				waiting := len(l.queue.waiting)
				l.queue.mu.Unlock()
				if waiting > maxWaiting {
					t.Errorf("%d channels wait to say something", waiting)
				}
				if err := <-failed; code(err) != protocol.CodeOverflow {
					t.Errorf("the connection ends with %v", err)
				}
			})
		})
	}
}

// TestFloodOfDurableNames: channels that nobody opens again are forgotten only after a while, so there are not more and more of them when one
// connection follows another.
func TestFloodOfDurableNames(t *testing.T) {
	t.Parallel()
	m := New(Config{Accept: func(*Channel) bool { return true }})
	defer m.Close(nil)
	for c := range 20 {
		l := m.Attach(Connection{Fail: func(err error) { t.Error(err) }})
		receive := l.Accept(hole{}, Class{})
		for id := range uint64(maxOpen) {
			raw := appendNumber([]byte{1}, id)
			receive(fmt.Appendf(raw, `{"max":1,"window":1,"durable":"%016x"}`, uint64(c)<<32|id))
		}
		l.Detach(errCut)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.theirs); n > mostOpen || n < maxOpen {
		t.Fatalf("%d durable channels of the other side wait to be opened again", n)
	}
}

// TestBudgetOutlivesChannels: messages that nobody has read take up their room also when their channel has ended, and when its
// connection has.
func TestBudgetOutlivesChannels(t *testing.T) {
	t.Parallel()
	const largest = 4 << 20
	ends := map[string]func(w *world, a *Channel) (next func()){
		"closed": func(_ *world, a *Channel) func() { a.Close(""); return func() {} },
		"reset": func(_ *world, a *Channel) func() {
			a.Reset(protocol.Errorf(protocol.CodeAborted, "for a test"))
			return func() {}
		},
		"cut": func(w *world, _ *Channel) func() {
			w.side[0].link.Detach(errCut)
			w.side[1].link.Detach(errCut)
			return w.connect()
		},
	}
	for name, end := range ends {
		for _, durable := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", durable), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, network{delay: time.Millisecond}, Config{MaxMessage: largest})
					cuts := []func(){w.connect()}
					var sending sync.WaitGroup
					var readers []*Channel
					total := 0
					for range 8 {
						a, b := w.open(Options{Durable: durable})
						readers = append(readers, b)
						sending.Go(func() { a.Send(t.Context(), make([]byte, 3<<20), false) })
						time.Sleep(time.Minute)
						cuts = append(cuts, end(w, a))
						time.Sleep(time.Second)
					}
					for _, b := range readers {
						total += held(b)
					}
					if total > largest+len(readers)*2*fullWindow || total < 3<<20 {
						t.Errorf("%d bytes are held", total)
					}
					// Who reads, or closes, makes room.
					if _, _, err := readers[0].Recv(t.Context()); err != nil {
						t.Error(err)
					}
					for _, b := range readers {
						b.Close("")
					}
					time.Sleep(time.Minute)
					if free := w.side[1].mux.budget.free; free != largest {
						t.Errorf("%d bytes are free in the end", free)
					}
					w.close()
					for _, cut := range cuts {
						cut()
					}
					sending.Wait()
				})
			})
		}
	}
}

// late is a context that is over when it is asked, and says so to nobody who waits.
type late struct {
	context.Context
	over *atomic.Bool
}

func (late) Done() <-chan struct{} { return nil }

func (c late) Err() error {
	if c.over.Load() {
		return context.Canceled
	}
	return nil
}

// TestRecvThatGivesUp leaves the message, of which it was told, to another that waits.
func TestRecvThatGivesUp(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		a, b := w.open(Options{})
		first := late{t.Context(), new(atomic.Bool)}
		var receiving sync.WaitGroup
		receiving.Go(func() {
			if _, _, err := b.Recv(first); code(err) != protocol.CodeAborted {
				t.Error(err)
			}
		})
		synctest.Wait()
		receiving.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if data, _, err := b.Recv(ctx); string(data) != "one" {
				t.Error(err)
			}
		})
		synctest.Wait()
		first.over.Store(true)
		if err := a.Send(t.Context(), []byte("one"), true); err != nil {
			t.Fatal(err)
		}
		receiving.Wait()
	})
}

// TestShutdownTakesNoMore: what the other side opens meanwhile is refused, so that there is an end; and durable channels that are not open
// again yet are closed in order.
func TestShutdownTakesNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, network{delay: 10 * time.Millisecond})
		cut := w.connect()
		a, b := w.open(Options{Durable: true})
		c, d := w.open(Options{})
		cut()
		for _, ch := range []*Channel{a, b} { // kept, and sent when it is open again
			if err := ch.Send(t.Context(), []byte("before"), true); err != nil {
				t.Fatal(err)
			}
		}
		<-c.Context().Done()
		<-d.Context().Done()
		cut = w.connect()
		defer cut()
		defer w.close()
		var opening sync.WaitGroup
		stop := make(chan struct{})
		var refused atomic.Int32
		opening.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(3 * time.Millisecond):
				}
				ch, err := w.side[1].mux.Open(t.Context(), "late", Options{})
				if err != nil {
					t.Error(err)
					return
				}
				opening.Go(func() {
					<-ch.Context().Done()
					if err := context.Cause(ch.Context()); code(err) != protocol.CodeClosed {
						t.Errorf("a channel that was opened late ends with %v", err)
					}
					refused.Add(1)
				})
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.side[0].mux.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if data, _, err := b.Recv(t.Context()); string(data) != "before" {
			t.Errorf("the last message of a durable channel: %v", err)
		}
		time.Sleep(time.Second)
		close(stop)
		time.Sleep(time.Second)
		cut()
		opening.Wait()
		if n := refused.Load(); n < 10 {
			t.Errorf("%d were refused", n)
		}
		if _, err := w.side[0].mux.Open(t.Context(), "x", Options{}); code(err) != protocol.CodeClosed {
			t.Error(err)
		}
	})
}

// TestTextsThatAreNotUTF8 are refused here, or made some: the other side ends the connection for them.
func TestTextsThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, w *world) {
		garbage := strings.Repeat("\xff", maxText)
		for _, o := range []Options{{}, {Protocol: garbage}} {
			label := ""
			if o.Protocol == "" {
				label = garbage
			}
			if _, err := w.side[0].mux.Open(t.Context(), label, o); code(err) != protocol.CodeUnsupported {
				t.Errorf("open: %v", err)
			}
		}
		a, b := w.open(Options{})
		a.Close(garbage)
		if _, _, err := b.Recv(t.Context()); code(err) != protocol.CodeClosed {
			t.Error(err)
		}
		a, b = w.open(Options{})
		a.Reset(&protocol.Error{Code: protocol.CodeTimeout, Text: garbage})
		if _, _, err := b.Recv(t.Context()); code(err) != protocol.CodeTimeout {
			t.Error(err)
		}
		if n := len(w.side[1].failed); n > 0 {
			t.Error(<-w.side[1].failed)
		}
	})
}

// TestManyIncompleteMessages: a channel that is reliable and not ordered keeps only so many, which an honest sender never has.
func TestManyIncompleteMessages(t *testing.T) {
	t.Parallel()
	var ch *Channel
	m := New(Config{Accept: func(c *Channel) bool { ch = c; return true }})
	defer m.Close(nil)
	l := m.Attach(Connection{Fail: func(err error) { t.Error(err) }})
	lane, data := l.Accept(hole{}, Class{}), l.Accept(hole{}, Class{Unordered: true})
	head, err := json.Marshal(openHead{Unordered: true, Max: 1, Window: 1})
	if err != nil {
		t.Fatal(err)
	}
	lane(append([]byte{1, 0}, head...))
	for n := range uint64(2000) {
		f := frame{kind: kindPart, n: n + 1, total: 2, payload: []byte{0}}
		data(f.append(nil))
	}
	if err := context.Cause(ch.Context()); code(err) != protocol.CodeOverflow {
		t.Errorf("%d incomplete messages, and %v", len(ch.in.parts), err)
	}
}

// TestShutdownBreaksRequestsOff: an answer that is not whole does not look as if it were, nor does what is asked.
func TestShutdownBreaksRequestsOff(t *testing.T) {
	t.Parallel()
	for _, closes := range []int{0, 1} {
		in(t, func(t *testing.T, w *world) {
			a, b := w.open(Options{Request: true})
			whole, answered := w.open(Options{Request: true})
			for _, ch := range []*Channel{a, b, whole, answered} {
				if err := ch.Send(t.Context(), []byte("the first half"), false); err != nil {
					t.Fatal(err)
				}
			}
			answered.Close("")
			whole.CloseWrite(t.Context())
			time.Sleep(time.Second)
			if err := w.side[closes].mux.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			reader := []*Channel{b, a}[closes]
			if _, _, err := reader.Recv(t.Context()); err != nil {
				t.Error(err)
			}
			if _, _, err := reader.Recv(t.Context()); code(err) != protocol.CodeClosed || reader.Complete() {
				t.Errorf("half of it ends with %v, as if it were whole: %v", err, reader.Complete())
			}
			if _, _, err := whole.Recv(t.Context()); err != nil || !whole.Complete() {
				t.Errorf("a whole answer: %v", err)
			}
		})
	}
}
