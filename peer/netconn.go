package peer

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/transport/v4/deadline"
)

// netChunk is the largest message that a NetConn makes of a Write: large enough to cost little, small enough that no stack
// takes exception to it.
const netChunk = 64 << 10

// NetConn makes a net.Conn of a channel that is ordered and reliable; of any other it panics, because a stream with holes or
// in another order is no stream. From then on use the connection alone, not the channel's own Send, Recv and Close.
//
// It differs from a TCP connection in this:
//
//   - Messages are not kept: a Write may be read in pieces, and a long one is sent as several messages. Text that comes is
//     read as its bytes, and an empty message is not seen. The other side may be a browser that reads and sends messages.
//   - Close closes both directions at once, and what was received and not read is dropped; there is no CloseWrite. What was
//     written before is still delivered as long as the peer stays connected, for which Close does not wait.
//   - Read returns io.EOF when the other side closed the channel or its peer connection, or left the room, after all that came
//     before. When the connection was lost it returns that error, with its code.
//   - A Write that returns after its deadline may have written part of the data; its count is right.
//   - All connections to one peer share a flow-control window: one that is never read stops the others.
//   - LocalAddr and RemoteAddr are the peer ids, with the network "beckon"; the way to the peer may change and has no one address.
func NetConn(ch *Channel) net.Conn {
	if o := ch.options; o.Unordered || o.MaxRetransmits != nil || o.MaxPacketLifeTime != nil {
		panic("peer: NetConn needs a channel that is ordered and reliable")
	}
	return &netConn{ch: ch, readBy: deadline.New()}
}

type netConn struct {
	ch     *Channel
	readBy *deadline.Deadline

	reading sync.Mutex // one Read at a time; guards rest
	rest    []byte     // of the last message

	mu      sync.Mutex
	writeBy time.Time // guarded by mu
}

var _ net.Conn = (*netConn)(nil)

func (c *netConn) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	if c.readBy.Err() != nil {
		return 0, c.failed("read", os.ErrDeadlineExceeded)
	}
	for len(c.rest) == 0 {
		m, err := c.ch.receive(c.readBy)
		if err != nil {
			return 0, c.failed("read", err)
		}
		c.rest = m.data
	}
	if c.closed() {
		return 0, c.failed("read", net.ErrClosed)
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *netConn) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		chunk := b[:min(len(b), netChunk, c.ch.conn.maxSend)]
		// Pion looks at the deadline only when it has to wait.
		if c.writeExpired() {
			err = os.ErrDeadlineExceeded
		} else {
			err = c.ch.write(context.Background(), chunk, false)
		}
		if err == nil {
			n += len(chunk)
			b = b[len(chunk):]
		}
	}
	if err != nil {
		return n, c.failed("write", err)
	}
	return n, nil
}

// failed makes the errors that users of a net.Conn know.
func (c *netConn) failed(op string, err error) error {
	switch {
	case c.closed():
		err = net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded), c.readBy.Err() != nil && Code(err) == protocol.CodeAborted:
		err = os.ErrDeadlineExceeded
	case op == "read" && Code(err) == protocol.CodeClosed:
		return io.EOF
	case op == "write" && Code(err) == protocol.CodeClosed:
		err = io.ErrClosedPipe
	}
	return &net.OpError{Op: op, Net: network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

func (c *netConn) closed() bool {
	select {
	case <-c.ch.abandoned:
		return true
	default:
		return false
	}
}

func (c *netConn) Close() error { return c.ch.Close() }

func (c *netConn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *netConn) SetReadDeadline(t time.Time) error {
	c.readBy.Set(t)
	return nil
}

func (c *netConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBy = t
	c.ch.writeUntil(&t)
	return nil
}

func (c *netConn) writeExpired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.writeBy.IsZero() && !time.Now().Before(c.writeBy)
}

func (c *netConn) LocalAddr() net.Addr  { return addr(c.ch.conn.local) }
func (c *netConn) RemoteAddr() net.Addr { return addr(c.ch.conn.remote) }

// network is the name of the network of a NetConn's addresses.
const network = "beckon"

// addr is a peer id as a net.Addr.
type addr string

func (addr) Network() string  { return network }
func (a addr) String() string { return string(a) }
