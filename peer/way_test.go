package peer_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
)

// secret is what servers share that take each other's clients over.
var secret = signaling.Config{Secret: []byte("a secret of all servers")}

// way is how the peers of a test get to the server that there is at the moment. Servers can be killed and replaced, and the
// connections to them cut or blackened.
type way struct {
	w *world

	mu    sync.Mutex
	l     *memnet.Listener
	kill  func() // ends the server that there is at the moment, with everything in flight
	conns []*link
}

// newWay makes a way to a server.
func newWay(w *world, config signaling.Config) *way {
	y := &way{w: w}
	y.start(config)
	return y
}

// start leads to another server from now on. It returns it, for those who end the one before in peace.
func (y *way) start(config signaling.Config) *signaling.Server {
	config.Authorize = signaling.AllowAnonymous("*")
	server, l := signaling.New(config), memnet.Listen(0)
	mux := http.NewServeMux()
	mux.Handle("/v1/", server)
	h := &http.Server{Handler: mux}
	go h.Serve(l)
	y.mu.Lock()
	defer y.mu.Unlock()
	y.l = l
	y.kill = func() {
		l.Close()
		y.cut() // before the server can say anything
		server.Close()
		h.Close()
	}
	y.w.t.Cleanup(y.kill)
	return server
}

// join joins room "tea" and leaves it when the test ends.
func (y *way) join(c peer.Config) *peer.Room {
	y.w.t.Helper()
	c.Dial = y.dial
	return y.w.join(c)
}

func (y *way) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	y.mu.Lock()
	l := y.l
	y.mu.Unlock()
	conn, err := l.Dial(ctx)
	if err != nil {
		return nil, err
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	c := &link{Conn: conn, closed: make(chan struct{})}
	y.conns = append(y.conns, c)
	return c, nil
}

func (y *way) all() []*link {
	y.mu.Lock()
	defer y.mu.Unlock()
	conns := y.conns
	y.conns = nil
	return conns
}

// cut ends all connections, with what is in flight.
func (y *way) cut() {
	for _, c := range y.all() {
		c.Close()
	}
}

// blacken makes all connections swallow what is sent on them, in both directions, without an end.
func (y *way) blacken() {
	for _, c := range y.all() {
		c.mu.Lock()
		c.black = true
		c.mu.Unlock()
	}
}

// link is the client's end of a connection.
type link struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
	mu     sync.Mutex
	black  bool
	until  time.Time // the read deadline
}

func (c *link) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.until = t
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

func (c *link) isBlack() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.black
}

func (c *link) Write(b []byte) (int, error) {
	if c.isBlack() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *link) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if !c.isBlack() {
			return n, err
		}
		if err == io.EOF { // it does not come through either
			c.mu.Lock()
			left := time.Until(c.until)
			c.mu.Unlock()
			select {
			case <-c.closed:
			case <-time.After(left):
			}
			return 0, os.ErrDeadlineExceeded
		}
		if err != nil {
			return 0, err
		}
	}
}

func (c *link) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// until reads the room's events until it becomes that state, and calls got with all others.
func until(t *testing.T, r *peer.Room, state peer.RoomState, got func(peer.Event)) {
	t.Helper()
	for {
		e, err := r.Recv(within(t))
		must(t, err)
		if e.Kind == peer.EventState && e.State == state {
			return
		}
		got(e)
	}
}
