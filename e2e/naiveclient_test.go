//go:build unix

package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// redial is how long after the loss of its connection a naive client dials, and dials again if nobody answers.
const redial = time.Second

// naiveRoom is a naive server that can be killed, and clients of it.
type naiveRoom struct {
	ctx     context.Context
	address string
	server  *actor
	clients []*naiveClient
}

// naiveClient is what one writes first.
type naiveClient struct {
	connected chan struct{} // gets one when there is a connection
	lost      chan struct{} // gets one when it is lost and all that came on it has been read

	mu    sync.Mutex
	ws    *websocket.Conn // the newest; guarded by mu
	said  int             // on it; guarded by mu
	heard int             // echoes of that; guarded by mu
	echo  chan struct{}   // closed at the next echo; guarded by mu
}

func newNaiveRoom(b *testing.B, ctx context.Context) *naiveRoom {
	b.Helper()
	r := &naiveRoom{ctx: ctx, address: quietAddress(b, "127.0.0.1")}
	r.start(b)
	running, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	b.Cleanup(func() {
		r.kill()
		cancel()
		all.Wait()
	})
	for range recoveryClients {
		c := &naiveClient{connected: make(chan struct{}, 1), lost: make(chan struct{}, 1)}
		r.clients = append(r.clients, c)
		all.Go(func() { c.run(running, "ws://"+r.address) })
		<-c.connected
	}
	return r
}

func (r *naiveRoom) start(b *testing.B) {
	var err error
	if r.server, err = castNow(r.ctx, roleEcho, r.address); err != nil {
		b.Error(err)
	}
}

func (r *naiveRoom) kill() { r.server.Close() }

// sayAll has each client say so many messages.
func (r *naiveRoom) sayAll(messages int) {
	for _, c := range r.clients {
		for range messages {
			c.say()
		}
	}
}

// unheard waits until the clients know that the server was killed, and tells how many of their messages had no echo.
func (r *naiveRoom) unheard() (lost int) {
	for _, c := range r.clients {
		<-c.lost
		c.mu.Lock()
		lost += c.said - c.heard
		c.mu.Unlock()
	}
	return lost
}

// recover starts the server again and returns how long each client took to hear an echo, in milliseconds from when it listened.
func (r *naiveRoom) recover(b *testing.B) (took []float64) {
	r.start(b)
	listens := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, c := range r.clients {
		all.Go(func() {
			select {
			case <-c.connected:
			case <-r.ctx.Done():
				return
			}
			select {
			case <-c.say():
			case <-r.ctx.Done():
				return
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(listens).Seconds()*1000)
		})
	}
	all.Wait()
	return took
}

// run connects again and again until ctx ends.
func (c *naiveClient) run(ctx context.Context, url string) {
	for ctx.Err() == nil {
		if ws, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil); err == nil {
			c.mu.Lock()
			c.ws, c.said, c.heard, c.echo = ws, 0, 0, make(chan struct{})
			c.mu.Unlock()
			c.connected <- struct{}{}
			c.read(ws)
			c.lost <- struct{}{}
		}
		select {
		case <-time.After(redial):
		case <-ctx.Done():
		}
	}
}

// read counts echoes until the connection is lost.
func (c *naiveClient) read(ws *websocket.Conn) {
	defer ws.Close()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
		c.mu.Lock()
		c.heard++
		close(c.echo)
		c.echo = make(chan struct{})
		c.mu.Unlock()
	}
}

// say says something on the newest connection, and returns what is closed when an echo comes.
func (c *naiveClient) say() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said++
	_ = c.ws.WriteMessage(websocket.TextMessage, []byte("are you there?")) // who reads learns of a loss, too
	return c.echo
}
