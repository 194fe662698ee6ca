package turnserver

import (
	"sync"
	"sync/atomic"
	"time"
)

// account is what one identity, room or address has used. Charging it is a handful of atomics, for every packet of every
// relay it pays for does that.
type account struct {
	key   accountKey
	quota Quota

	allocations int           // open; guarded by ledger.mu
	idleSince   time.Duration // guarded by ledger.mu

	bytes dayCount
	rate  bucket
}

// charge takes n bytes at a time, or nothing and says which bound would have been passed.
func (a *account) charge(n int64, at time.Duration) (quotaWhat, bool) {
	if a.quota.Bytes > 0 && !a.bytes.add(n, a.quota.Bytes, at) {
		return quotaBytes, false
	}
	if rate := a.quota.BitsPerSecond; rate > 0 && !a.rate.take(cost(n, rate), max(time.Second, cost(leastBurst, rate)), at) {
		a.refundBytes(n)
		return quotaBandwidth, false
	}
	return 0, true
}

// refund gives back what charge took, because another account refused.
func (a *account) refund(n int64) {
	a.refundBytes(n)
	if a.quota.BitsPerSecond > 0 {
		a.rate.next.Add(-int64(cost(n, a.quota.BitsPerSecond)))
	}
}

func (a *account) refundBytes(n int64) {
	if a.quota.Bytes > 0 {
		a.bytes.sum.Add(-n)
	}
}

// dayCount is the sum of the current hour and the 23 before it. The zero value is ready.
type dayCount struct {
	sum  atomic.Int64 // of all 24, the current one included
	hour atomic.Int64 // the current one, counted from the ledger's start

	mu    sync.Mutex // held to go to a new hour
	hours [24]int64  // what was counted in each, by hour modulo 24, but for the current one; guarded by mu
}

// add counts n unless the sum would exceed max. Beside others that are refused at the same moment it may refuse what
// would just have fitted.
func (d *dayCount) add(n, max int64, at time.Duration) bool {
	if hour := int64(at / time.Hour); hour > d.hour.Load() {
		d.turn(hour)
	}
	if d.sum.Add(n) > max {
		d.sum.Add(-n)
		return false
	}
	return true
}

// turn begins a new hour. What others count meanwhile falls into the one before it or into this one, and never out of the
// sum.
func (d *dayCount) turn(hour int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.hour.Load()
	if hour <= was {
		return
	}
	d.hours[was%24] = 0
	past := int64(0)
	for _, n := range d.hours {
		past += n
	}
	d.hours[was%24] = d.sum.Load() - past
	for h := was + 1; h <= hour && h <= was+24; h++ { // those that leave the day, that of the new hour included
		d.sum.Add(-d.hours[h%24])
		d.hours[h%24] = 0
	}
	d.hour.Store(hour)
}

// leastBurst lets a slow rate carry a flight of packets, and any rate carry one of the largest.
const leastBurst = 16 << 10

// cost is how long n bytes take. A datagram's fits: 65,535 bytes are 5e14 of the 9e18 nanoseconds that overflow.
func cost(n, bitsPerSecond int64) time.Duration {
	return time.Duration(n * 8 * int64(time.Second) / bitsPerSecond)
}

// bucket is a token bucket kept as the time at which it will be full again (GCRA): one number, so one atomic. The zero
// value is full.
type bucket struct{ next atomic.Int64 } // nanoseconds since its owner's start

// take takes what price stands for out of a bucket that fills in the time depth, or nothing. at never goes back by much.
func (b *bucket) take(price, depth, at time.Duration) bool {
	for {
		old := b.next.Load()
		next := max(old, int64(at)) + int64(price)
		if next-int64(at) > int64(depth) {
			return false
		}
		if b.next.CompareAndSwap(old, next) {
			return true
		}
	}
}
