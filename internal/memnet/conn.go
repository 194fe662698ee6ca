package memnet

import (
	"io"
	"net"
	"time"
)

// conn is one end of a connection: it reads one pipe and writes the other.
type conn struct {
	in, out       *pipe
	local, remote net.Addr
}

var _ net.Conn = (*conn)(nil)

// Pair returns the two ends of a connection that no listener had a part in.
func Pair(buffer int) (net.Conn, net.Conn) {
	if buffer <= 0 {
		buffer = DefaultBuffer
	}
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	return pair(buffer, addr, addr, nil)
}

func pair(buffer int, near, far net.Addr, link *Link) (*conn, *conn) {
	there, back := newPipe(buffer, link), newPipe(buffer, link)
	return &conn{in: back, out: there, local: near, remote: far}, &conn{in: there, out: back, local: far, remote: near}
}

// Read returns what has come, at least one byte, and io.EOF once the other end is closed and everything was read.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	return n, c.wrap("read", err)
}

// Write returns when all of b is in the buffer, or with how much of it is.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	return n, c.wrap("write", err)
}

// Close ends both directions. What this end has written can still be read by the other.
func (c *conn) Close() error {
	c.in.closeRead()
	c.out.closeWrite()
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.reading.set(c.in, t)
	c.out.writing.set(c.out, t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error  { c.in.reading.set(c.in, t); return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { c.out.writing.set(c.out, t); return nil }

// wrap makes the errors of the operating system's connections, which callers look into with net.Error and errors.Is.
func (c *conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "memnet", Source: c.local, Addr: c.remote, Err: err}
}
