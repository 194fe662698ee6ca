package turnserver

import (
	"net"
	"sync"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// allocated knows the clients that have an allocation, by where they send from: there is one listener for UDP, and each TCP
// connection is its own. A request of any other client about its allocation is to be refused (RFC 8656, section 5, with 437),
// which Pion does not do: it says nothing. A client that outlived a restart of the server would then repeat each request for 8 s, and
// one with Pion's ICE does nothing else meanwhile: its other ways to a peer stand still, too. Pion's only refusal that can be
// had is that of a request that is not authenticated, 400 (Bad Request), which clients take alike.
//
// The zero value is ready. All methods may be called at any time.
type allocated struct {
	mu      sync.Mutex
	clients map[string]int // how many allocations each has; guarded by mu
}

func (a *allocated) add(src net.Addr)    { a.count(src, 1) }
func (a *allocated) remove(src net.Addr) { a.count(src, -1) }

// count adds up, because Pion tells of an allocation's end a moment after it: the client's next one may have begun by then.
func (a *allocated) count(src net.Addr, more int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients == nil {
		a.clients = make(map[string]int)
	}
	key := clientKey(src)
	if a.clients[key] += more; a.clients[key] == 0 {
		delete(a.clients, key)
	}
}

// lacks tells whether a request needs an allocation that its client does not have.
func (a *allocated) lacks(ra *turn.RequestAttributes) bool {
	switch ra.Method {
	case stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind:
	default:
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clients[clientKey(ra.SrcAddr)] <= 0
}

func clientKey(src net.Addr) string { return src.Network() + " " + src.String() }
