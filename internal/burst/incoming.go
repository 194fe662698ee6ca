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
	p, _ := c.in.rest.Peek() // a datagram may have no bytes
	n, from = copy(b, p), c.in.rest.From
	whole := n == len(p) && isRecords(p)
	c.next()
	if c.in.rest != nil && c.in.rest.Len() >= aBurst {
		c.sockets.reserve.use()
	}
	for whole {
		var more int
		if more, whole = c.readOn(b[n:], from); whole {
			n += more
		}
	}
	if n >= worthwhile {
		c.out.sawLarge()
	}
	return n, from, nil
}

// readOn copies the next datagram behind records if there is one, it has the same source, is whole records too and has room.
func (c *Conn) readOn(b []byte, from netip.AddrPort) (n int, ok bool) {
	if c.in.rest == nil && len(b) >= worthwhile {
		c.in.rest = c.in.joiner.Try()
	}
	if c.in.rest == nil || c.in.rest.From != from {
		return 0, false
	}
	p, ok := c.in.rest.Peek()
	if !ok || len(p) > len(b) || !isRecords(p) {
		return 0, false
	}
	n = copy(b, p)
	c.next()
	return n, true
}

// next goes on to the next datagram of those that came together.
func (c *Conn) next() {
	c.in.rest.Next()
	if _, more := c.in.rest.Peek(); !more {
		c.sockets.arrivals.Put(c.in.rest)
		c.in.rest = nil
	}
}
