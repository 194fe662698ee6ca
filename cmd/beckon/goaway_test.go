package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// visitor is a client of a running server that has said hello.
type visitor struct {
	t  *testing.T
	ws *websocket.Conn
}

func dialVisitor(base string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}}
	return dialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/v1/ws", nil)
}

func visit(t *testing.T, base string) *visitor {
	t.Helper()
	ws, _, err := dialVisitor(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	hello := protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()})
	if err := ws.WriteMessage(websocket.TextMessage, hello); err != nil {
		t.Fatal(err)
	}
	v := &visitor{t, ws}
	v.expect(protocol.TypeWelcome)
	return v
}

func (v *visitor) expect(want protocol.Type) []byte {
	v.t.Helper()
	_, frame, err := v.ws.ReadMessage()
	if err != nil {
		v.t.Fatal(err)
	}
	if env, err := protocol.Parse(frame); err != nil || env.Type != want {
		v.t.Fatalf("want %s, got %s (%v)", want, frame, err)
	}
	return frame
}

// An interrupt tells the clients to go, and does not wait out its grace once they have gone. Who comes meanwhile finds the port open
// and is told to come back later; pages are served on.
func TestAnInterruptSendsClientsElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--grace", "1h")
	base, _, _ := strings.Cut(s.first, "/r/")
	v := visit(t, base)
	code := make(chan int, 1)
	go func() { code <- s.interrupt() }()
	v.expect(protocol.TypeGoAway)
	ws, res, err := dialVisitor(base)
	if err == nil {
		ws.Close()
		t.Fatal("let in")
	}
	if res == nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("%+v, %v", res, err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	page, err := client.Get(s.first)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if page.StatusCode != http.StatusOK {
		t.Error(page.Status)
	}
	v.ws.Close()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d; stderr:\n%s", got, s.stderr)
	}
	if _, res, err := dialVisitor(base); err == nil || res != nil {
		t.Errorf("the port is still open: %v", err)
	}
}

// Streams and polls end in time too: http.Server.Shutdown would wait for them.
func TestAnInterruptEndsStreamsAndPolls(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--grace", "1h")
	base, _, _ := strings.Cut(s.first, "/r/")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	open := func(path string) *http.Response {
		hello := protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()})
		res, err := client.Post(base+"/v1/"+path, "text/plain", bytes.NewReader(hello))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	stream := bufio.NewScanner(open("stream").Body)
	lines := func(want ...string) {
		t.Helper()
		for _, part := range want {
			for stream.Scan() && stream.Text() == "" {
			}
			if !strings.Contains(stream.Text(), part) {
				t.Fatalf("want %s, got %q (%v)", part, stream.Text(), stream.Err())
			}
		}
	}
	lines(`"opened"`, `"welcome"`)
	first, err := io.ReadAll(open("poll").Body)
	if err != nil {
		t.Fatal(err)
	}
	polled, err := protocol.DecodeLine[protocol.Polled](bytes.SplitN(first, []byte("\n"), 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	code := make(chan int, 1)
	go func() { code <- s.interrupt() }()
	lines(`"goaway"`)
	for cursor := polled.Cursor; ; {
		poll := protocol.Encode(protocol.Poll{Carrier: polled.Carrier, Cursor: cursor})
		res, err := client.Post(base+"/v1/poll", "text/plain", bytes.NewReader(poll))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		head, bad := protocol.DecodeLine[protocol.Polled](bytes.SplitN(answer, []byte("\n"), 2)[0])
		if err != nil || bad != nil {
			t.Fatalf("%s, %v", answer, err)
		}
		if cursor = head.Cursor; bytes.Contains(answer, []byte(`{"type":"close","code":4000,`)) {
			break
		}
	}
	lines(`{"type":"close","code":4000,`)
	if stream.Scan() {
		t.Errorf("and then %q", stream.Text())
	}
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d; stderr:\n%s", got, s.stderr)
	}
}

// A short grace is a short window for the clients, and what is announced is that one.
func TestAShortGraceIsAShortWindow(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--grace", "3s")
	base, _, _ := strings.Cut(s.first, "/r/")
	v := visit(t, base)
	code := make(chan int, 1)
	go func() { code <- s.interrupt() }()
	g, err := protocol.Decode[protocol.GoAway](v.expect(protocol.TypeGoAway))
	if err != nil || g.Within > 2000 {
		t.Errorf("%+v, %v: the last second is for the goodbyes", g, err)
	}
	v.ws.Close()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d; stderr:\n%s", got, s.stderr)
	}
}

// Without a secret every restart makes all clients new peers: the operator is told, once.
func TestARandomSecretIsSaidOnce(t *testing.T) {
	t.Parallel()
	for want, flags := range [][]string{{"--secret", strings.Repeat("0123456789abcdef", 2)}, nil} {
		args := append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn"}, flags...)
		s := start(t, false, args...)
		s.interrupt()
		if got := strings.Count(s.stderr.String(), "random secret"); got != want {
			t.Errorf("%v: said %d times in\n%s", args, got, s.stderr)
		}
	}
}
