//go:build unix

package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/web"
)

// A part of the SDK that cannot be loaded fails the join by name, and not for ever: the next join asks for it again.
func TestMissingParts(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		s := newSite(t)
		b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin)
		var mu sync.Mutex
		allowed := make(map[string]bool) // guarded by mu
		part := regexp.MustCompile(`/beckon-([a-z]+)-[0-9a-f]+\.js$`)
		files := web.Handler()
		sdk := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if name, ok := strings.CutPrefix(r.URL.Path, "/allow/"); ok {
				allowed[name] = true
				w.Header().Set("Access-Control-Allow-Origin", "*")
				return
			}
			if match := part.FindStringSubmatch(r.URL.Path); match != nil && !allowed[match[1]] {
				http.NotFound(w, r)
				return
			}
			files.ServeHTTP(w, r)
		}))
		sdk.Listener.Close()
		var err error
		if sdk.Listener, err = net.Listen("tcp", net.JoinHostPort(hostIP(t).String(), "0")); err != nil {
			t.Fatal(err)
		}
		sdk.Start()
		t.Cleanup(sdk.Close)
		p := s.open(t, kind, "parts.js", map[string]any{"server": b.Base, "room": b.Name, "sdk": sdk.URL})
		var got struct{ Peers, PeersAgain, HTTP, HTTPAgain string }
		p.verdict(t, &got)
		if !strings.HasPrefix(got.Peers, "connect-failed: ") || !strings.Contains(got.Peers, "could not be loaded") {
			t.Errorf("without what connects to peers: %s", got.Peers)
		}
		if !strings.HasPrefix(got.HTTP, "connect-failed: ") {
			t.Errorf("without the carriers over HTTP: %s", got.HTTP)
		}
		if got.PeersAgain != "joined" || got.HTTPAgain != "joined" {
			t.Errorf("when they are there again: %s, and %s", got.PeersAgain, got.HTTPAgain)
		}
	})
}
