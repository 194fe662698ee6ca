package burst

import (
	"testing"
	"testing/synctest"
	"time"
)

// The reserve is held while there are bursts, and let go of after them, again and again.
func TestReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := reserve{goal: func() uint64 { return smallHeap - 1 }}
		holds := func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.held != nil
		}
		for range 2 {
			if holds() {
				t.Fatal("it is held without a burst")
			}
			for range 10 {
				r.use()
				if !holds() {
					t.Fatal("it is not held during bursts")
				}
				time.Sleep(reserveFor / 2)
			}
			time.Sleep(2 * reserveFor)
		}
		if holds() {
			t.Error("it is still held")
		}
		r.goal = func() uint64 { return smallHeap }
		if r.use(); holds() {
			t.Error("it is held by a program whose heap is large enough")
		}
		time.Sleep(3 * reserveFor)
	})
}

// What the runtime tells is a size.
func TestHeapGoal(t *testing.T) {
	t.Parallel()
	if goal := heapGoal(); goal < 1<<20 || goal == smallHeap {
		t.Errorf("the heap's goal is %d bytes", goal)
	}
}

// Who sends much gets one, and who reads it; a few datagrams are not much.
func TestReserveIsForBursts(t *testing.T) {
	t.Parallel()
	for _, many := range []int{1, 2000} {
		var here, there Sockets
		a, _ := listen(t, &here)
		b, to := listen(t, &there)
		read := make(chan struct{})
		go func() {
			defer close(read)
			buf := make([]byte, 8192)
			for got := 0; got < many; {
				n, _, err := b.ReadFromAddrPort(buf)
				if err != nil {
					t.Error(err)
					return
				}
				got += n / len(record(0, 1200))
			}
		}()
		for i := range many {
			_, err := a.WriteToAddrPort(record(i, 1200), to)
			must(t, err)
		}
		<-read
		for name, s := range map[string]*Sockets{"who sends": &here, "who reads": &there} {
			if got := s.reserve.used.Load(); got != (many > 1) {
				t.Errorf("after %d datagrams, %s: %v", many, name, got)
			}
		}
	}
}
