package turnserver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// TCP clients do not go through Pion's listener: its stream parser can be made to spin (the bytes 40 00 FF FC), holds
// back a ChannelData of less than five bytes, and reads one that begins with STUN's magic cookie as STUN; and its Close
// leaves accepted connections alive. Instead each connection is shown to a turn.Server of its own as a socket that
// carries whole datagrams, which is what Pion handles best. It costs 17 kB for each connection, 4 of them stack.

// tcpConn is one accepted connection, as a net.PacketConn for Pion. ReadFrom belongs to one goroutine; the others may
// be called at any time.
type tcpConn struct {
	net.Conn // deadlines, addresses and Close
	srv      *Server
	remote   *net.TCPAddr

	frames framer // owned by the goroutine in ReadFrom
	ended  bool   // owned by the goroutine in ReadFrom

	idleSince atomic.Int64 // Unix nanoseconds since when there is no allocation; 0 while there is one
}

var _ net.PacketConn = (*tcpConn)(nil)

func newTCPConn(s *Server, c net.Conn) *tcpConn {
	t := &tcpConn{Conn: c, srv: s, remote: net.TCPAddrFromAddrPort(addrPort(c.RemoteAddr()))}
	t.idleSince.Store(time.Now().UnixNano())
	t.frames = framer{r: bufio.NewReaderSize(c, 2048), max: s.cfg.Limits.Frame, begun: t.begun}
	return t
}

// transport is what the client came over. Who wraps a TLS connection passes its method on.
func (t *tcpConn) transport() string {
	if _, ok := t.Conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		return overTLS
	}
	return overTCP
}

// begun sets the deadline for the rest of a frame. It is never later than due: who sends the beginning of the next frame
// together with the end of each would otherwise never meet that one.
func (t *tcpConn) begun() {
	rest := time.Now().Add(t.srv.cfg.Limits.TCPRest)
	if due := t.due(); due.Before(rest) {
		rest = due
	}
	_ = t.SetReadDeadline(rest)
}

// allocated marks the time without an allocation, so that a connection cannot be held open by anything less. There is at most
// one allocation, for there is one pair of addresses.
func (t *tcpConn) allocated(yes bool) {
	if yes {
		t.idleSince.Store(0)
	} else {
		t.idleSince.Store(time.Now().UnixNano())
	}
}

// ReadFrom returns one message. After an error the connection is closed and Pion's goroutine for it ends.
func (t *tcpConn) ReadFrom(p []byte) (int, net.Addr, error) {
	_ = t.SetReadDeadline(t.due())
	n, err := t.frames.next(p)
	if err != nil {
		t.end(err)
		return 0, nil, err
	}
	return n, t.remote, nil
}

// due is when the connection ends if no further message begins.
func (t *tcpConn) due() time.Time {
	if since := t.idleSince.Load(); since != 0 {
		return time.Unix(0, since).Add(t.srv.cfg.Limits.TCPAllocate)
	}
	return time.Now().Add(t.srv.cfg.Limits.TCPIdle)
}

// cut closes the connection without a word: a TLS connection's own Close says good-bye first, for which it waits up to 5 s when
// the client does not read. The reader's Close follows.
func (t *tcpConn) cut() {
	if c, ok := t.Conn.(interface{ NetConn() net.Conn }); ok {
		_ = c.NetConn().Close()
		return
	}
	_ = t.Close()
}

func (t *tcpConn) end(err error) {
	if t.ended {
		return
	}
	t.ended = true
	_ = t.Close()
	if errors.Is(err, ErrNotTURN) || errors.Is(err, ErrFrameTooBig) || errors.Is(err, errCut) {
		t.srv.stats.badStreams.Add(1)
	}
	t.srv.log.Debug().Err(err).Stringer("remote", t.remote).Msg("tcp connection ended")
	t.srv.conns.remove(t)
}

// WriteTo sends one message, which Pion has padded. A client that reads too slowly is cut off, for a message of which
// a part was written cannot be taken back.
func (t *tcpConn) WriteTo(p []byte, _ net.Addr) (int, error) {
	_ = t.SetWriteDeadline(time.Now().Add(t.srv.cfg.Limits.TCPWrite))
	n, err := t.Write(p)
	if err != nil {
		_ = t.Close() // ends ReadFrom, and with it the connection
	}
	return n, err
}

// network is whose connection it is, as bounds count.
func (t *tcpConn) network() netip.Addr { return network(t.remote.AddrPort().Addr()) }

// tcpConns are the accepted connections. All methods may be called at any time.
type tcpConns struct {
	mu     sync.Mutex
	open   map[*tcpConn]bool  // guarded by mu
	from   map[netip.Addr]int // how many of them, by network; guarded by mu
	closed bool               // guarded by mu
	wg     sync.WaitGroup     // connections whose last ReadFrom has not returned
}

// add takes a connection. When max are open, the one that has been without an allocation for longest is cut for it: anybody can open
// as many as there may be, and a client that means it has its allocation within a few round trips. It says how many there were too
// many: none, that one, or this one, because all others have allocations, or its address has as many as it may have.
func (c *tcpConns) add(t *tcpConn, l Limits) (refused int, ok bool) {
	from := t.network()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, false
	}
	if c.from[from] >= l.AddressTCPConns {
		return 1, false
	}
	if len(c.open) >= l.TCPConns {
		refused = 1
		idlest := c.idlest()
		if idlest == nil {
			return refused, false
		}
		delete(c.open, idlest) // its reader finds out, and wg waits for that
		idlest.cut()
	}
	if c.open == nil {
		c.open, c.from = map[*tcpConn]bool{}, map[netip.Addr]int{}
	}
	c.open[t] = true
	c.from[from]++
	c.wg.Add(1)
	return refused, true
}

// idlest is the connection that has been without an allocation for longest, nil if all have one. It is called with mu held.
func (c *tcpConns) idlest() (found *tcpConn) {
	var oldest int64
	for t := range c.open {
		if since := t.idleSince.Load(); since != 0 && (found == nil || since < oldest) {
			found, oldest = t, since
		}
	}
	return found
}

func (c *tcpConns) remove(t *tcpConn) {
	from := t.network()
	c.mu.Lock()
	delete(c.open, t)
	if c.from[from]--; c.from[from] == 0 {
		delete(c.from, from)
	}
	c.mu.Unlock()
	c.wg.Done()
}

func (c *tcpConns) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// close ends all connections, and those that come later. It does not wait; wg does.
func (c *tcpConns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for t := range c.open {
		t.cut()
	}
}
