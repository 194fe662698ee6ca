package mux

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestBatchVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, c := range v.Batches {
		b := batch{most: maxBatch}
		for _, raw := range c.Frames {
			var f frame
			if known, err := f.decode(unhex(t, raw)); !known || err != nil {
				t.Fatalf("%s: %s: %v %v", c.Name, raw, known, err)
			}
			if _, ok := b.put(nil, &f); !ok {
				t.Errorf("%s: no room", c.Name)
			}
		}
		b.take()
		got := b.flying
		if b.flyingInfo.count == 1 {
			got = got[b.flyingInfo.first:]
		}
		if want := unhex(t, c.Hex); !bytes.Equal(got, want) {
			t.Errorf("%s: written as %x, not %x", c.Name, got, want)
		}
		if len(c.Frames) == 1 {
			continue
		}
		rest := unhex(t, c.Hex)[1:]
		for _, raw := range c.Frames {
			one, left, err := takeFrame(rest)
			if err != nil || !bytes.Equal(one, unhex(t, raw)) {
				t.Fatalf("%s: read as %x, %v, not %s", c.Name, one, err, raw)
			}
			rest = left
		}
		if len(rest) > 0 {
			t.Errorf("%s: %x is left", c.Name, rest)
		}
	}
	for _, c := range v.RefusedBatches {
		rest, err := unhex(t, c.Hex)[1:], error(nil)
		for range 3 {
			if _, rest, err = takeFrame(rest); err != nil {
				break
			}
		}
		if code(err) != "bad-frame" {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// leaving is what has been written, as numbers of frames.
type leaving struct {
	mu     sync.Mutex
	counts []int
	sizes  []int
}

func (s *leaving) record(from int, raw []byte) {
	if from != 0 || len(raw) == 0 || raw[0] < byte(kindBatch) {
		return // no message of side 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 1
	if kind(raw[0]) == kindBatch {
		n = 0
		for rest, one := raw[1:], []byte(nil); len(rest) > 0; n++ {
			one, rest, _ = takeFrame(rest)
			if len(one) == 0 {
				return
			}
		}
	}
	s.counts, s.sizes = append(s.counts, n), append(s.sizes, len(raw))
}

func (s *leaving) take() (counts, sizes []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts, sizes = s.counts, s.sizes
	s.counts, s.sizes = nil, nil
	return counts, sizes
}

// What waits while the association is full leaves together, within the bound; what is alone leaves alone, and at once.
func TestSmallMessagesLeaveTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s leaving
		full := make(chan struct{}, 1000)
		w := newWorld(t, network{record: s.record, full: full})
		free := func(n int) {
			for range n {
				full <- struct{}{}
			}
		}
		free(100)
		cut := w.connect()
		defer cut()
		defer w.close()
		defer free(100)
		a, b := w.open(Options{})
		synctest.Wait()
		for len(full) > 0 {
			<-full
		}
		s.take()
		sent := make(chan error, 1)
		go func() {
			for i := range 50 {
				if err := a.Send(t.Context(), fmt.Appendf(nil, "%01000d", i), true); err != nil {
					sent <- err
					return
				}
			}
			sent <- a.Flush(t.Context())
		}()
		for range 10 {
			synctest.Wait()
			free(1)
		}
		synctest.Wait()
		counts, sizes := s.take()
		total := 0
		for i, n := range counts {
			total += n
			if sizes[i] > maxBatch {
				t.Errorf("%d bytes leave at once", sizes[i])
			}
		}
		if total != 50 || len(counts) > 6 {
			t.Errorf("50 messages left as %v", counts)
		}
		free(50)
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			data, _, err := b.Recv(t.Context())
			if err != nil || string(data) != fmt.Sprintf("%01000d", i) {
				t.Fatalf("message %d: %.20q, %v", i, data, err)
			}
		}
		// Each by itself, and nothing is waited for: the clock stands still.
		begun := time.Now()
		for range 5 {
			if err := a.Send(t.Context(), []byte("alone"), false); err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !time.Now().Equal(begun) {
			t.Error("a message waited for time to pass")
		}
		synctest.Wait()
		if counts, _ := s.take(); fmt.Sprint(counts) != "[1 1 1 1 1]" {
			t.Errorf("messages that were alone left as %v", counts)
		}
	})
}

// What follows small messages comes behind them: large ones, cut ones, and the end.
func TestOrderAroundBatches(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {Durable: true}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, network{delay: time.Millisecond})
			cut := w.connect()
			defer cut()
			defer w.close()
			a, b := w.open(o)
			var want []int
			for i := range 300 {
				size := 1 + i%5
				if i%7 == 3 {
					size = 40_000
				}
				want = append(want, size)
			}
			go func() {
				for _, size := range want {
					if err := a.Send(context.Background(), make([]byte, size), false); err != nil {
						t.Error(err)
					}
				}
				a.Close("done")
			}()
			for i, size := range want {
				data, _, err := b.Recv(t.Context())
				if err != nil || len(data) != size {
					t.Fatalf("message %d has %d bytes in place of %d, %v", i, len(data), size, err)
				}
			}
			if _, _, err := b.Recv(t.Context()); code(err) != "closed" {
				t.Error(err)
			}
		})
	}
}

// A connection that ends takes with it what waited; a durable channel sends that again.
func TestDurableLosesNoBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := make(chan struct{}, 1000)
		for range 20 {
			full <- struct{}{}
		}
		w := newWorld(t, network{full: full})
		cut := w.connect()
		defer w.close()
		a, b := w.open(Options{Durable: true})
		go func() {
			for i := range 100 {
				if err := a.Send(context.Background(), fmt.Append(nil, i), true); err != nil {
					t.Error(err)
				}
			}
		}()
		synctest.Wait() // the association takes no more
		cut()
		w.cfg.full = nil
		defer w.connect()()
		for i := range 100 {
			data, _, err := b.Recv(t.Context())
			if err != nil || string(data) != fmt.Sprint(i) {
				t.Fatalf("message %d: %q, %v", i, data, err)
			}
		}
	})
}

// A caller that gives up while the batch is full loses its own message and no other.
func TestGivingUpBeforeAFullBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := make(chan struct{}, 1000)
		w := newWorld(t, network{full: full})
		for range 10 {
			full <- struct{}{}
		}
		cut := w.connect()
		defer cut()
		defer w.close()
		a, b := w.open(Options{})
		synctest.Wait()
		for len(full) > 0 {
			<-full
		}
		full <- struct{}{} // for the first, which is alone
		n := 0
		for {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := a.Send(ctx, fmt.Appendf(nil, "%02000d", n), true)
			cancel()
			if err != nil {
				if code(err) != "aborted" {
					t.Fatal(err)
				}
				break
			}
			n++
		}
		if n < 5 {
			t.Fatalf("%d messages fit", n)
		}
		for range 100 {
			full <- struct{}{}
		}
		if err := a.Send(t.Context(), []byte("last"), true); err != nil {
			t.Fatal(err)
		}
		for i := range n + 1 {
			want := fmt.Sprintf("%02000d", i)
			if i == n {
				want = "last"
			}
			data, _, err := b.Recv(t.Context())
			if err != nil || string(data) != want {
				t.Fatalf("message %d: %.20q, %v", i, data, err)
			}
		}
	})
}
