package signaling

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// conn is a carrier: one WebSocket connection. It has a session from its hello on, and loses it to a newer connection or to
// its own end.
type conn struct {
	// Set once.
	server *Server
	ws     *websocket.Conn
	serial uint64 // the newer of two carriers has the higher one
	addr   netip.Addr
	origin string

	// Owned by serve.
	session *session // nil before the hello
	score   int      // frames refused minus frames accepted

	// Guarded by mu: the queue of what is to be written, see queue.go.
	mu      sync.Mutex
	changed sync.Cond // the queue has room again, or the drainer has ended, or closing began
	queue   []item
	frames  int       // text frames queued or being written
	bytes   int       // their bytes
	writing bool      // a drainer runs
	closing bool      // nothing is accepted any more, but what is queued is written
	until   time.Time // by when it must be, once closing has begun
	broken  bool      // a write has failed
	pinging bool      // a ping is queued
	ponging bool      // a pong is queued
	pong    string
	pinger  *timer
	fresh   *timer // for new ICE servers
}

func newConn(s *Server, ws *websocket.Conn, addr netip.Addr, origin string) *conn {
	c := &conn{server: s, ws: ws, serial: s.serial.Add(1), addr: addr, origin: origin}
	c.changed.L = &c.mu
	ws.SetReadDeadline(time.Now().Add(s.limits.Hello)) // before anybody can close it, which sets another
	ws.SetPingHandler(func(data string) error { c.answerPing(data); return nil })
	ws.SetPongHandler(func(string) error { c.heard(); return nil })
	// The answer to a close goes through the queue like everything else: one path writes.
	ws.SetCloseHandler(func(code int, _ string) error { c.shut(websocket.FormatCloseMessage(code, ""), nil); return nil })
	return c
}

// serve is the connection's goroutine: it reads until the carrier ends or is closed, gives the session back, and waits until
// the last frame is written.
func (c *conn) serve() {
	defer c.server.forget(c)
	c.read()
	c.detach()
	c.linger()
}

// read reads and handles frames. When it returns, closing has begun.
func (c *conn) read() {
	for c.ready() {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			c.lost(err)
			return
		}
		if kind != websocket.TextMessage {
			c.close(protocol.CloseBinaryFrame)
			return
		}
		buf := c.server.frames.Get().(*[]byte)
		frame, err := readFrame(r, (*buf)[:0], c.server.limits.Frame)
		switch {
		case err == nil:
			c.handle(frame)
		case errors.Is(err, errFrameTooLarge):
			c.close(protocol.CloseFrameTooLarge)
		default:
			c.lost(err)
		}
		*buf = frame
		c.server.frames.Put(buf)
	}
}

var errFrameTooLarge = errors.New("signaling: frame: too large")

// readFrame appends a message to buf, up to limit bytes. gorilla's own read limit is not used: it closes with 1009, and the
// client could not tell our limit from a proxy's.
func readFrame(r io.Reader, buf []byte, limit int) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf, errFrameTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
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
	if c.session != nil { // until the hello, the deadline stands
		c.ws.SetReadDeadline(time.Now().Add(c.server.limits.Silence))
	}
	return true
}

// heard moves the deadline: a pong, like a frame, breaks the silence.
func (c *conn) heard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil && !c.closing {
		c.ws.SetReadDeadline(time.Now().Add(c.server.limits.Silence))
	}
}

// lost ends a connection that cannot be read any more.
func (c *conn) lost(err error) {
	var timeout net.Error
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		// The close handler has queued the answer.
	case !errors.As(err, &timeout) || !timeout.Timeout():
		c.abort()
	case c.session == nil:
		c.close(protocol.CloseHelloTimeout)
	default:
		c.close(protocol.CloseHeartbeatTimeout)
	}
}

// linger waits for the client's answer to a close, and for our own last frame. Without it, closing the socket while the client
// still sends would reset it, and the client would not see the close code.
func (c *conn) linger() {
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			break
		}
	}
	c.mu.Lock()
	for c.writing {
		c.changed.Wait()
	}
	c.mu.Unlock()
	c.ws.Close()
}

// abort ends the carrier without a word.
func (c *conn) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
	c.ws.Close() // wakes the reader and the drainer
}

// close ends the connection with a code, after what is queued. Only the first close counts.
func (c *conn) close(code protocol.CloseCode) {
	if !c.shut(websocket.FormatCloseMessage(int(code), code.Name()), c.server.count.closes[code]) {
		return
	}
	c.server.log.Debug().Stringer("remote", c.addr).Int("code", int(code)).Str("reason", code.Name()).Msg("connection closed")
}

// shut queues a close frame and tells whether it is the first. That is counted, unless count is nil, before anybody can see it.
func (c *conn) shut(payload []byte, count *atomic.Uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	if count != nil {
		count.Add(1)
	}
	c.enqueue(item{op: websocket.CloseMessage, frame: payload})
	c.end()
	c.ws.SetReadDeadline(time.Now().Add(c.server.limits.Linger))
	return true
}

// end begins closing. c.mu must be held.
func (c *conn) end() {
	c.closing = true
	c.until = time.Now().Add(c.server.limits.Write)
	c.pinger.stop()
	c.fresh.stop()
	c.changed.Broadcast()
}

// goAway tells the client to go elsewhere. One that has no session yet loses nothing if it goes at once.
func (c *conn) goAway() {
	c.mu.Lock()
	welcomed := c.pinger != nil
	c.mu.Unlock()
	c.push(protocol.Encode(protocol.GoAway{Within: c.server.within()}))
	if !welcomed {
		c.close(protocol.CloseGoingAway)
	}
}
