package peer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// ours is how the sentences begin by which a Beckon server refuses an upgrade.
const ours = "beckon: "

// socket is the conduit that is a WebSocket.
type socket struct {
	ws      *websocket.Conn
	silence time.Duration // owned by who receives
}

var _ conduit = (*socket)(nil)

// socket opens a WebSocket.
func (a *approach) socket(ctx context.Context) (conduit, error) {
	address, err := endpoint(a.server, socketPath)
	if err != nil {
		return nil, err
	}
	// gorilla lets a deadline of ctx end the handshake, in its own time, but not its cancellation. So it is given a context without an end,
	// and the end of ctx closes the connection under it.
	unwatch := func() bool { return true }
	dialer := websocket.Dialer{
		Subprotocols:    []string{protocol.Version},
		TLSClientConfig: a.cfg.TLS,
		Proxy:           a.proxy,
		NetDialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := a.dial(ctx, network, addr)
			if err == nil {
				unwatch = context.AfterFunc(ctx, func() { conn.Close() })
			}
			return conn, err
		},
	}
	ws, resp, err := dialer.DialContext(context.WithoutCancel(ctx), address, nil)
	defer unwatch()
	if err != nil {
		if resp == nil {
			return nil, unsecured(err)
		}
		head := make([]byte, 1024) // what gorilla keeps of the answer
		n, _ := resp.Body.Read(head)
		err := answerError(a.server, socketPath, resp.StatusCode)
		// A server refuses us on every carrier, unless what it refuses is what is left of our upgrade: we have asked for one, so a proxy
		// has dropped the headers that say so, as many do that nobody has told about WebSockets.
		dropped := resp.StatusCode == http.StatusUpgradeRequired || resp.StatusCode == http.StatusBadRequest
		if dropped || !strings.HasPrefix(string(head[:n]), ours) {
			err = obstacle{err}
		}
		return nil, passing{err, retryAfter(resp.Header)}
	}
	if ws.Subprotocol() != protocol.Version {
		ws.Close()
		return nil, passing{obstacle{protocol.Errorf(protocol.CodeConnectFailed,
			"%s is a WebSocket that does not speak %s; is it a Beckon server?", address, protocol.Version)}, 0}
	}
	s := &socket{ws: ws, silence: defaultSilence}
	ws.SetReadLimit(maxIncoming)
	// The server's WebSocket pings break the silence like any frame.
	ws.SetPingHandler(func(data string) error {
		s.heard()
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTimeout))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	if err := s.send([][]byte{a.hello}); err != nil {
		ws.Close()
		return nil, err
	}
	return s, nil
}

func (s *socket) heard() { s.ws.SetReadDeadline(time.Now().Add(s.silence)) }

func (s *socket) receive(silence time.Duration) ([]byte, error) {
	s.silence = silence
	s.heard()
	kind, frame, err := s.ws.ReadMessage()
	if err == nil && kind != websocket.TextMessage {
		return nil, protocol.Errorf(protocol.CodeBadFrame, "the server sent a binary frame")
	}
	return frame, err
}

// batch is 1: a frame that can be written at once is made only then.
func (s *socket) batch() int { return 1 }

func (s *socket) send(frames [][]byte) error {
	for _, frame := range frames {
		s.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err := s.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			return err
		}
	}
	return nil
}

func (s *socket) close() { s.ws.Close() }

// answerError says what an answer means that is not a Beckon server's, as far as the HTTP status tells.
func answerError(server, path string, status int) error {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusOK:
		return protocol.Errorf(protocol.CodeConnectFailed,
			"%s is a web server but not a Beckon server (HTTP %d at %s); is the path before it missing?", server, status, path)
	case http.StatusUnauthorized:
		return protocol.Errorf(protocol.CodeUnauthorized, "%s, or a proxy before it, wants to know who you are (HTTP 401)", server)
	case http.StatusForbidden:
		return protocol.Errorf(protocol.CodeForbidden, "%s, or a proxy before it, refuses (HTTP 403)", server)
	case http.StatusTooManyRequests:
		return protocol.Errorf(protocol.CodeRateLimited, "%s has too many connections from this address (HTTP 429)", server)
	}
	return protocol.Errorf(protocol.CodeConnectFailed, "%s, or a proxy before it, answers HTTP %d at %s", server, status, path)
}
