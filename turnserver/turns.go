package turnserver

import (
	"encoding/binary"
	"sync"
	"time"
)

// Pion makes permissions and channels in the goroutine that reads a listener, and deletes an allocation in another one: in that of
// the relay's reader when the relay has ended, and in that of a timer when the allocation has not been refreshed. It does not keep
// the two apart: a permission can be found by who deletes before it has the timer that is stopped then, and the process dies of a
// nil pointer, which a client could bring about by asking for permissions until its allocation ends. So the two never meet here:
// requests and the ends of relays take turns, and what is about to end by its timer takes no more requests.

// turns has the ends of relays wait for the request that Pion is handling. What comes later finds the relay gone, see entry.decide.
type turns struct {
	mu   sync.Mutex // held while Pion handles a request
	held bool       // owned by the goroutine that reads the entry
}

// begin and end belong to the goroutine that reads the entry: Pion gets a request, and has handled what it got.
func (t *turns) begin() {
	t.mu.Lock()
	t.held = true
}

func (t *turns) end() {
	if t.held {
		t.held = false
		t.mu.Unlock()
	}
}

// wait returns when Pion has handled what it is handling. It is not for the goroutine that reads the entry.
func (t *turns) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
}

// lastMoment is how long before its end an allocation takes no more requests. Clients refresh a minute before.
const lastMoment = time.Second

// expiring belongs to the goroutine that reads the entry.
func (r *relay) expiring() bool { return !r.until.IsZero() && time.Until(r.until) < lastMoment }

// lives notes how long an allocation lives, which Pion's answer says: but the answer to a repeated Allocate says what it said the
// first time.
func (e *entry) lives(answer stunMsg) {
	v, ok := answer.get(attrLifetime)
	if r := e.relayOf(e.req.from); r != nil && ok && len(v) == 4 && (r.until.IsZero() || answer.method() != methodAllocate) {
		r.until = time.Now().Add(time.Duration(binary.BigEndian.Uint32(v)) * time.Second)
	}
}
