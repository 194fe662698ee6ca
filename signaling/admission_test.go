package signaling

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestSlowBodies(t *testing.T) {
	inWorld(t, Config{Limits: Limits{PerAddress: 2}}, func(t *testing.T, w *world) {
		ada := w.session()
		for path, d := range map[string]time.Duration{"stream": 5 * time.Second, "poll": 5 * time.Second, "send": 10 * time.Second} {
			start := time.Now()
			conns := []net.Conn{w.half(path), w.half(path)}
			synctest.Wait()
			w.raw().refusal(path, "{}", 429, protocol.CodeRateLimited)
			elsewhere := newPoster(t, func(ctx context.Context) (net.Conn, error) {
				return w.l.DialFrom(ctx, netip.MustParseAddr("192.0.2.7"))
			})
			elsewhere.refusal("send", "{}", 400, protocol.CodeBadRequest)
			for _, conn := range conns {
				answer, _ := io.ReadAll(conn)
				if !has(string(answer), "408 Request Timeout") || !has(string(answer), `"code":"body-too-slow"`) || time.Since(start) != d {
					t.Errorf("%s: %s after %v", path, answer, time.Since(start))
				}
				conn.Close()
			}
		}
		ada.alive()
		if n := len(w.s.bodies); n != 0 {
			t.Errorf("%d addresses are remembered", n)
		}
	})
}

// Who is refused whatever the body says holds nothing for longer, also where the http.Server has no deadlines of its own.
func TestSlowBodiesOfTheRefused(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		l := memnet.Listen(1 << 16)
		hs := &http.Server{Handler: w.s}
		go hs.Serve(l)
		defer hs.Close()
		for _, head := range []string{
			"POST /v1/stream HTTP/1.1\r\nOrigin: https://evil.example", "PUT /v1/poll HTTP/1.1", "POST /v1/ws HTTP/1.1",
		} {
			conn, err := l.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			fmt.Fprintf(conn, "%s\r\nHost: beckon.test\r\nContent-Length: 100\r\n\r\n{", head)
			timer := time.AfterFunc(time.Hour, func() { conn.Close() })
			answer, _ := io.ReadAll(conn)
			timer.Stop()
			conn.Close()
			if took := time.Since(start); !has(string(answer), "HTTP/1.1 40") || took > 10*time.Second+time.Second {
				t.Errorf("%.20s: %q after %v", head, answer, took)
			}
		}
	})
}

// half begins a request whose body does not end.
func (w *world) half(path string) net.Conn {
	w.t.Helper()
	conn, err := w.l.Dial(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /v1/%s HTTP/1.1\r\nHost: beckon.test\r\nContent-Length: 100\r\n\r\n{\"type\":", path)
	return conn
}

// Only the pages that may open a WebSocket may post, and they can read the answers.
func TestOriginsOverHTTP(t *testing.T) {
	inWorld(t, Config{Origins: []string{"https://app.example"}}, func(t *testing.T, w *world) {
		p := w.raw()
		ask := func(method, origin string) *http.Response {
			req, _ := http.NewRequestWithContext(p.ctx, method, "http://beckon.test/v1/send", strings.NewReader("{}"))
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			res, err := p.http.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return res
		}
		for _, c := range []struct {
			method, origin string
			status         int
			allowed        string
		}{
			{"POST", "", 400, ""},
			{"POST", "http://beckon.test", 400, "http://beckon.test"},
			{"POST", "https://app.example", 400, "https://app.example"},
			{"POST", "https://evil.example", 403, ""},
			{"POST", "null", 403, ""},
			{"OPTIONS", "https://app.example", 204, "https://app.example"},
			{"OPTIONS", "https://evil.example", 403, ""},
			{"GET", "https://app.example", 405, "https://app.example"},
		} {
			res := ask(c.method, c.origin)
			if res.StatusCode != c.status || res.Header.Get("Access-Control-Allow-Origin") != c.allowed || res.Header.Get("Vary") != "Origin" {
				t.Errorf("%s from %q: %s %v", c.method, c.origin, res.Status, res.Header)
			}
			if c.status == 204 && (res.Header.Get("Access-Control-Allow-Methods") != "POST" || res.Header.Get("Access-Control-Allow-Headers") != "Content-Type") {
				t.Errorf("%v", res.Header)
			}
		}
	})
}

// Over each carrier Authorize learns from which page a client comes, or that it names none, and is not asked about a stranger's.
func TestAuthorizeLearnsTheOrigin(t *testing.T) {
	var got []string
	inWorld(t, Config{
		Origins: []string{"https://app.example"},
		Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
			got = append(got, req.Origin)
			return Grant{}, errRefused
		},
		Limits: Limits{Failures: 100},
	}, func(t *testing.T, w *world) {
		p := w.raw()
		for _, kind := range []string{"ws", "stream", "poll"} {
			for _, origin := range []string{"", "http://beckon.test", "https://app.example", "https://evil.example"} {
				header := http.Header{}
				if origin != "" {
					header.Set("Origin", origin)
				}
				got = nil
				if kind == "ws" {
					if ws, _, err := w.dial(local, header); err == nil {
						ws.WriteMessage(websocket.TextMessage, []byte(helloLine()))
						ws.ReadMessage()
						ws.Close()
					}
				} else {
					req, _ := http.NewRequestWithContext(p.ctx, "POST", "http://beckon.test/v1/"+kind, strings.NewReader(helloLine()))
					req.Header = header
					res, err := p.http.RoundTrip(req)
					if err != nil {
						t.Fatal(err)
					}
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				synctest.Wait()
				want := []string{origin}
				if origin == "https://evil.example" {
					want = nil
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s from %q: Authorize was told %q", kind, origin, got)
				}
			}
		}
	})
}

// A carrier over HTTP is a connection like any other, and counts as long as it lasts.
func TestConnectionsPerAddressOverHTTP(t *testing.T) {
	inWorld(t, Config{Limits: Limits{PerAddress: 3}}, func(t *testing.T, w *world) {
		socket := w.session()
		w.kind = "stream"
		stream := w.session()
		w.kind = "poll"
		poll := w.session()
		p := w.raw()
		p.refusal("poll", helloLine(), 429, protocol.CodeRateLimited)
		p.refusal("stream", helloLine(), 429, protocol.CodeRateLimited)
		poll.alive() // what is posted for one that is there is no connection
		for _, c := range []*client{socket, stream, poll} {
			c.drop()
			synctest.Wait()
			p.opens()
			p.refusal("poll", helloLine(), 429, protocol.CodeRateLimited)
		}
	})
}
