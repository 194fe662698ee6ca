package turnserver

import (
	"cmp"
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ledger keeps the accounts of Quotas. An allocation reserves its place in all of its accounts or in none, and gets a
// holding through which its packets are charged without looking anything up. All methods may be called at any time.
type ledger struct {
	quotas  Quotas
	now     func() time.Time
	start   time.Time
	notices *notices // nil when nobody wants to know

	refused [limits]atomic.Uint64 // allocations and packets, by limit
	forgot  atomic.Uint64         // accounts that made room

	mu       sync.Mutex
	accounts map[accountKey]*account    // guarded by mu
	idle     *list.List                 // of *account without an allocation, the longest idle first; guarded by mu
	idleAt   map[*account]*list.Element // guarded by mu
}

const (
	// idleAccounts is how many accounts without an allocation are remembered for what they used: for a day, or until
	// there are more, when the one that has been idle for longest is forgotten. Some 500 bytes each.
	idleAccounts = 1 << 16
	// idleTime is when everything that an account has used is older than a day.
	idleTime = 25 * time.Hour
)

// newLedger makes a ledger whose bound for allocations of one address is that of the quota or else perAddress. tell may
// be nil. The ledger must be closed.
func newLedger(q Quotas, perAddress int, now func() time.Time, tell func(user string, l Limited)) *ledger {
	if q.Address.Allocations == 0 {
		q.Address.Allocations = perAddress
	}
	l := &ledger{
		quotas: q, now: now, start: now(), accounts: map[accountKey]*account{}, idle: list.New(), idleAt: map[*account]*list.Element{},
	}
	if tell != nil {
		l.notices = newNotices(now, tell)
	}
	return l
}

// close ends the notices: none is told once it returns.
func (l *ledger) close() {
	if l.notices != nil {
		l.notices.close()
	}
}

// at is the time for charge.
func (l *ledger) at() time.Duration { return l.now().Sub(l.start) }

// reserve takes a place for one allocation, or says whose bound it met, and counts and tells that.
func (l *ledger) reserve(user string, a Account, client netip.Addr) (*holding, limit) {
	keys := make([]accountKey, 0, 2+len(a.Rooms))
	for _, k := range append([]accountKey{{quotaIdentity, cmp.Or(a.Identity, user)}, {quotaAddress, networkName(client)}}, rooms(a)...) {
		if l.quotas.of(k.kind) != (Quota{}) && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	h := &holding{ledger: l, user: user}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetIdle()
	for _, k := range keys {
		acc := l.accounts[k]
		q := l.quotas.of(k.kind)
		if acc != nil && q.Allocations > 0 && acc.allocations >= q.Allocations {
			met := limitOf(k.kind, quotaAllocations)
			l.refused[met].Add(1)
			l.notices.post(user, met, k.name)
			return nil, met
		}
	}
	for _, k := range keys {
		acc := l.accounts[k]
		if acc == nil {
			acc = &account{key: k, quota: l.quotas.of(k.kind)}
			l.accounts[k] = acc
		}
		if e := l.idleAt[acc]; e != nil {
			l.idle.Remove(e)
			delete(l.idleAt, acc)
		}
		acc.allocations++
		h.all = append(h.all, acc)
		if acc.quota.Bytes > 0 || acc.quota.BitsPerSecond > 0 {
			h.charged = append(h.charged, acc)
		}
	}
	return h, 0
}

func rooms(a Account) []accountKey {
	keys := make([]accountKey, len(a.Rooms))
	for i, r := range a.Rooms {
		keys[i] = accountKey{quotaRoom, r}
	}
	return keys
}

// forgetIdle is called with mu held.
func (l *ledger) forgetIdle() {
	now := l.at()
	for e := l.idle.Front(); e != nil; e = l.idle.Front() {
		acc := e.Value.(*account)
		old := now-acc.idleSince > idleTime
		if !old && l.idle.Len() <= idleAccounts {
			return
		}
		if !old {
			l.forgot.Add(1)
		}
		l.idle.Remove(e)
		delete(l.idleAt, acc)
		delete(l.accounts, acc.key)
	}
}

// holding is what one allocation has reserved. Its methods may be called at any time, charge by both directions at once.
type holding struct {
	ledger   *ledger
	user     string
	all      []*account
	charged  []*account // of them those that bound bytes or bandwidth
	released bool       // guarded by ledger.mu

	told [limits]atomic.Int64 // when each was last posted, in nanoseconds since the ledger's start, plus one
}

// metered tells whether charge can ever refuse: who reads the clock for it need not otherwise.
func (h *holding) metered() bool { return len(h.charged) > 0 }

// charge pays for n bytes of payload at a time of ledger.at, from all accounts or from none; then it counts, tells and
// returns which bound was met, and the packet is to be dropped. It allocates nothing and takes no lock, but for once an
// hour.
func (h *holding) charge(n int, at time.Duration) limit {
	for i, acc := range h.charged {
		what, ok := acc.charge(int64(n), at)
		if ok {
			continue
		}
		for _, paid := range h.charged[:i] {
			paid.refund(int64(n))
		}
		met := limitOf(acc.key.kind, what)
		h.ledger.refused[met].Add(1)
		h.tell(met, acc, at)
		return met
	}
	return 0
}

// tell posts a notice at most once in noticeEvery for each limit, so that a flood of refused packets ends here.
func (h *holding) tell(met limit, acc *account, at time.Duration) {
	last, now := h.told[met].Load(), int64(at)+1
	if last != 0 && now-last < int64(noticeEvery) || !h.told[met].CompareAndSwap(last, now) {
		return
	}
	h.ledger.notices.post(h.user, met, acc.key.name)
}

// release gives the place back. It may be called again.
func (h *holding) release() {
	l := h.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.released {
		return
	}
	h.released = true
	for _, acc := range h.all {
		if acc.allocations--; acc.allocations > 0 {
			continue
		}
		if acc.quota.Bytes == 0 && acc.quota.BitsPerSecond == 0 {
			delete(l.accounts, acc.key) // nothing to remember
			continue
		}
		acc.idleSince = l.at()
		l.idleAt[acc] = l.idle.PushBack(acc)
	}
	l.forgetIdle()
}
