package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling"
)

// now is the time of the tests of actions.
func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// testAdmin is a guarded admin that knows one peer, ada, and remembers whom it was asked to take out.
func testAdmin(notReady, certificate string) (h http.Handler, asked *[]string) {
	asked = &[]string{}
	routes := adminRoutes{
		notReady:    func() string { return notReady },
		certificate: func() string { return certificate },
		metrics:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "beckon_up 1\n") }),
		actions: map[string]http.HandlerFunc{
			"/kick": kickAction(func(peer string) bool { *asked = append(*asked, peer); return peer == "ada" }, zerolog.Nop()),
			"/revoke": revokeAction(func(r signaling.Revocation) int {
				*asked = append(*asked, r.Identity+" "+r.TokenID+" "+r.Until.UTC().Format(time.RFC3339))
				return 2
			}, now, zerolog.Nop()),
		},
	}
	d := &admin{name: "beckon"}
	return d.guard(routes.handler()), asked
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, path, body string
		header             string // "Name: value" lines
		status             int
		says               string
		asks               string // whom to take out, if somebody
	}{
		{method: "GET", path: "/", status: 200, says: "/metrics"},
		{method: "GET", path: "/healthz", status: 200, says: `{"alive":true}`},
		{method: "GET", path: "/readyz", status: 200, says: `{"ready":true}`},
		{method: "HEAD", path: "/readyz", status: 200},
		{method: "GET", path: "/metrics", status: 200, says: "beckon_up 1"},
		{method: "GET", path: "/nothing", status: 404},
		{method: "POST", path: "/metrics", status: 405},
		{method: "GET", path: "/kick", status: 405},

		{method: "POST", path: "/kick", body: `{"peer":"ada"}`, status: 200, says: `{"ended":1}`, asks: "ada"},
		{method: "POST", path: "/kick", header: "Content-Type: application/json; charset=utf-8", body: `{"peer":"ada"}`, status: 200, says: `{"ended":1}`, asks: "ada"},
		{method: "POST", path: "/kick", body: `{"peer":"bob"}`, status: 404, says: `there is no peer \"bob\"`, asks: "bob"},
		{method: "POST", path: "/kick", body: `{}`, status: 400, says: "say whom"},
		{method: "POST", path: "/kick", body: `{"peer":7}`, status: 400, says: "not what this takes"},
		{method: "POST", path: "/kick", body: `{"per":"ada"}`, status: 400, says: "unknown field"},
		{method: "POST", path: "/kick", body: `{"peer":"ada"}{"peer":"bob"}`, status: 400, says: "something follows"},
		{method: "POST", path: "/kick", body: ``, status: 400, says: "EOF"},
		{method: "POST", path: "/kick", body: `{"peer":"` + strings.Repeat("a", maxAction) + `"}`, status: 413, says: "4096 bytes"},
		{method: "POST", path: "/kick", header: "Content-Type: text/plain", body: `{"peer":"ada"}`, status: 415, says: "application/json"},
		{method: "POST", path: "/kick", header: "Content-Type: ", body: `{"peer":"ada"}`, status: 415, says: "application/json"},
		{method: "POST", path: "/kick", header: "Content-Type: application/x-www-form-urlencoded", body: `peer=ada`, status: 415, says: "application/json"},

		{method: "POST", path: "/revoke", body: `{"identity":"ada"}`, status: 200, says: `"until":"2026-11-23T12:00:00Z"`, asks: "ada  2026-11-23T12:00:00Z"},
		{method: "POST", path: "/revoke", body: `{"token":"jti-1","until":"2026-11-22T13:00:00Z"}`, status: 200, says: `"ended":2`, asks: " jti-1 2026-11-22T13:00:00Z"},
		{method: "POST", path: "/revoke", body: `{}`, status: 400, says: "say whom"},
		{method: "POST", path: "/revoke", body: `{"identity":"ada","until":"tomorrow"}`, status: 400, says: "not what this takes"},
		{method: "POST", path: "/revoke", body: `{"identity":"ada","until":"2026-11-22T12:00:00Z"}`, status: 400, says: "over already"},
		{method: "POST", path: "/revoke", body: `{"identity":"ada","until":"2027-11-22T12:00:00Z"}`, status: 400, says: "31 days"},

		// Web pages, by whatever name they come.
		{method: "GET", path: "/metrics", header: "Host: evil.example", status: 421, says: "answers to addresses"},
		{method: "POST", path: "/kick", header: "Host: evil.example:9478", body: `{"peer":"ada"}`, status: 421},
		{method: "GET", path: "/metrics", header: "Host: ", status: 200}, // HTTP/1.0
		{method: "GET", path: "/metrics", header: "Host: notbeckon", status: 421},
		{method: "GET", path: "/metrics", header: "Host: Beckon:9478", status: 200},
		{method: "GET", path: "/metrics", header: "Host: [::1]:9478", status: 200},
		{method: "GET", path: "/metrics", header: "Host: localhost.", status: 200},
		{method: "POST", path: "/kick", header: "Origin: https://evil.example", body: `{"peer":"ada"}`, status: 403, says: "not for web pages"},
		{method: "POST", path: "/kick", header: "Origin: null", body: `{"peer":"ada"}`, status: 403},
		{method: "POST", path: "/kick", header: "Sec-Fetch-Site: same-origin", body: `{"peer":"ada"}`, status: 403},
		{method: "GET", path: "/metrics", header: "Sec-Fetch-Site: cross-site", status: 403},
		{method: "GET", path: "/metrics", header: "Sec-Fetch-Site: none", status: 200},
		{method: "OPTIONS", path: "/kick", header: "Origin: https://evil.example", status: 403},
	} {
		h, asked := testAdmin("", "")
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Host = "127.0.0.1:9478"
		r.Header.Set("Content-Type", "application/json")
		if name, value, ok := strings.Cut(c.header, ": "); ok && name == "Host" {
			r.Host = value
		} else if ok {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body := w.Body.String()
		if w.Code != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s %q %q: %d %q, want %d with %q", c.method, c.path, c.header, c.body, w.Code, body, c.status, c.says)
		}
		if got := strings.Join(*asked, "; "); got != c.asks {
			t.Errorf("%s %s %q %q: asked for %q, want %q", c.method, c.path, c.header, c.body, got, c.asks)
		}
		if c := w.Header().Get("Access-Control-Allow-Origin"); c != "" {
			t.Errorf("another origin may read: %q", c)
		}
		if w.Code >= 400 && w.Code != 404 && w.Code != 405 {
			var reply struct{ Error string }
			if err := json.Unmarshal([]byte(body), &reply); err != nil || reply.Error == "" {
				t.Errorf("%s %s: %q is no JSON with an error: %v", c.method, c.path, body, err)
			}
		}
	}
}

// Who has asked holds no place any more, though it keeps its connection for a next time.
func TestAdminHasPlacesForAll(t *testing.T) {
	t.Parallel()
	d, err := openAdmin(t.Context(), address{host: "127.0.0.1"}, adminRoutes{metrics: http.NotFoundHandler()}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	ctx := patient(t)
	for n := range adminConns + 1 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.listener.Addr().String()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client(t).Do(req) // each has connections of its own, until the test ends
		if err != nil {
			t.Fatalf("after %d who have their answer the next one gets none: %v", n, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Error(err)
		}
		resp.Body.Close()
	}
}

// Who sends clients here hears of the end, and why; whoever asks whether the process lives does not.
func TestNotReady(t *testing.T) {
	t.Parallel()
	h, _ := testAdmin("draining", "")
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200, "/metrics": 200} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		h.ServeHTTP(w, r)
		if w.Code != want || want == 503 && strings.TrimSpace(w.Body.String()) != `{"ready":false,"reason":"draining"}` {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
}

// Who asks hears that there is no certificate, and a balancer sends people, and the CA, all the same.
func TestReadyWithoutACertificate(t *testing.T) {
	t.Parallel()
	for notReady, want := range map[string]string{
		"":         `{"certificate":"none yet","ready":true}`,
		"draining": `{"certificate":"none yet","ready":false,"reason":"draining"}`,
	} {
		h, _ := testAdmin(notReady, "none yet")
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/readyz", nil)
		r.Host = "localhost"
		h.ServeHTTP(w, r)
		if (w.Code == http.StatusOK) != (notReady == "") || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%q: %d %s, want %s", notReady, w.Code, w.Body, want)
		}
	}
}

// The relay alone takes users out instead of peers.
func TestEndActions(t *testing.T) {
	t.Parallel()
	var asked []string
	h := endAction("kicked", func(user string) int { asked = append(asked, user); return 3 }, zerolog.Nop())
	for body, want := range map[string]string{
		`{"user":"ada"}`: `{"ended":3}`,
		`{"user":""}`:    "say whom",
		`{"peer":"ada"}`: "unknown field",
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/kick", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h(w, r)
		if !strings.Contains(w.Body.String(), want) || (w.Code == http.StatusOK) != strings.HasPrefix(want, "{") {
			t.Errorf("%s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
	if len(asked) != 1 || asked[0] != "ada" {
		t.Errorf("asked for %q", asked)
	}
}
