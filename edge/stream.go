package edge

import (
	"crypto/tls"
	"io"
	"net"
)

// stream is a connection whose first bytes can be put back. Once they were read again it costs a comparison for each Read, and
// what the connection beneath can do beyond a net.Conn (sendfile, half closing, the state of TLS) it still can: each kind
// embeds the type that does it, because net/http asks for it by method.
type stream interface {
	net.Conn
	// unread puts b before everything that was not read yet. It keeps b, and must not be called while somebody reads.
	unread(b []byte)
}

// plainStream is one that TLS may be upon, and that may come through a proxy.
type plainStream interface {
	stream
	// from sets who the client is instead of who opened the connection.
	from(client net.Addr)
	// onClose has tell called once when the connection is closed.
	onClose(tell func())
}

var (
	_ plainStream   = (*tcpStream)(nil)
	_ plainStream   = (*anyStream)(nil)
	_ stream        = (*tlsStream)(nil)
	_ io.ReaderFrom = (*tcpStream)(nil)
	_ io.WriterTo   = (*tcpStream)(nil)
)

func newStream(c net.Conn) plainStream {
	if tcp, ok := c.(*net.TCPConn); ok {
		return &tcpStream{TCPConn: tcp}
	}
	return &anyStream{Conn: c}
}

// ahead is what was read too early. It belongs to who reads.
type ahead struct{ bytes []byte }

func (a *ahead) unread(b []byte) { a.bytes = append(b, a.bytes...) }

func (a *ahead) take(p []byte) int {
	n := copy(p, a.bytes)
	if a.bytes = a.bytes[n:]; len(a.bytes) == 0 {
		a.bytes = nil // lets go of the memory
	}
	return n
}

// claim is who the client is according to a proxy.
type claim struct{ client net.Addr }

func (c *claim) from(client net.Addr) { c.client = client }

func (c *claim) or(addr net.Addr) net.Addr {
	if c.client != nil {
		return c.client
	}
	return addr
}

// tcpStream is a plain connection. The raw connection that it inherits does not know of what was put back.
type tcpStream struct {
	*net.TCPConn
	ahead
	claim
	ending
}

func (s *tcpStream) Read(p []byte) (int, error) {
	if len(s.bytes) > 0 {
		return s.take(p), nil
	}
	return s.TCPConn.Read(p)
}

// WriteTo is what io.Copy calls.
func (s *tcpStream) WriteTo(w io.Writer) (int64, error) {
	n, err := s.flush(w)
	if err != nil {
		return n, err
	}
	rest, err := s.TCPConn.WriteTo(w)
	return n + rest, err
}

func (a *ahead) flush(w io.Writer) (int64, error) {
	if len(a.bytes) == 0 {
		return 0, nil
	}
	n, err := w.Write(a.bytes)
	a.bytes = a.bytes[n:]
	return int64(n), err
}

func (s *tcpStream) RemoteAddr() net.Addr { return s.or(s.TCPConn.RemoteAddr()) }

func (s *tcpStream) Close() error {
	defer s.closed()
	return s.TCPConn.Close()
}

// anyStream is a connection of a listener that is not the operating system's.
type anyStream struct {
	net.Conn
	ahead
	claim
	ending
}

func (s *anyStream) Read(p []byte) (int, error) {
	if len(s.bytes) > 0 {
		return s.take(p), nil
	}
	return s.Conn.Read(p)
}

func (s *anyStream) RemoteAddr() net.Addr { return s.or(s.Conn.RemoteAddr()) }

func (s *anyStream) Close() error {
	defer s.closed()
	return s.Conn.Close()
}

// tlsStream is a secured connection. Its ConnectionState is what net/http makes Request.TLS of. Who its client is, the
// connection beneath says.
type tlsStream struct {
	*tls.Conn
	ahead
}

func (s *tlsStream) Read(p []byte) (int, error) {
	if len(s.bytes) > 0 {
		return s.take(p), nil
	}
	return s.Conn.Read(p)
}
