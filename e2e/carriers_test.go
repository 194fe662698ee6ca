//go:build unix

package e2e

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// TestCarriers has a Chromium and a Firefox meet through proxies that let ever less through. What carries their frames is another
// each time, and nothing else is: they connect past the server, directly, and lose nothing.
func TestCarriers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		obstacle obstacle
		carrier  string
	}{
		{"all open", obstacle{}, "websocket"},
		{"upgrades refused", obstacle{upgrades: true}, "stream"},
		{"upgrades refused and responses buffered", obstacle{upgrades: true, streams: true}, "poll"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			needAll(t, browser.Kinds()...)
			s := newSite(t)
			b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin, "--grace", "1s")
			between := newObstacle(t, b.Base, c.obstacle)
			const count = 20
			var pages []*page
			for _, kind := range browser.Kinds() {
				task := map[string]any{"server": between.URL, "room": b.Name, "own": kind, "count": count}
				pages = append(pages, s.open(t, kind, "carriers.js", task))
			}
			for i, p := range pages {
				var got struct {
					Carrier, Last, Said, Signalled string
					Received                       []string
					Path                           struct{ Relayed bool }
				}
				p.verdict(t, &got)
				other := string(pages[1-i].kind)
				if got.Carrier != c.carrier || got.Last != c.carrier {
					t.Errorf("%s is on %q and then on %q, want %q", p.kind, got.Carrier, got.Last, c.carrier)
				}
				var want []string
				for n := range count {
					want = append(want, fmt.Sprintf("%s %d", other, n))
				}
				if !slices.Equal(got.Received, want) || got.Said != other+" to all" || got.Signalled != other+" to one" {
					t.Errorf("%s has heard %q, %q and %q of the other", p.kind, got.Said, got.Signalled, got.Received)
				}
				if got.Path.Relayed {
					t.Errorf("%s is connected through a relay", p.kind)
				}
			}
			between.check(t, c.carrier)
		})
	}
}

// obstacle is what a proxy does not let through.
type obstacle struct {
	upgrades bool // WebSockets
	streams  bool // responses that are not over: their bodies are held back
}

// proxy stands between the pages and the server.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int // requests by the last element of their path; guarded by mu
	odd   []string       // requests with a query; guarded by mu
}

// newObstacle starts a proxy, which ends with the test.
func newObstacle(t *testing.T, base string, o obstacle) *proxy {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{asked: make(map[string]int)}
	transport := &http.Transport{}
	forward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		FlushInterval: -1,
		Transport:     transport,
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(hostIP(t).String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	p.Server = &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.count(r)
			// Otherwise net/http takes the rest of a body for itself when an answer begins, and the transport, which may not have
			// seen its end yet, ends the answer of whoever was quick.
			_ = http.NewResponseController(w).EnableFullDuplex()
			switch {
			case o.upgrades && r.Header.Get("Upgrade") != "":
				http.Error(w, "this proxy speaks no WebSocket", http.StatusForbidden)
			case o.streams:
				hold(w, r, target, transport)
			default:
				forward.ServeHTTP(w, r)
			}
		}),
	}}
	p.Start()
	t.Cleanup(func() {
		p.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// hold passes a request on, the answer's headers at once, as most proxies do, and its body when all of it is there.
func hold(w http.ResponseWriter, r *http.Request, target *url.URL, transport http.RoundTripper) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = target.Scheme, target.Host, ""
	answer, err := transport.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	_ = http.NewResponseController(w).Flush()
	body, _ := io.ReadAll(answer.Body) // what breaks off arrives broken off
	_, _ = w.Write(body)
}

func (p *proxy) count(r *http.Request) {
	if !strings.Contains(r.URL.Path, "/v1/") {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[path.Base(r.URL.Path)]++
	if r.URL.RawQuery != "" {
		p.odd = append(p.odd, r.URL.Path)
	}
}

// check looks at what the pages have asked for to get to that carrier.
func (p *proxy) check(t *testing.T, carrier string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	want := map[string][]string{
		"websocket": {"ws"},
		"stream":    {"send", "stream", "ws"},
		"poll":      {"poll", "send", "stream", "ws"},
	}[carrier]
	if got := slices.Sorted(maps.Keys(p.asked)); !slices.Equal(got, want) {
		t.Errorf("the pages asked for %v, want %v", p.asked, want)
	}
	// One page each, and none asks twice for what it has been refused.
	for _, name := range []string{"ws", "stream"} {
		if n := p.asked[name]; n > len(browser.Kinds()) {
			t.Errorf("%d requests for %s of %d pages", n, name, len(browser.Kinds()))
		}
	}
	if len(p.odd) > 0 {
		t.Errorf("there were queries in the URLs of %q", p.odd)
	}
}
