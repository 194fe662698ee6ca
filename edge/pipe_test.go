package edge

import (
	"io"
	"net"
	"sync"
	"testing"
)

// pipes is a listener in memory, for tests in fake time, whose clients have what address they like.
type pipes struct {
	queue chan net.Conn
	gone  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{queue: make(chan net.Conn), gone: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.queue:
		return c, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.gone) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} }

// dial returns the client's end of a connection.
func (p *pipes) dial(t testing.TB, from string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	p.queue <- placed{Conn: server, at: net.TCPAddrFromAddrPort(addrPort(from))}
	return client
}

// placed is a connection from an address.
type placed struct {
	net.Conn
	at net.Addr
}

func (p placed) RemoteAddr() net.Addr { return p.at }

// memory is an Edge over pipes. Nothing accepts from it but the test.
func memory(t testing.TB, cfg Config) (*Edge, *pipes) {
	t.Helper()
	p := newPipes()
	e := New(p, cfg)
	t.Cleanup(func() { _ = e.Close() })
	return e, p
}

// say writes in the background, for nobody may read it.
func say(c net.Conn, s string) { go func() { _, _ = io.WriteString(c, s) }() }
