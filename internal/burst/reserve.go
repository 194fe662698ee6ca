package burst

import (
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// reserved is held by a program with a small heap while much is sent or read, in bytes.
	reserved = 4 << 20
	// smallHeap is the size of the heap from which on the garbage collector runs seldom enough, in bytes.
	smallHeap = 16 << 20
	// reserveFor is how long after the last burst the reserve is held.
	reserveFor = time.Second
	// aBurst is how many datagrams at a time are much.
	aBurst = 8
)

// reserve keeps the garbage collector from running hundreds of times a second. Pion leaves some 9 kB of garbage for each datagram that it
// sends, and Go collects when there is as much garbage as memory in use, at the soonest after 4 MB: for a program that has little in use,
// that is every few hundred datagrams, and a third of what sending costs. So while there are bursts, and the heap is small, a few megabytes
// are in use that nobody uses. As nothing is ever written to them, they are addresses and no memory; what they cost is that as much
// garbage may lie around for longer. A program with a larger heap gets none, and so many rooms get it no more than a few times.
type reserve struct {
	used atomic.Bool   // since release last looked
	goal func() uint64 // nil is heapGoal; for tests

	mu   sync.Mutex
	held []byte // guarded by mu
	ends *time.Timer
}

// use says that there is a burst.
func (r *reserve) use() {
	if r.used.Load() {
		return
	}
	r.used.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ends == nil {
		goal := r.goal
		if goal == nil {
			goal = heapGoal
		}
		if goal() < smallHeap {
			r.held = make([]byte, reserved)
		}
		r.ends = time.AfterFunc(reserveFor, r.release)
	}
}

// release lets go of it when there was no burst for a while. It is called by the timer.
func (r *reserve) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used.Swap(false) {
		r.ends.Reset(reserveFor)
		return
	}
	r.held, r.ends = nil, nil
}

// heapGoal is the size of the heap at which the garbage collector runs next.
func heapGoal() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return smallHeap // a runtime that does not tell
	}
	return sample[0].Value.Uint64()
}
