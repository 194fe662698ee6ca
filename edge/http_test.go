package edge

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// browser is a client of one protocol. wrap may change its connections.
func browser(t testing.TB, a *authority, e *Edge, protocol string, wrap func(net.Conn) net.Conn) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(protocol == "HTTP/1.1")
	protocols.SetHTTP2(protocol == "HTTP/2.0")
	transport := &http.Transport{
		TLSClientConfig: a.client(),
		Protocols:       protocols,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			c, err := d.DialContext(ctx, network, e.Addr().String())
			if err != nil || wrap == nil {
				return c, err
			}
			return wrap(c), nil
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// fetch returns what a POST of "question" is answered.
func fetch(t testing.TB, a *authority, e *Edge, protocol string, wrap func(net.Conn) net.Conn) string {
	t.Helper()
	res, err := browser(t, a, e, protocol, wrap).Post("https://edge.test/", "text/plain", strings.NewReader("question"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBothVersions(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	e := port(t, Config{TLS: a.server(t)}, http.HandlerFunc(said), echo)
	for protocol, alpn := range map[string]string{"HTTP/1.1": "", "HTTP/2.0": "h2"} {
		got := fetch(t, a, e, protocol, nil)
		if !strings.HasPrefix(got, protocol+" secure "+alpn+" 127.0.0.1:") || !strings.HasSuffix(got, " question") {
			t.Errorf("%s: %s", protocol, got)
		}
	}
	if got := e.Stats().Protocols; got[HTTP1] != 1 || got[HTTP2] != 1 {
		t.Errorf("%v", got)
	}
}

// TestStreams answers while it is asked, for longer than a read deadline of the request and in both directions, as a carrier does.
func TestStreams(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	e := port(t, Config{TLS: a.server(t)}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := errors.Join(c.EnableFullDuplex(), c.SetReadDeadline(time.Now().Add(time.Minute)), c.SetWriteDeadline(time.Now().Add(time.Minute))); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusOK)
		_ = c.Flush()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			_, _ = fmt.Fprintln(w, lines.Text())
			if err := c.Flush(); err != nil {
				t.Error(err)
			}
		}
		// A deadline in the past ends a read that would wait for ever.
		if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
	}), echo)
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		body, up := io.Pipe()
		res, err := browser(t, a, e, protocol, nil).Post("https://edge.test/", "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		down := bufio.NewReader(res.Body)
		for i := range 3 {
			line := fmt.Sprintf("line %d\n", i)
			if _, err := io.WriteString(up, line); err != nil {
				t.Fatal(err)
			}
			if got, err := down.ReadString('\n'); got != line {
				t.Fatalf("%s: read %q, %v", protocol, got, err)
			}
		}
		_ = up.Close()
		if _, err := down.ReadString('\n'); err != io.EOF {
			t.Errorf("%s: ends with %v", protocol, err)
		}
		_ = res.Body.Close()
	}
}

// TestDeadlineOfRead ends a body that does not come.
func TestDeadlineOfRead(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	e := port(t, Config{TLS: a.server(t)}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := io.ReadAll(r.Body)
		w.Header().Set("Connection", "close")
		_, _ = fmt.Fprint(w, errors.Is(err, os.ErrDeadlineExceeded))
	}), echo)
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		body, up := io.Pipe()
		res, err := browser(t, a, e, protocol, nil).Post("https://edge.test/", "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(res.Body); string(got) != "true" {
			t.Errorf("%s: the deadline passed unseen: %s", protocol, got)
		}
		_ = res.Body.Close()
		_ = up.Close()
	}
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	var upgrader websocket.Upgrader
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		for {
			kind, b, err := ws.ReadMessage()
			if err != nil {
				return
			}
			if err := ws.WriteMessage(kind, b); err != nil {
				t.Error(err)
			}
		}
	})
	for scheme, cfg := range map[string]Config{"ws": {}, "wss": {TLS: a.server(t)}} {
		e := port(t, cfg, handler, echo)
		dialer := websocket.Dialer{TLSClientConfig: a.client("http/1.1")}
		ws, _, err := dialer.Dial(scheme+"://"+e.Addr().String()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1, 100_000} {
			text := strings.Repeat("x", size)
			if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, b, err := ws.ReadMessage(); string(b) != text {
				t.Fatalf("%s: %d bytes came back, %v", scheme, len(b), err)
			}
		}
		_ = ws.Close()
	}
}

// TestShutdownOfHTTP is net/http's own, which has to reach the connections that it got from here.
func TestShutdownOfHTTP(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := New(ln, Config{TLS: a.server(t)})
	defer e.Close()
	server := &http.Server{Handler: http.HandlerFunc(said)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(e.HTTP()) }()
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		fetch(t, a, e, protocol, nil)
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	c := tls.Client(dial(t, e), a.client())
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, c)
	if got := e.Stats().Refused[Unserved]; got != 1 {
		t.Errorf("%+v", e.Stats())
	}
}
