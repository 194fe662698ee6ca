package peer

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// netChunk is the largest message that a NetConn makes of a Write: large enough to cost little, and no more than may be sent before the
// other side has answered, so that the first Write waits for nothing.
const netChunk = bodyPiece

// NetConn makes a net.Conn of a channel that is ordered and reliable, as Peer.Dial and Room.Listen do for you; of any other it panics, because a stream with holes or
// in another order is no stream. From then on use the connection alone, not the channel's own Send, Recv and Close.
//
// It differs from a TCP connection in this:
//
//   - Messages are not kept: a Write may be read in pieces, and a long one is sent as several messages. Text that comes is
//     read as its bytes, and an empty message is not seen. The other side may be a browser that reads and sends messages.
//   - Close closes both directions at once, and what was received and not read is dropped. What was
//     written before is still delivered as long as the peer stays connected, for which Close does not wait. To end one direction there is
//     CloseWrite() error, as *net.TCPConn has it, which a raw channel cannot do.
//   - Read returns io.EOF when the other side ended its direction, closed the channel or its peer connection, or left the room, after all
//     that came before. When the connection was lost it returns that error, with its code.
//   - A Write that returns after its deadline may have written part of the data; its count is right.
//   - Of raw channels all connections to one peer share a flow-control window: one that is never read stops the others.
//   - LocalAddr and RemoteAddr are the peer ids, with the network "beckon"; the way to the peer may change and has no one address.
func NetConn(ch *Channel) net.Conn {
	if o := ch.options; !o.stream() {
		panic("peer: NetConn needs a channel that is ordered and reliable")
	}
	return &netConn{ch: ch, readBy: newExpiry(), writeBy: newExpiry(), over: make(chan struct{}), writing: make(chan struct{}, 1)}
}

type netConn struct {
	ch              *Channel
	readBy, writeBy *expiry
	closing         sync.Once
	over            chan struct{} // closed by Close

	reading sync.Mutex    // one Read at a time; guards rest
	rest    []byte        // of the last message
	writing chan struct{} // holds a token while a Write is under way: the pieces of two must not mix
}

var _ net.Conn = (*netConn)(nil)

func (c *netConn) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	err := c.readBy.within(func(ctx context.Context) error {
		for len(c.rest) == 0 {
			m, err := c.ch.way.receive(ctx)
			if err != nil {
				return err
			}
			c.rest = m.data
		}
		return nil
	})
	if err == nil && c.closed() {
		err = net.ErrClosed
	}
	if err != nil {
		return 0, c.failed("read", err)
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *netConn) Write(b []byte) (n int, err error) {
	if err := c.writeBy.within(c.turn); err != nil {
		return 0, c.failed("write", err)
	}
	defer func() { <-c.writing }()
	for n < len(b) {
		chunk := b[n:min(len(b), n+netChunk, n+max(1, c.ch.MaxMessageSize()))] // none fits where the other side takes none, but it is said
		if err := c.writeBy.within(func(ctx context.Context) error { return c.ch.way.send(ctx, chunk, false) }); err != nil {
			return n, c.failed("write", err)
		}
		n += len(chunk)
	}
	return n, nil
}

// turn waits until no other Write is under way.
func (c *netConn) turn(ctx context.Context) error {
	select {
	case c.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return aborted(ctx)
	case <-c.ch.Context().Done():
		return codedCause(c.ch.Context())
	}
}

// failed makes the errors that users of a net.Conn know.
func (c *netConn) failed(op string, err error) error {
	switch {
	case c.closed():
		err = net.ErrClosed
	case op == "read" && Code(err) == protocol.CodeClosed:
		return io.EOF
	case op == "write" && Code(err) == protocol.CodeClosed:
		err = io.ErrClosedPipe
	}
	return &net.OpError{Op: op, Net: network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

func (c *netConn) closed() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

func (c *netConn) Close() error {
	c.closing.Do(func() { close(c.over) })
	err := c.ch.Close()
	c.readBy.set(time.Time{})
	c.writeBy.set(time.Time{})
	return err
}

// CloseWrite ends what the other side reads, behind what was written. It waits for a Write that is under way, until the write deadline.
func (c *netConn) CloseWrite() error {
	if err := c.writeBy.within(c.ch.way.closeWrite); err != nil {
		return c.failed("close", err)
	}
	return nil
}

func (c *netConn) SetReadDeadline(t time.Time) error  { c.readBy.set(t); return nil }
func (c *netConn) SetWriteDeadline(t time.Time) error { c.writeBy.set(t); return nil }

func (c *netConn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

func (c *netConn) LocalAddr() net.Addr  { return addr(c.ch.conn.local) }
func (c *netConn) RemoteAddr() net.Addr { return addr(c.ch.conn.remote) }

// network is the name of the network of a NetConn's addresses.
const network = "beckon"

// addr is a peer id as a net.Addr.
type addr string

func (addr) Network() string  { return network }
func (a addr) String() string { return string(a) }

// expiry is a deadline that can be moved while something waits for it. Each setting is a context of its own; what its end
// interrupts, although there is time yet, tries again with the next.
type expiry struct {
	mu     sync.Mutex
	by     time.Time
	ctx    context.Context
	cancel context.CancelFunc
}

func newExpiry() *expiry {
	e := &expiry{cancel: func() {}}
	e.set(time.Time{})
	return e
}

func (e *expiry) set(t time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancel()
	e.by = t
	if t.IsZero() {
		e.ctx, e.cancel = context.WithCancel(context.Background())
	} else {
		e.ctx, e.cancel = context.WithDeadline(context.Background(), t)
	}
}

// within does something that returns an error of CodeAborted, and has had no effect, when its context ends. The other side may have reset the
// channel with that code, too.
func (e *expiry) within(do func(context.Context) error) error {
	for {
		e.mu.Lock()
		ctx, by := e.ctx, e.by
		e.mu.Unlock()
		if !by.IsZero() && !time.Now().Before(by) {
			return os.ErrDeadlineExceeded
		}
		if err := do(ctx); Code(err) != protocol.CodeAborted || ctx.Err() == nil {
			return err
		}
	}
}
