package mux

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestWhatIsTooOldIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := make(chan struct{})
		w := newWorld(t, network{full: full})
		stop := make(chan struct{})
		var pace sync.WaitGroup
		pace.Go(func() {
			for {
				select {
				case full <- struct{}{}:
					time.Sleep(20 * time.Millisecond)
				case <-stop:
					return
				}
			}
		})
		cut := w.connect()
		none := uint16(0)
		a, b := w.open(Options{Class: Class{Unordered: true, MaxRetransmits: &none}, MaxQueueAge: 100 * time.Millisecond})
		const sent = 1000
		for i := range sent { // one each millisecond, where one each 20 leaves
			began := time.Now()
			if err := a.Send(t.Context(), []byte{byte(i), byte(i >> 8)}, false); err != nil {
				t.Fatal(err)
			}
			if time.Since(began) > 0 {
				t.Fatal("Send has waited")
			}
			if age := a.Stats().QueueAge; age > 100*time.Millisecond {
				t.Fatalf("what waits is %v old", age)
			}
			time.Sleep(time.Millisecond)
		}
		if b := a.Stats().Buffered; b > 2*101 || b == 0 {
			t.Fatalf("%d bytes wait", b)
		}
		a.Close("")
		received := 0
		for {
			if _, _, err := b.Recv(t.Context()); err != nil {
				if code(err) != protocol.CodeClosed {
					t.Fatal(err)
				}
				break
			}
			received++
		}
		dropped := int(a.Stats().Dropped)
		if received < 40 || received+dropped != sent {
			t.Fatalf("received %d, dropped %d of %d", received, dropped, sent)
		}
		w.close()
		cut()
		close(stop)
		pace.Wait()
	})
}

// TestQueueIsBounded: an association that is full for good holds no more than 1 MiB, and nobody waits.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := make(chan struct{}, 2) // for OPEN and OPENED
		for range cap(full) {
			full <- struct{}{}
		}
		w := newWorld(t, network{full: full})
		cut := w.connect()
		none := uint16(0)
		a, _ := w.open(Options{Class: Class{MaxRetransmits: &none}, MaxQueueAge: time.Hour})
		for range 1000 {
			if err := a.Send(t.Context(), make([]byte, 10_000), false); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if s := a.Stats(); s.Buffered > unbounded || s.Buffered < unbounded/2 || s.Dropped == 0 {
			t.Fatalf("%+v", s)
		}
		if err := a.Send(t.Context(), make([]byte, unbounded+1), false); code(err) != protocol.CodeMessageTooLarge {
			t.Fatal(err)
		}
		cut()
		if err := a.Send(t.Context(), nil, false); code(err) != protocol.CodeConnectionLost {
			t.Fatal(err)
		}
		w.close()
	})
}

// TestLoss: what arrives is whole and once, what is lost is bounded, and the end does not wait for it for ever.
func TestLoss(t *testing.T) {
	t.Parallel()
	each(t, network{delay: time.Millisecond, lose: func(Class) bool { return rand.IntN(5) == 0 }}, func(t *testing.T, w *world, o Options) {
		if o.Reliable() {
			return
		}
		a, b := w.open(o)
		c, _ := w.open(o) // which makes the parts short
		const sent = 300
		for i := range sent {
			if err := a.Send(t.Context(), bytes.Repeat([]byte{byte(i)}, 40_000), false); err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
				if err := c.Send(t.Context(), nil, false); err != nil {
					t.Fatal(err)
				}
			}
			b.mu.Lock()
			if n := len(b.in.parts); n > maxParts || b.in.size > unbounded+maxParts*messageCost {
				t.Fatalf("%d incomplete messages of %d bytes", n, b.in.size)
			}
			b.mu.Unlock()
		}
		a.Close("")
		began := time.Now()
		<-b.Context().Done()
		if waited := time.Since(began); waited > 2*lostWait {
			t.Fatalf("the end took %v", waited)
		}
		received := 0
		for {
			data, _, err := b.Recv(t.Context())
			if err != nil {
				break
			}
			received++
			if len(data) != 40_000 || bytes.Count(data, data[:1]) != len(data) {
				t.Fatalf("a message of %d bytes is not what was sent", len(data))
			}
		}
		if got := received + int(b.Stats().Missed); got == 0 || got == sent {
			t.Fatalf("%d of %d have arrived", got, sent)
		}
	})
}
