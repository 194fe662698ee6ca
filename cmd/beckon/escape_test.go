package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A server has a say in what goes wrong, and none in what the terminal does.
func TestErrorsMoveNoCursor(t *testing.T) {
	t.Parallel()
	const hostile = "no \x1b]52;c;ZXZpbA==\a\x1b[2J\u009b1A\rbeckon: received 1 file\u202e"
	upgrader := websocket.Upgrader{Subprotocols: []string{protocol.Version}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // of another carrier: the test fails by what is printed
		}
		defer ws.Close()
		_, _, _ = ws.ReadMessage() // the hello
		_ = ws.WriteJSON(map[string]string{"type": "error", "code": string(protocol.CodeForbidden), "message": hostile})
		_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(int(protocol.CloseUnauthorized), hostile[:10]))
		_, _, _ = ws.ReadMessage()
	}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	if code := run(patient(t), []string{"receive", "--yes", server.URL + "/r/tea"}, &stdout, &stderr, nil); code != exitFailure {
		t.Errorf("it ended with %d", code)
	}
	said := stdout.String() + stderr.String()
	if !strings.Contains(said, "no _]52;c;ZXZpbA==_") || strings.ContainsAny(said, "\x1b\a\r\u009b\u202e") {
		t.Errorf("it said %q", said)
	}
}

func TestDisplayIsLegible(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	(&display{out: &out}).say("%s\n\ttwo", "a\x1b[2J\rb")
	if want := "a_[2J_b\n\ttwo\n"; out.String() != want {
		t.Errorf("it is %q, want %q", out.String(), want)
	}
}

// A link that has lost what is behind its # works like one that never had it, and so it is said.
func TestALinkWithoutASecretSaysSo(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	for link, want := range map[string]bool{s.link: false, s.first: true} {
		r := start(t, true, "receive", "--yes", "--to", t.TempDir(), link)
		r.interrupt()
		if said := strings.Contains(r.stderr.String(), "this link has no secret"); said != want {
			t.Errorf("with %s it says so: %v; it said %s", link, said, r.stderr)
		}
	}
}
