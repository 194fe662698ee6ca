package peer_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/gorilla/websocket"
)

// front is what stands before a world's server and does with some requests what proxies do.
type front struct {
	w *world
	l *memnet.Listener

	mu    sync.Mutex // guards all below
	ways  map[string]http.HandlerFunc
	asked []string // the paths, in order
	heads []string // URLs and headers
	conns []net.Conn
	down  bool // nobody can connect
}

// newFront puts one before the server of w.
func newFront(w *world) *front {
	f := &front{w: w, ways: map[string]http.HandlerFunc{}, l: memnet.Listen(0)}
	h := &http.Server{Handler: f}
	go h.Serve(f.l)
	w.t.Cleanup(func() { h.Close(); f.l.Close() })
	return f
}

// config makes a Config go through it.
func (f *front) config(c peer.Config) peer.Config {
	c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := f.l.Dial(ctx)
		f.mu.Lock()
		defer f.mu.Unlock()
		switch {
		case err != nil:
		case f.down:
			conn.Close()
			return nil, net.ErrClosed
		default:
			f.conns = append(f.conns, conn)
		}
		return conn, err
	}
	return *f.w.config(c)
}

func (f *front) join(c peer.Config) *peer.Room { return f.w.join(f.config(c)) }

// on sets what is done with requests of that path; nil lets them through.
func (f *front) on(path string, way http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ways[path] = way
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	f.mu.Lock()
	f.asked = append(f.asked, path)
	f.heads = append(f.heads, r.URL.String())
	for name, values := range r.Header {
		f.heads = append(f.heads, name+": "+strings.Join(values, ", "))
	}
	way := f.ways[path]
	f.mu.Unlock()
	if way == nil {
		way = f.w.server.ServeHTTP
	}
	way(w, r)
}

// took returns what was tried since it was asked last, in order; a poll after a poll is no other try.
func (f *front) took() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var tried []string
	for _, path := range f.asked {
		if path != "send" && !(path == "poll" && slices.Contains(tried, "poll")) {
			tried = append(tried, path)
		}
	}
	f.asked = nil
	return strings.Join(tried, " ")
}

// fail ends all connections, and lets nobody connect until the room notices.
func (f *front) fail(r *peer.Room) {
	f.w.t.Helper()
	down := func(is bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.down = is
	}
	down(true)
	f.cut()
	becomes(f.w.t, r, peer.RoomReconnecting)
	down(false)
}

// cut ends all connections that there are. A poll is repeated on another one, and may not be lost.
func (f *front) cut() {
	f.mu.Lock()
	conns := f.conns
	f.conns = nil
	f.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// What proxies do.

func answers(status int) http.HandlerFunc {
	return says(status, "the policy of this network forbids it")
}

// says answers with a status and a sentence, which may be the server's own.
func says(status int, sentence string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, sentence, status) }
}

// hangs says nothing until the client gives up.
func hangs(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // or net/http would not notice that the client is gone
	<-r.Context().Done()
}

// slams ends the connection without an answer.
func slams(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// opensAnd answers the upgrade and does that with the WebSocket.
func opensAnd(do func(ws *websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: websocket.Subprotocols(r)}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		do(ws)
	}
}

// holdsBack passes on so many flushes of an answer, and then nothing until the answer is complete.
func (f *front) holdsBack(flushes int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.w.server.ServeHTTP(&held{ResponseWriter: w, left: flushes}, r)
	}
}

// held is an answer that is held back. net/http holds back what is not flushed, up to some kilobytes.
type held struct {
	http.ResponseWriter
	left int
}

func (h *held) Flush() {
	if h.left > 0 {
		h.left--
		h.ResponseWriter.(http.Flusher).Flush()
	}
}

func (h *held) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(h.ResponseWriter).SetWriteDeadline(t)
}

func (h *held) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(h.ResponseWriter).SetReadDeadline(t)
}

// loses lets the server act, and then loses the answer to each nth request.
func (f *front) loses(nth int) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		lost := n%nth == 0
		mu.Unlock()
		if !lost {
			f.w.server.ServeHTTP(w, r)
			return
		}
		f.w.server.ServeHTTP(httptest.NewRecorder(), r)
		slams(w, r)
	}
}
