package signaling

import (
	"net/netip"
	"sync"
	"time"
)

// failures remembers which addresses were refused, so that guessing tokens gets slower and slower, and does not become questions
// to whoever decides about them. Who has been let in before comes back by a resume token and is not asked about, so an address
// that many share (an office, a carrier's NAT) loses nobody by what one of them does.
type failures struct {
	limits Limits

	mu    sync.Mutex
	of    map[netip.Prefix]failed // guarded by mu; at most Limits.FailedAddresses
	swept time.Time               // guarded by mu: when all that were forgiven were last thrown out
}

// failed is what is held against an address.
type failed struct {
	count int
	since time.Time // from when on the next one is being forgiven
	until time.Time // when it may try again
}

// now is what is left of a failed at that time.
func (f failed) now(at time.Time, forgive time.Duration) failed {
	n := min(int(at.Sub(f.since)/forgive), f.count)
	f.count -= n
	f.since = f.since.Add(time.Duration(n) * forgive)
	return f
}

// wait is how long the address has to wait before it is asked about again; 0 if not at all.
func (f *failures) wait(addr netip.Addr, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(0, f.of[addressKey(addr)].until.Sub(now))
}

// add notes that the address was refused.
func (f *failures) add(addr netip.Addr, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := addressKey(addr)
	old, known := f.of[key]
	if !known {
		f.makeRoom(now)
	}
	next := old.now(now, f.limits.Forgive)
	if next.count == 0 {
		next.since = now
	}
	next.count++
	if over := next.count - f.limits.Failures; over > 0 {
		delay := f.limits.Delay
		for ; over > 1 && delay < f.limits.LongestDelay; over-- {
			delay *= 2
		}
		next.until = now.Add(min(delay, f.limits.LongestDelay))
	}
	f.of[key] = next
}

// makeRoom sees to it that the table has a free place. A full one is swept at most once in the time in which anything can have been
// forgiven, or a flood of addresses would make each failure cost as much as all. Beyond that chance decides who is forgotten: a
// table that took no more would be open to all who come after it was filled. f.mu must be held.
func (f *failures) makeRoom(now time.Time) {
	if len(f.of) < f.limits.FailedAddresses {
		return
	}
	if now.Sub(f.swept) >= f.limits.Forgive {
		f.swept = now
		for key, old := range f.of {
			if old.now(now, f.limits.Forgive).count == 0 && !now.Before(old.until) {
				delete(f.of, key)
			}
		}
	}
	for key := range f.of {
		if len(f.of) < f.limits.FailedAddresses {
			return
		}
		delete(f.of, key)
	}
}
