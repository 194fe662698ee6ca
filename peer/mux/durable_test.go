package mux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// numberedMessage is message i of a direction: its size is a function of i, so that a lost or doubled one is seen.
func numberedMessage(r *rand.Rand, i int) []byte {
	size := 8 + r.IntN(200)
	switch r.IntN(20) {
	case 0:
		size += r.IntN(100 << 10)
	case 1:
		size += r.IntN(400 << 10)
	}
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, uint64(i))
	b[size-1] ^= byte(i)
	return b
}

// TestDurableThroughCuts cuts the connection before random frames, of either side, and makes a new one, again and again. Nothing is lost, doubled or out
// of order, and the end arrives.
func TestDurableThroughCuts(t *testing.T) {
	t.Parallel()
	seeds := 6
	if n, err := strconv.Atoi(os.Getenv("BECKON_SEEDS")); err == nil {
		seeds = n // a longer search
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { durableThroughCuts(t, uint64(seed)) })
		})
	}
}

func durableThroughCuts(t *testing.T, seed uint64) {
	const messages = 60
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 1))
	chance := 1 << (1 + r.IntN(8)) // from each second frame to each 256th
	cuts, frames := 0, 0
	w := newWorld(t, network{
		delay: time.Duration(1+r.IntN(50)) * time.Millisecond,
		cut: func(int) bool {
			mu.Lock()
			defer mu.Unlock()
			frames++
			if cuts < 100 && r.IntN(chance) == 0 {
				cuts++
				return true
			}
			return false
		},
		slow: func(Class) time.Duration { return time.Duration(rand.N(3)) * time.Millisecond },
	})
	done := make(chan struct{})
	var driver sync.WaitGroup
	driver.Go(func() {
		for {
			x := w.connection()
			select {
			case <-x.ctx.Done():
			case <-done:
				x.end()
				return
			}
			x.end()
			time.Sleep(time.Duration(rand.N(1000)) * time.Millisecond)
		}
	})
	var all sync.WaitGroup
	for c := range 3 {
		var a *Channel
		for a == nil {
			ch, err := w.side[c%2].mux.Open(t.Context(), fmt.Sprint(c), Options{Durable: true})
			if err != nil && code(err) != protocol.CodeConnectionLost {
				t.Fatal(err)
			}
			a = ch
		}
		all.Go(func() { // who opens sends, asks for an end, and closes when it has it
			var both sync.WaitGroup
			both.Go(func() { sendNumbered(t, a, seed+uint64(c), messages) })
			recvNumbered(t, a, seed+100+uint64(c), messages)
			both.Wait()
			if c == 1 { // the other side closes
				if _, _, err := a.Recv(t.Context()); !errors.Is(err, &protocol.Error{Code: protocol.CodeClosed, Text: "enough"}) {
					t.Errorf("opener: the end of %d is %v", c, err)
				}
				return
			}
			a.Close("enough")
		})
	}
	for range 3 {
		all.Go(func() {
			var b *Channel
			select {
			case b = <-w.side[0].accepted:
			case b = <-w.side[1].accepted:
			}
			var c int
			fmt.Sscan(b.Label(), &c)
			var both sync.WaitGroup
			both.Go(func() { sendNumbered(t, b, seed+100+uint64(c), messages) })
			recvNumbered(t, b, seed+uint64(c), messages)
			both.Wait()
			if c == 1 {
				b.Close("enough")
				return
			}
			if _, _, err := b.Recv(t.Context()); !errors.Is(err, &protocol.Error{Code: protocol.CodeClosed, Text: "enough"}) {
				t.Errorf("the end of %d is %v", c, err)
			}
		})
	}
	all.Wait()
	time.Sleep(2 * resumeGrace)
	synctest.Wait()
	close(done)
	driver.Wait()
	for i, e := range w.side {
		e.mux.mu.Lock()
		if len(e.mux.ours)+len(e.mux.theirs) > 0 || len(e.mux.slots) > 0 {
			t.Errorf("side %d: %d of ours, %d of theirs, %d slots are left", i, len(e.mux.ours), len(e.mux.theirs), len(e.mux.slots))
		}
		e.mux.mu.Unlock()
		for len(e.failed) > 0 {
			if err := <-e.failed; code(err) != protocol.CodeConnectionLost {
				t.Errorf("side %d: %v", i, err)
			}
		}
	}
	w.close()
	if t.Failed() {
		t.Logf("%d frames, %d cuts", frames, cuts)
	}
}

func sendNumbered(t *testing.T, ch *Channel, seed uint64, messages int) {
	r := rand.New(rand.NewPCG(seed, 2))
	pause := rand.New(rand.NewPCG(seed, 3))
	for i := range messages {
		m := numberedMessage(r, i)
		if err := ch.Send(t.Context(), m, i%3 == 0); err != nil {
			t.Errorf("%s: send %d: %v", ch.Label(), i, err)
			return
		}
		if pause.IntN(10) == 0 {
			time.Sleep(time.Duration(pause.IntN(100)) * time.Millisecond)
		}
	}
}

func recvNumbered(t *testing.T, ch *Channel, seed uint64, messages int) {
	r := rand.New(rand.NewPCG(seed, 2))
	pause := rand.New(rand.NewPCG(seed, 4))
	for i := range messages {
		want := numberedMessage(r, i)
		data, text, err := ch.Recv(t.Context())
		if err != nil || !bytes.Equal(data, want) || text != (i%3 == 0) {
			t.Errorf("%s: message %d is %d bytes, of %d, %v", ch.Label(), i, len(data), len(want), err)
			return
		}
		if pause.IntN(10) == 0 {
			time.Sleep(time.Duration(pause.IntN(300)) * time.Millisecond)
		}
	}
}

// TestResumeOfOneThatHasJustEnded: a durable channel whose end is known, and whose name is not yet among those that are remembered, was closed
// in order all the same, and is neither a new one nor lost.
func TestResumeOfOneThatHasJustEnded(t *testing.T) {
	t.Parallel()
	for _, received := range []string{"", `,"received":0`} {
		var come []*Channel
		m := New(Config{Accept: func(ch *Channel) bool { come = append(come, ch); return true }})
		defer m.Close(nil)
		open := `{"max":1,"window":1,"durable":"0123456789abcdef"`
		fail := Connection{Fail: func(err error) { t.Error(err) }}
		l := m.Attach(fail)
		l.Accept(hole{}, Class{})([]byte("\x01\x00" + open + "}"))
		l.Detach(errCut)
		come[0].mu.Lock()
		come[0].gone, come[0].inOrder = true, true // as between finish and forget
		come[0].mu.Unlock()
		var said sent
		l = m.Attach(fail)
		l.Accept(&said, Class{})([]byte("\x01\x00" + open + received + "}"))
		if err := l.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if said.all() != "\x07\x00" || len(come) != 1 {
			t.Errorf("with %q: said %q, %d channels", received, said.all(), len(come))
		}
	}
}
