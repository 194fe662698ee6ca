//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// pageVerifier is a verifier that is a page in a browser, at the other end of a WebSocket.
type pageVerifier struct {
	socket *websocket.Conn
	gone   chan struct{} // closed by read when the page is

	mu      sync.Mutex
	last    int                    // guarded by mu
	waiting map[int]chan pageReply // guarded by mu

	writing sync.Mutex
}

// pageReply is what the page says of a call.
type pageReply struct {
	N      int        `json:"n"`
	Result verifySeen `json:"result"`
	Error  string     `json:"error"`
}

// newPageVerifier opens a page. It is of a site on loopback: only there, or over https, has a page what it takes to verify peers.
func newPageVerifier(t *testing.T, s *site, kind browser.Kind, base string) *pageVerifier {
	t.Helper()
	came := make(chan *websocket.Conn, 1)
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if socket, err := upgrader.Upgrade(w, r, nil); err == nil {
			came <- socket
		}
	}))
	t.Cleanup(hub.Close)
	page := s.open(t, kind, "verify.js", map[string]string{"hub": "ws" + strings.TrimPrefix(hub.URL, "http"), "sdk": base + "/sdk/beckon.js"})
	p := &pageVerifier{gone: make(chan struct{}), waiting: make(map[int]chan pageReply)}
	select {
	case p.socket = <-came:
	case v := <-page.verdicts:
		t.Fatalf("the page of %s ended: %s", kind, v.Error)
	case <-s.ctx.Done():
		t.Fatalf("the page of %s did not come", kind)
	}
	go p.read()
	t.Cleanup(func() {
		p.socket.Close()
		<-p.gone
	})
	return p
}

func (p *pageVerifier) call(ctx context.Context, name string, args verifyArgs) (verifySeen, error) {
	done := make(chan pageReply, 1)
	p.mu.Lock()
	p.last++
	n := p.last
	p.waiting[n] = done
	p.mu.Unlock()
	p.writing.Lock()
	err := p.socket.WriteJSON(map[string]any{"n": n, "call": name, "args": args})
	p.writing.Unlock()
	if err != nil {
		return verifySeen{}, err
	}
	select {
	case reply := <-done:
		if reply.Error != "" {
			return verifySeen{}, errors.New(name + ": " + reply.Error)
		}
		return reply.Result, nil
	case <-p.gone:
		return verifySeen{}, errors.New("the page is gone")
	case <-ctx.Done():
		return verifySeen{}, errors.Join(errors.New(name+": no answer of the page"), context.Cause(ctx))
	}
}

func (p *pageVerifier) read() {
	defer close(p.gone)
	for {
		_, raw, err := p.socket.ReadMessage()
		if err != nil {
			return
		}
		var reply pageReply
		if err := json.Unmarshal(raw, &reply); err != nil {
			reply.Error = "a reply that is not readable: " + string(raw)
		}
		p.mu.Lock()
		done := p.waiting[reply.N]
		delete(p.waiting, reply.N)
		p.mu.Unlock()
		if done != nil {
			done <- reply
		}
	}
}
