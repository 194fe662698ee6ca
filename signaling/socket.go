package signaling

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// socket is the WebSocket carrier.
type socket struct {
	ws    *websocket.Conn
	limit int       // the largest frame
	frame io.Reader // the one that has begun; owned by who reads

	mu   sync.Mutex
	pong string // what the newest ping of the client said; guarded by mu
}

var _ carrier = (*socket)(nil)

// newUpgrader is what makes sockets.
func newUpgrader(s *Server) websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: s.limits.Write,
		// An idle connection costs memory above all: gorilla's read buffer is kept for ever, its write buffer only while a frame
		// is written. Compression is off because its windows cost more than all the rest, and because secrets and what a stranger
		// chose would be compressed together: the length of what is sent would tell of the secret (as CRIME showed for TLS).
		ReadBufferSize:  256,
		WriteBufferSize: 2 << 10,
		WriteBufferPool: new(sync.Pool),
		Subprotocols:    []string{protocol.Version},
		CheckOrigin:     originChecked,
		Error:           s.upgradeFailed,
	}
}

// serveSocket upgrades a request to a WebSocket and returns; the connection lives on in its own goroutine.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	unread(w, r) // what is upgraded says so itself
	switch {
	case s.closing.Load():
		s.refuse(w, http.StatusServiceUnavailable, goingAway)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		s.refuse(w, http.StatusMethodNotAllowed, "this is a WebSocket endpoint: use GET with an upgrade")
		return
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		s.refuse(w, http.StatusUpgradeRequired, "this is a WebSocket endpoint; if your client did ask for an upgrade, a proxy in between "+
			"has dropped the Upgrade and Connection headers")
		return
	case !slices.Contains(websocket.Subprotocols(r), protocol.Version):
		// Without it a browser would connect and fail later, and a client of another protocol would only time out.
		s.refuse(w, http.StatusBadRequest, "the WebSocket subprotocol "+protocol.Version+" is needed: new WebSocket(url, \""+protocol.Version+"\")")
		return
	case !s.originAllowed(r):
		s.logStranger(r)
		s.refuse(w, http.StatusForbidden, foreignOrigin)
		return
	}
	addr := remoteAddr(r)
	if status, reason := s.admit(addr); status != 0 {
		s.refuse(w, status, reason)
		return
	}
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.dismiss(addr)
		return
	}
	k := &socket{ws: ws, limit: s.limits.Frame}
	c := newConn(s, k, addr, r.Header.Get("Origin"))
	ws.SetPingHandler(func(data string) error { k.pinged(c, data); return nil })
	ws.SetPongHandler(func(string) error { c.heard(); return nil })
	// The answer to a close goes through the queue like everything else: one path writes.
	ws.SetCloseHandler(func(code int, _ string) error { c.shut(protocol.CloseCode(code), nil); return nil })
	s.register(c)
	go c.serve()
}

// upgradeFailed answers what gorilla refuses beyond our own checks: a bad key or version, or a server that cannot hijack.
func (s *Server) upgradeFailed(w http.ResponseWriter, _ *http.Request, status int, reason error) {
	s.refuse(w, status, reason.Error())
}

// originChecked tells gorilla that serveSocket has checked the origin.
func originChecked(*http.Request) bool { return true }

// pinged queues a pong.
func (k *socket) pinged(c *conn, data string) {
	k.mu.Lock()
	k.pong = data
	k.mu.Unlock()
	c.answerPing()
}

func (k *socket) await() error {
	kind, frame, err := k.ws.NextReader()
	if err != nil {
		return socketError(err)
	}
	if kind != websocket.TextMessage {
		return errBinaryFrame
	}
	k.frame = frame
	return nil
}

func (k *socket) read(buf []byte) ([]byte, error) { return readFrame(k.frame, buf, k.limit) }

// socketError says what an error of gorilla's means. It is no part of await, whose stack each idle connection keeps.
func socketError(err error) error {
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return errClosing // the close handler has queued the answer
	case errors.Is(err, websocket.ErrReadLimit): // a length of 2^63 bytes or more, the one thing that gorilla itself finds too large
		return errFrameTooLarge
	}
	return err
}

// readFrame appends a message to buf, up to limit bytes. gorilla's own read limit is not used: it closes with 1009, and the
// client could not tell our limit from a proxy's.
func readFrame(r io.Reader, buf []byte, limit int) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf, errFrameTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}

func (k *socket) expect(by time.Time, _ bool) { k.ws.SetReadDeadline(by) }

func (k *socket) write(frame []byte, by time.Time) error {
	k.ws.SetWriteDeadline(by)
	return k.ws.WriteMessage(websocket.TextMessage, frame)
}

func (k *socket) flush(time.Time) error { return nil }

func (k *socket) control(op op, code protocol.CloseCode, by time.Time) error {
	switch op {
	case opPing:
		return k.ws.WriteControl(websocket.PingMessage, nil, by)
	case opPong:
		k.mu.Lock()
		data := k.pong
		k.mu.Unlock()
		return k.ws.WriteControl(websocket.PongMessage, []byte(data), by)
	}
	return k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(int(code), code.Name()), by)
}

// linger waits for the client's answer to a close. Without it, closing the socket while the client still sends would reset it,
// and the client would not see the close code.
func (k *socket) linger() {
	for {
		if _, _, err := k.ws.NextReader(); err != nil {
			return
		}
	}
}

func (k *socket) end()   { k.ws.Close() }
func (k *socket) abort() { k.ws.Close() }
