package edge

import (
	"net"
	"sync"
)

// listener is one of the two that the port becomes. Nothing waits in it: a connection stays under way until somebody accepts it.
type listener struct {
	addr  net.Addr
	queue chan net.Conn
	gone  chan struct{} // closed by Close
	once  sync.Once
}

var _ net.Listener = (*listener)(nil)

func newListener(addr net.Addr) *listener {
	return &listener{addr: addr, queue: make(chan net.Conn), gone: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.gone: // also when somebody waits
	default:
		select {
		case c := <-l.queue:
			return c, nil
		case <-l.gone:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
}

// give waits until c is accepted. It returns false when that will not be.
func (l *listener) give(c net.Conn) bool {
	select {
	case l.queue <- c:
		return true
	case <-l.gone:
		return false
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.gone) })
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }
