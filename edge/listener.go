package edge

import (
	"net"
	"sync"
	"sync/atomic"
)

// listener is one of the two that the port becomes. Nothing waits in it: a connection stays under way until somebody accepts it.
type listener struct {
	addr  net.Addr
	queue chan handed
	gone  chan struct{} // closed by Close
	once  sync.Once
}

// handed is a connection to be accepted, and what counts it then.
type handed struct {
	conn  net.Conn
	count *atomic.Uint64
}

var _ net.Listener = (*listener)(nil)

func newListener(addr net.Addr) *listener {
	return &listener{addr: addr, queue: make(chan handed), gone: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.gone: // also when somebody waits
	default:
		select {
		case h := <-l.queue:
			h.count.Add(1)
			return h.conn, nil
		case <-l.gone:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
}

// give waits until c is accepted, and counted there. It returns false when that will not be.
func (l *listener) give(c net.Conn, count *atomic.Uint64) bool {
	select {
	case l.queue <- handed{c, count}:
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
