package burst

import (
	"net"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
)

// closeWait is how long Close waits for the system to take what was written before. It is more than a moment only when the buffer of the
// socket is full, and then it is a matter of luck what arrives.
const closeWait = 50 * time.Millisecond

// Conn is the socket. All methods may be called at any time; they do what those of net.UDPConn do, but for the oob bytes of messages, of
// which there are none.
type Conn struct {
	udp     *net.UDPConn
	sockets *Sockets
	out     outgoing
	in      incoming
}

var (
	_ transport.UDPConn        = (*Conn)(nil)
	_ ice.AddrPortReaderWriter = (*Conn)(nil)
)

// Close ends all calls that wait. What was written before is sent.
func (c *Conn) Close() error {
	_ = c.udp.SetWriteDeadline(time.Now().Add(closeWait)) // first: who waits for a full buffer holds what is needed to close
	c.out.close()
	c.out.flushing.Wait()
	return c.udp.Close()
}

// LocalAddr is the socket's address.
func (c *Conn) LocalAddr() net.Addr { return c.udp.LocalAddr() }

// RemoteAddr is nil: the socket is not connected.
func (c *Conn) RemoteAddr() net.Addr { return c.udp.RemoteAddr() }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error { return c.udp.SetDeadline(t) }

// SetReadDeadline sets the one for reads, those that wait included.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.udp.SetReadDeadline(t) }

// SetWriteDeadline sets the one for writes. What is held back when it passes may be lost.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.udp.SetWriteDeadline(t) }

// SetReadBuffer sets the size of the system's buffer.
func (c *Conn) SetReadBuffer(bytes int) error { return c.udp.SetReadBuffer(bytes) }

// SetWriteBuffer sets the size of the system's buffer.
func (c *Conn) SetWriteBuffer(bytes int) error { return c.udp.SetWriteBuffer(bytes) }

// Read is ReadFrom for who knows from whom.
func (c *Conn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFromAddrPort(b)
	return n, err
}

// ReadFrom reads a datagram, or several whole records of one source.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDP(b)
	if err != nil {
		return n, nil, err // not a nil *net.UDPAddr, which would be no nil net.Addr
	}
	return n, from, nil
}

// ReadFromUDP is ReadFrom.
func (c *Conn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadMsgUDP is ReadFrom.
func (c *Conn) ReadMsgUDP(b, _ []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, addr, err = c.ReadFromUDP(b)
	return n, 0, 0, addr, err
}

// Write returns the error of a socket that is not connected.
func (c *Conn) Write(b []byte) (int, error) { return c.udp.Write(b) }

// WriteTo writes a datagram.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	if !ok {
		return c.udp.WriteTo(b, to) // which says what is wrong with it
	}
	return c.WriteToUDP(b, a)
}

// WriteToUDP is WriteTo.
func (c *Conn) WriteToUDP(b []byte, to *net.UDPAddr) (int, error) {
	if to == nil {
		return c.udp.WriteToUDP(b, nil)
	}
	return c.WriteToAddrPort(b, to.AddrPort())
}

// WriteMsgUDP is WriteTo.
func (c *Conn) WriteMsgUDP(b, _ []byte, to *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.WriteToUDP(b, to)
	return n, 0, err
}

// WriteToAddrPort is WriteTo. The address may be an IPv4 one in either form.
func (c *Conn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) { return c.write(b, to) }
