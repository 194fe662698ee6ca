package peer

import (
	"context"
	"net"
	"sync"
)

// wires are the connections of one HTTP client. net/http keeps some for later requests, and may make one that nobody needs any more;
// what ends the client ends all of them.
type wires struct {
	dialer func(ctx context.Context, network, addr string) (net.Conn, error)

	mu   sync.Mutex         // guards all below
	open map[*wire]struct{} // nil once they are closed
}

// wire is one of them.
type wire struct {
	net.Conn
	of *wires
}

func (w *wires) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := w.dialer(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		conn.Close()
		return nil, net.ErrClosed
	}
	c := &wire{conn, w}
	w.open[c] = struct{}{}
	return c, nil
}

func (w *wires) close() {
	w.mu.Lock()
	open := w.open
	w.open = nil
	w.mu.Unlock()
	for c := range open {
		c.Conn.Close()
	}
}

func (c *wire) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
