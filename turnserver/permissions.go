package turnserver

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
)

// permissions are the addresses for which a relay's client has a permission, as Pion tells of them. Pion drops what comes from
// others only after it has been read: knowing them here keeps strangers, who find every port of a relay's address, from
// using up what the client may relay, its inbox and its gate. All methods may be called at any time.
type permissions struct {
	set atomic.Pointer[map[netip.Addr]bool] // replaced, never changed; nil is none
	mu  sync.Mutex                          // held to replace set
}

// has takes a canonical address.
func (p *permissions) has(a netip.Addr) bool {
	set := p.set.Load()
	return set != nil && (*set)[a]
}

// more tells how many there would be with some more.
func (p *permissions) more(list []netip.Addr) int {
	next := map[netip.Addr]bool{}
	if set := p.set.Load(); set != nil {
		next = maps.Clone(*set)
	}
	for _, a := range list {
		next[a] = true
	}
	return len(next)
}

func (p *permissions) put(a netip.Addr, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := map[netip.Addr]bool{}
	if old := p.set.Load(); old != nil {
		next = maps.Clone(*old)
	}
	if yes {
		next[a] = true
	} else {
		delete(next, a)
	}
	p.set.Store(&next)
}
