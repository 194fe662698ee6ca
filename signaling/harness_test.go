package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a server on a network in memory, in a bubble of fake time.
type world struct {
	t     *testing.T
	s     *Server
	l     *memnet.Listener
	kind  string // what carries its clients' frames, of kinds; "" is a socket
	http2 bool
}

// inWorld runs a test in a bubble, over WebSockets. Without an Authorize the server lets everybody in everywhere.
func inWorld(t *testing.T, cfg Config, f func(*testing.T, *world)) {
	t.Helper()
	t.Parallel()
	if cfg.Authorize == nil {
		cfg.Authorize = AllowAnonymous("*")
	}
	synctest.Test(t, func(t *testing.T) { f(t, serve(t, cfg, 0)) })
}

// overAll runs a test over each carrier.
func overAll(t *testing.T, cfg Config, f func(*testing.T, *world)) {
	t.Helper()
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, cfg, func(t *testing.T, w *world) {
				w.kind = kind
				f(t, w)
			})
		})
	}
}

// serve starts a server whose connections hold buffer bytes each way.
func serve(t testing.TB, cfg Config, buffer int) *world {
	w := &world{s: New(cfg), l: memnet.Listen(buffer)}
	w.t, _ = t.(*testing.T)
	// The deadlines of a server that guards itself, and that streams and polls must outlast.
	hs := &http.Server{Handler: w.s, ErrorLog: log.New(failing{t}, "", 0), Protocols: new(http.Protocols), ReadTimeout: 3 * time.Second, WriteTimeout: 7 * time.Second}
	hs.Protocols.SetHTTP1(true)
	hs.Protocols.SetUnencryptedHTTP2(true)
	go hs.Serve(w.l)
	t.Cleanup(func() {
		w.s.Close()
		hs.Close()
		if n := w.s.Stats(); n.Connections != 0 || n.Sessions != 0 || n.Rooms != 0 {
			t.Errorf("left after Close: %+v", n)
		}
	})
	return w
}

type failing struct{ t testing.TB }

func (f failing) Write(b []byte) (int, error) { f.t.Errorf("net/http: %s", b); return len(b), nil }

// client is a real client. Unless it is slow, a goroutine reads all that comes, so that pings are answered.
type client struct {
	t        testing.TB
	link     link
	ws       *websocket.Conn // nil over HTTP
	instance string
	welcome  protocol.Welcome
	in       chan string
	closed   chan int // the close code; 1006 if there was none
}

var local = netip.MustParseAddr("127.0.0.1")

func (w *world) dial(from netip.Addr, header http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{
		Subprotocols:   []string{protocol.Version},
		NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.l.DialFrom(ctx, from) },
	}
	return d.Dial("ws://beckon.test/v1/ws", header)
}

// connect opens a carrier and says nothing.
func (w *world) connect() *client {
	w.t.Helper()
	c := w.slow()
	go c.pump()
	return c
}

// slow is connect, and reads nothing until pump runs.
func (w *world) slow() *client {
	w.t.Helper()
	c := &client{t: w.t, link: w.link(), instance: protocol.NewInstance(), in: make(chan string, 10_000), closed: make(chan int, 1)}
	if l, ok := c.link.(socketLink); ok {
		c.ws = l.ws
	}
	w.t.Cleanup(c.link.drop)
	return c
}

func (c *client) pump() {
	for {
		frame, err := c.link.next()
		if err != nil {
			code, reason := codeOfEnd(err)
			if code >= 4000 && reason != protocol.CloseCode(code).Name() {
				c.t.Errorf("close %d with reason %q", code, reason)
			}
			c.link.drop()
			c.closed <- code
			close(c.in)
			return
		}
		c.in <- frame
	}
}

// hello opens a session; the fields of h that are empty are filled in.
func (c *client) hello(h protocol.Hello) *client {
	c.t.Helper()
	if h.Versions == nil {
		h.Versions = []string{protocol.Version}
	}
	if h.Instance == "" {
		h.Instance = c.instance
	}
	c.instance = h.Instance
	c.send(h)
	c.welcome = next[protocol.Welcome](c)
	return c
}

// session is connect and hello.
func (w *world) session() *client {
	w.t.Helper()
	return w.connect().hello(protocol.Hello{})
}

// again is a new carrier with the resume token of an older one.
func (w *world) again(c *client) *client {
	w.t.Helper()
	n := w.connect().hello(protocol.Hello{Instance: c.instance, Resume: c.welcome.Resume})
	if !n.welcome.Resumed || n.welcome.Peer != c.welcome.Peer {
		w.t.Fatalf("not resumed: %+v", n.welcome)
	}
	return n
}

// in is a session in a room.
func (w *world) in(room string) (*client, protocol.Joined) {
	w.t.Helper()
	c := w.session()
	return c, c.join(protocol.Join{Room: room})
}

func (c *client) join(j protocol.Join) protocol.Joined {
	c.t.Helper()
	c.send(j)
	return next[protocol.Joined](c)
}

func (c *client) send(f protocol.Frame) { c.t.Helper(); c.raw(string(protocol.Encode(f))) }

func (c *client) raw(frame string) {
	c.t.Helper()
	if err := c.link.write(frame); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) say(room string, n uint64) {
	c.t.Helper()
	c.send(protocol.Message{Room: room, N: n, Data: json.RawMessage(fmt.Sprintf(`{"say":%d}`, n))})
}

func (c *client) signal(room string, to *client, n uint64) {
	c.t.Helper()
	c.send(protocol.Signal{ID: n, Room: room, To: to.welcome.Peer, ToInstance: to.instance, N: n, Data: json.RawMessage(`{"d":[1]}`)})
}

// frame waits for the next frame.
func (c *client) frame() string {
	c.t.Helper()
	select {
	case frame, ok := <-c.in:
		if !ok {
			c.t.Fatal("the connection has ended")
		}
		return frame
	case <-time.After(5 * time.Second):
		c.t.Fatal("no frame came")
	}
	return ""
}

// next waits for the next frame, which must be of type F.
func next[F protocol.Frame](c *client) F {
	c.t.Helper()
	return decode[F](c, c.frame())
}

func decode[F protocol.Frame](c *client, frame string) F {
	c.t.Helper()
	var f F
	env, err := protocol.Parse([]byte(frame))
	if err != nil || env.Type != f.Type() {
		c.t.Fatalf("want %s, got %s (%v)", f.Type(), frame, err)
	}
	if err := json.Unmarshal([]byte(frame), &f); err != nil {
		c.t.Fatal(err)
	}
	return f
}

// event waits for an event of that kind.
func (c *client) event(kind protocol.EventKind) protocol.Event {
	c.t.Helper()
	e := next[protocol.Event](c)
	if e.Kind != kind {
		c.t.Fatalf("want event %s, got %+v", kind, e)
	}
	return e
}

// refused waits for an error of that code.
func (c *client) refused(code protocol.ErrorCode) protocol.ErrorReply {
	c.t.Helper()
	e := next[protocol.ErrorReply](c)
	if e.Code != code || e.Message == "" {
		c.t.Fatalf("want %s, got %+v", code, e)
	}
	return e
}

// alive checks that the connection still answers and that nothing else has come.
func (c *client) alive() {
	c.t.Helper()
	c.send(protocol.Ping{T: 42})
	if p := next[protocol.Pong](c); p.T != 42 {
		c.t.Fatalf("pong %d", p.T)
	}
}

// quiet checks that nothing has come and nothing is on its way.
func (c *client) quiet() {
	c.t.Helper()
	synctest.Wait()
	select {
	case frame, ok := <-c.in:
		c.t.Fatalf("came unasked: %s (open: %v)", frame, ok)
	default:
	}
}

// ends waits for the end of the connection with that code.
func (c *client) ends(code protocol.CloseCode) {
	c.t.Helper()
	select {
	case got := <-c.closed:
		if got != int(code) {
			c.t.Fatalf("closed with %d, want %d", got, code)
		}
	case <-time.After(time.Minute):
		c.t.Fatalf("not closed; want %d", code)
	}
}

// drop loses the carrier without a word. One that polls is lost while a poll waits: who goes between two polls is missed only when
// it has been silent for too long.
func (c *client) drop() {
	if _, ok := c.link.(*pollLink); ok {
		synctest.Wait()
	}
	c.link.drop()
}

func has(s, sub string) bool { return strings.Contains(s, sub) }
