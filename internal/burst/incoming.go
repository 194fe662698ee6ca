package burst

import (
	"net"
	"net/netip"
	"sync"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// incoming is what a Conn reads.
type incoming struct {
	mu     sync.Mutex // one reads at a time
	joiner *udpbatch.Joiner
	rest   *udpbatch.Joined // not all read yet; nil if there is nothing
}

// ReadFromAddrPort is ReadFrom.
func (c *Conn) ReadFromAddrPort(b []byte) (n int, from netip.AddrPort, err error) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	if c.in.rest == nil {
		if c.in.rest, err = c.in.joiner.Receive(); err != nil {
			return 0, netip.AddrPort{}, err
		}
	} else if c.out.isClosed() {
		return 0, netip.AddrPort{}, net.ErrClosed
	}
	n, more := fill(b, c.in.rest)
	from = c.in.rest.From
	if !more {
		c.sockets.arrivals.Put(c.in.rest)
		c.in.rest = nil
	}
	return n, from, nil
}

// fill copies the next datagram, of which what b has no room for is lost, and those after it, as long as all are whole records and have
// room.
func fill(b []byte, from *udpbatch.Joined) (n int, more bool) {
	p, more := from.Peek()
	if !more {
		return 0, false // a datagram of no bytes
	}
	n = copy(b, p)
	whole := n == len(p) && isRecords(p)
	from.Next()
	for p, more = from.Peek(); more && whole && n+len(p) <= len(b) && isRecords(p); p, more = from.Peek() {
		n += copy(b[n:], p)
		from.Next()
	}
	return n, more
}
