package memnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
)

// DefaultBuffer is how many bytes a direction of a connection holds when Listen is not told.
const DefaultBuffer = 64 << 10

// Listener is a net.Listener that Dial reaches. All its methods may be called from any goroutine.
type Listener struct {
	// Set once.
	buffer  int
	pending chan *conn
	closed  chan struct{}

	close sync.Once
	ports atomic.Uint32 // the last port given to a dialling end
	dead  atomic.Bool   // killed

	mu    sync.Mutex // guards links
	links []*Link
}

var _ net.Listener = (*Listener)(nil)

// Listen makes a listener. Each direction of its connections holds buffer bytes; 0 means DefaultBuffer. A small one makes a
// slow reader felt early.
func Listen(buffer int) *Listener {
	if buffer <= 0 {
		buffer = DefaultBuffer
	}
	return &Listener{buffer: buffer, pending: make(chan *conn), closed: make(chan struct{})}
}

// Accept waits for a connection. After Close its error is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.pending:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "memnet", Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Close ends Accept and Dial. Connections that were accepted live on, as those of a TCP listener do. It may be called twice.
func (l *Listener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

// Addr is 127.0.0.1:80, so that it can stand in a URL.
func (l *Listener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 80))
}

// Dial connects from 127.0.0.1 and waits until the connection is accepted or ctx ends.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	return l.DialFrom(ctx, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
}

// DialContext is Dial with the signature that http.Transport and websocket.Dialer want. It ignores network and address: all
// of them lead here.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

// DialFrom is Dial from an address of the caller's choice, which the accepting end sees as its RemoteAddr.
func (l *Listener) DialFrom(ctx context.Context, from netip.Addr) (net.Conn, error) {
	local := l.localAddr(from)
	near, far := pair(l.buffer, local, l.Addr(), nil)
	if err := l.offer(ctx, far); err != nil {
		return nil, err
	}
	return near, nil
}

func (l *Listener) localAddr(from netip.Addr) net.Addr {
	port := uint16(l.ports.Add(1)%64511) + 1024
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, port))
}

// offer waits until the far end of a connection is accepted.
func (l *Listener) offer(ctx context.Context, far *conn) error {
	refused := func(err error) error {
		return &net.OpError{Op: "dial", Net: "memnet", Source: far.remote, Addr: l.Addr(), Err: err}
	}
	select {
	case <-l.closed: // asked first: of two ready cases the select below takes either
		return refused(syscall.ECONNREFUSED)
	default:
	}
	select {
	case l.pending <- far:
		return nil
	case <-l.closed:
		return refused(syscall.ECONNREFUSED)
	case <-ctx.Done():
		return refused(fmt.Errorf("not accepted: %w", context.Cause(ctx)))
	}
}
