package turnserver

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// relays opens the relays, one for each allocation, and knows those that are open. All methods may be called at any time.
type relays struct {
	srv      *Server
	families pair[*family] // nil: not served

	mu       sync.RWMutex
	users    map[string]map[*relay]bool // those open, by user; guarded by mu
	open     int                        // how many; guarded by mu
	draining bool                       // no new ones; guarded by mu
	empty    chan struct{}              // closed once draining and none is open

	// wg counts for each relay: its reader, until it got its last error, and Pion's allocation, until it is deleted.
	wg sync.WaitGroup
}

// family is the relays of one address family. They have one address, so a port is all that tells them apart, and an array is
// the table that every packet can look into without a lock. It costs half a megabyte of address space.
type family struct {
	told  netip.Addr // what peers are told
	bind  netip.Addr // where sockets are bound; the zero value with virtual ports
	ports [1 << 16]atomic.Pointer[relay]
}

func newRelays(s *Server, told, bind pair[netip.Addr]) *relays {
	r := &relays{srv: s, users: map[string]map[*relay]bool{}, empty: make(chan struct{})}
	for i := range told {
		if told[i].IsValid() {
			r.families[i] = &family{told: told[i], bind: bind[i]}
		}
	}
	return r
}

// find returns the open relay at an address, nil for every other one. The address is canonical.
func (r *relays) find(at netip.AddrPort) *relay {
	f := *r.families.of(at.Addr())
	if f == nil || f.told != at.Addr() {
		return nil
	}
	return f.ports[at.Port()].Load()
}

// create opens the relay of a new allocation, for the client whose request e is handling.
func (r *relays) create(e *entry, c turn.AllocateListenerConfig) (*relay, error) {
	f := r.families[0]
	if c.Network == "udp6" {
		f = r.families[1]
	}
	if f == nil {
		return nil, e.refuse(allocFamily, stun.CodeAddrFamilyNotSupported, ErrFamily)
	}
	var account Account
	if accounts := r.srv.cfg.Accounts; accounts != nil {
		account = accounts(c.UserID)
	}
	held, met := r.srv.ledger.reserve(c.UserID, account, e.req.from.Addr())
	if met != 0 {
		return nil, e.refuse(allocQuota, stun.CodeAllocQuotaReached, fmt.Errorf("%w: %s", ErrQuota, met))
	}
	rl, err := newRelay(r, f, e, c.UserID, held, c.RequestedPort != 0)
	if err != nil {
		held.release()
		why := allocSocket
		if errors.Is(err, ErrNoPorts) {
			why = allocPorts
		}
		return nil, e.refuse(why, stun.CodeInsufficientCapacity, err)
	}
	if why, err := r.add(rl); err != nil {
		rl.release()
		code := stun.CodeInsufficientCapacity
		switch why {
		case allocDraining:
			code = stun.CodeAllocQuotaReached // there will be none here, for a while
		case allocRevoked:
			code = stun.CodeUnauthorized
		}
		return nil, e.refuse(why, code, err)
	}
	return rl, nil
}

// add makes a relay one that counts, or says why it may not.
func (r *relays) add(rl *relay) (allocFailure, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.draining {
		return allocDraining, ErrClosed
	}
	// Asked again here, with the lock that end takes: a request that was let in before a revocation must not open its relay
	// after it, when nothing would end it any more.
	if r.srv.revoked.refuses(rl.user, rl.entry.req.as) {
		return allocRevoked, ErrRevoked
	}
	if rl.sock != nil {
		var err error
		if rl.polled, err = r.srv.poller.Add(rl.batch, rl); err != nil {
			return allocSocket, fmt.Errorf("turnserver: relay socket: %w", err)
		}
	}
	if r.users[rl.user] == nil {
		r.users[rl.user] = map[*relay]bool{}
	}
	r.users[rl.user][rl] = true
	r.open++
	rl.entry.add(rl)
	r.srv.stats.kind(rl).opened()
	r.wg.Add(2)
	return 0, nil
}

// remove is for what add has let in.
func (r *relays) remove(rl *relay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.users[rl.user], rl)
	if len(r.users[rl.user]) == 0 {
		delete(r.users, rl.user)
	}
	r.open--
	rl.entry.remove(rl)
	r.srv.stats.kind(rl).closed()
	r.checkEmpty()
}

// drain refuses new relays and returns a channel that is closed when none is left.
func (r *relays) drain() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = true
	r.checkEmpty()
	return r.empty
}

// checkEmpty is called with mu held.
func (r *relays) checkEmpty() {
	if !r.draining || r.open > 0 {
		return
	}
	select {
	case <-r.empty:
	default:
		close(r.empty)
	}
}

// close ends all relays. It does not wait; wg does.
func (r *relays) close() {
	r.drain()
	for _, rl := range r.all() {
		_ = rl.Close() // takes mu
	}
}

// of are the open relays of a user.
func (r *relays) of(user string) []*relay {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*relay, 0, len(r.users[user]))
	for rl := range r.users[user] {
		list = append(list, rl)
	}
	return list
}

func (r *relays) all() []*relay {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*relay, 0, r.open)
	for _, user := range r.users {
		for rl := range user {
			list = append(list, rl)
		}
	}
	return list
}

// serving counts those that have something to relay.
func (r *relays) serving() (n int) {
	for _, rl := range r.all() {
		if rl.gate.serves() {
			n++
		}
	}
	return n
}

func (r *relays) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.open
}
