package signaling

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// conn is a client's connection, whatever carries it. It has a session from its hello on, and loses it to a newer connection or
// to its own end.
type conn struct {
	// Set once.
	server  *Server
	carrier carrier
	serial  uint64 // the newer of two connections has the higher one
	addr    netip.Addr
	origin  string

	// Owned by serve.
	session *session // nil before the hello
	score   int      // frames refused minus frames accepted

	// Guarded by mu: the queue of what is to be written, see queue.go.
	mu       sync.Mutex
	changed  sync.Cond // the queue has room again, or the drainer has ended, or closing began
	queue    []item
	frames   int       // frames queued or being written
	bytes    int       // their bytes
	writing  bool      // a drainer runs
	welcomed bool      // there is a session
	closing  bool      // nothing is accepted any more, but what is queued is written
	until    time.Time // by when it must be, once closing has begun
	broken   bool      // a write has failed
	pinging  bool      // a ping is queued
	ponging  bool      // a pong is queued
	pinger   *timer
	fresh    *timer // for new ICE servers
	warner   *timer // for the end of the grant; see watch
	expirer  *timer
}

func newConn(s *Server, k carrier, addr netip.Addr, origin string) *conn {
	c := &conn{server: s, carrier: k, serial: s.serial.Add(1), addr: addr, origin: origin}
	c.changed.L = &c.mu
	k.expect(time.Now().Add(s.limits.Hello), false) // before anybody can close it, which sets another
	return c
}

// serve is the connection's goroutine: it reads until the carrier ends or is closed, gives the session back, and waits until
// the last frame is written.
func (c *conn) serve() {
	defer c.server.forget(c)
	c.read()
	c.detach()
	c.carrier.linger()
	c.mu.Lock()
	for c.writing {
		c.changed.Wait()
	}
	c.mu.Unlock()
	c.carrier.end()
}

// read reads and handles frames. When it returns, closing has begun.
func (c *conn) read() {
	for c.ready() {
		err := c.carrier.await()
		if err == nil {
			err = c.take()
		}
		if err != nil {
			c.lost(err)
			return
		}
	}
}

// take reads and handles the frame that has begun.
func (c *conn) take() error {
	buf := c.server.frames.Get().(*[]byte)
	defer c.server.frames.Put(buf)
	frame, err := c.carrier.read((*buf)[:0])
	*buf = frame
	if err == nil {
		c.handle(frame)
	}
	return err
}

// ready waits until the queue has room for the answer to a next frame, and tells whether that should be read: it is false once the
// connection is closing.
func (c *conn) ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closing && !c.broken && c.full() {
		c.changed.Wait()
	}
	if c.closing {
		return false
	}
	if c.welcomed { // until the hello, the deadline stands
		c.carrier.expect(time.Now().Add(c.server.limits.Silence), false)
	}
	return true
}

// heard moves the deadline: a pong, like a frame, breaks the silence.
func (c *conn) heard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.welcomed && !c.closing {
		c.carrier.expect(time.Now().Add(c.server.limits.Silence), false)
	}
}

// lost ends a connection that cannot be read any more.
func (c *conn) lost(err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, errClosing):
	case errors.Is(err, errFrameTooLarge):
		c.close(protocol.CloseFrameTooLarge)
	case errors.Is(err, errBinaryFrame):
		c.close(protocol.CloseBinaryFrame)
	case !errors.As(err, &timeout) || !timeout.Timeout():
		c.abort()
	case c.session == nil:
		c.close(protocol.CloseHelloTimeout)
	default:
		c.close(protocol.CloseHeartbeatTimeout)
	}
}

// abort ends the carrier without a word.
func (c *conn) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
	c.carrier.abort()
}

// close ends the connection with a code, after what is queued. Only the first close counts.
func (c *conn) close(code protocol.CloseCode) {
	if !c.shut(code, c.server.count.closes[code]) {
		return
	}
	c.server.log.Debug().Stringer("remote", c.addr).Int("code", int(code)).Str("reason", code.Name()).Msg("connection closed")
}

// shut queues a close and tells whether it is the first. That is counted, unless count is nil, before anybody can see it.
func (c *conn) shut(code protocol.CloseCode, count *atomic.Uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	if count != nil {
		count.Add(1)
	}
	c.enqueue(item{op: opClose, code: code})
	c.end()
	c.carrier.expect(time.Now().Add(c.server.limits.Linger), true)
	return true
}

// end begins closing. c.mu must be held.
func (c *conn) end() {
	c.closing = true
	c.until = time.Now().Add(c.server.limits.Write)
	c.pinger.stop()
	c.fresh.stop()
	c.warner.stop()
	c.expirer.stop()
	c.changed.Broadcast()
}

// goAway tells the client to go elsewhere. One that has no session yet loses nothing if it goes at once.
func (c *conn) goAway() {
	welcomed := c.isWelcomed()
	c.push(protocol.Encode(protocol.GoAway{Within: c.server.within()}))
	if !welcomed {
		c.close(protocol.CloseGoingAway)
	}
}

func (c *conn) isWelcomed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.welcomed
}

// beat begins the heartbeats, the first one after d.
func (c *conn) beat(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing && c.pinger == nil {
		c.pinger = c.server.after(d, c.ping)
	}
}
