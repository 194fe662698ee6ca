package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks h for a path, with pairs of header names and values.
func get(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	h := New(Config{ValidRoom: func(name string) bool { return name == "tea" }, NewRoom: func() string { return "tea" }})
	for _, c := range []struct {
		method, path string
		status       int
		mediaType    string
		holds        string
	}{
		{"GET", "/", 303, "text/html; charset=utf-8", `href="/r/tea#new"`},
		{"GET", "/r/tea", 200, "text/html; charset=utf-8", `data-testid="room-name"`},
		{"GET", "/r/coffee", 404, "text/html; charset=utf-8", "No room can have this address"},
		{"GET", "/r/", 404, "text/html; charset=utf-8", "No room can have this address"},
		{"GET", "/r/tea/pot", 404, "text/html; charset=utf-8", "No room can have this address"},
		{"GET", "/r/te%2Fa", 404, "text/html; charset=utf-8", "No room can have this address"},
		{"GET", "/assets/main.js", 200, "text/javascript; charset=utf-8", `from"/sdk/beckon.js"`},
		{"GET", "/assets/theme.css", 200, "text/css; charset=utf-8", "prefers-color-scheme: dark"},
		{"GET", "/assets/icon.svg", 200, "image/svg+xml", "<svg"},
		{"GET", "/assets/nothing.js", 404, "text/html; charset=utf-8", ""},
		{"GET", "/assets/", 404, "text/html; charset=utf-8", ""},
		{"GET", "/sdk/beckon.js", 200, "text/javascript; charset=utf-8", "export"},
		{"GET", "/sdk/beckon.js.map", 200, "application/json", `"version"`},
		{"GET", "/sdk/beckon.global.js", 200, "text/javascript; charset=utf-8", "var Beckon"},
		{"GET", "/sdk/beckon.d.ts", 200, "text/plain; charset=utf-8", "export"},
		{"GET", "/sdk/types/index.d.ts", 200, "text/plain; charset=utf-8", "export"},
		{"GET", "/web.go", 404, "text/html; charset=utf-8", ""},
		{"POST", "/r/tea", 405, "text/plain; charset=utf-8", ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			t.Parallel()
			w := get(t, h, c.method, c.path)
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			if got := w.Header().Get("Content-Type"); got != c.mediaType {
				t.Errorf("content type %q, want %q", got, c.mediaType)
			}
			if !strings.Contains(w.Body.String(), c.holds) {
				t.Errorf("no %q in the body:\n%.300s", c.holds, w.Body)
			}
		})
	}
}

// Without ValidRoom the page itself says what is wrong with a name.
func TestZeroConfigServesEveryRoom(t *testing.T) {
	t.Parallel()
	if w := get(t, Handler(), "GET", "/r/!"); w.Code != http.StatusOK {
		t.Errorf("status %d, want 200", w.Code)
	}
}

// Whatever the name, / leads to that room and to nowhere else, and is asked again the next time.
func TestNewRoom(t *testing.T) {
	t.Parallel()
	for room, want := range map[string]string{"tea": "/r/tea#new", "/evil.example": "/r/%2Fevil.example#new"} {
		w := get(t, New(Config{NewRoom: func() string { return room }}), "GET", "/")
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("%s: status %d to %q, want 303 to %q", room, w.Code, got, want)
		}
	}
	h := Handler()
	first, second := get(t, h, "GET", "/").Header().Get("Location"), get(t, h, "GET", "/").Header().Get("Location")
	name := strings.TrimSuffix(strings.TrimPrefix(first, "/r/"), "#new")
	if len(name) != 8 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") != "" || first == second {
		t.Errorf("without NewRoom / leads to %q, then to %q", first, second)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/r/tea", "/assets/main.js", "/sdk/beckon.js", "/nothing"} {
		h := get(t, Handler(), "GET", path).Header()
		if got := h.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
	}
}

// Only the SDK is for other origins.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/sdk/beckon.js": "*", "/sdk/beckon.d.ts": "*", "/": "", "/assets/main.js": ""} {
		if got := get(t, Handler(), "GET", path).Header().Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: Access-Control-Allow-Origin %q, want %q", path, got, want)
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	h := Handler()
	for _, path := range []string{"/", "/r/tea", "/nothing"} {
		if got := get(t, h, "GET", path).Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q, want no-store", path, got)
		}
	}
	first := get(t, h, "GET", "/assets/main.js")
	etag := first.Header().Get("ETag")
	if etag == "" || first.Header().Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag %q, Cache-Control %q", etag, first.Header().Get("Cache-Control"))
	}
	if w := get(t, h, "GET", "/assets/main.js", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("known ETag: status %d and %d bytes, want 304 and none", w.Code, w.Body.Len())
	}
	if w := get(t, h, "GET", "/assets/main.js", "If-None-Match", `"old"`); w.Code != http.StatusOK {
		t.Errorf("other ETag: status %d, want 200", w.Code)
	}
	if other := get(t, h, "GET", "/assets/theme.css").Header().Get("ETag"); other == etag {
		t.Error("two files have one ETag")
	}
}

// What beckon.js loads on demand is there under the name that it uses, for pages of any origin, and need not be asked for again.
func TestPartsOfTheSDK(t *testing.T) {
	t.Parallel()
	h := Handler()
	parts := regexp.MustCompile(`import\("\./(beckon-[a-z]+-[0-9a-f]{8}\.js)"\)`).FindAllStringSubmatch(get(t, h, "GET", "/sdk/beckon.js").Body.String(), -1)
	if len(parts) == 0 {
		t.Fatal("beckon.js loads nothing on demand")
	}
	for _, part := range parts {
		for _, name := range []string{part[1], part[1] + ".map"} {
			w := get(t, h, "GET", "/sdk/"+name)
			if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: status %d, Access-Control-Allow-Origin %q", name, w.Code, w.Header().Get("Access-Control-Allow-Origin"))
			}
			if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
				t.Errorf("%s: Cache-Control %q", name, got)
			}
		}
	}
}

// A recorder keeps what a server drops, so this one is a server.
func TestHead(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(New(Config{ValidRoom: func(name string) bool { return name == "tea" }}))
	defer srv.Close()
	client := srv.Client()
	defer client.CloseIdleConnections()
	for path, status := range map[string]int{"/r/tea": 200, "/r/coffee": 404, "/sdk/beckon.js": 200} {
		resp, err := client.Head(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != status || resp.ContentLength <= 0 {
			t.Errorf("HEAD %s: status %d, length %d; want %d and the length of the body", path, resp.StatusCode, resp.ContentLength, status)
		}
	}
}

// The policy allows no inline script or style, so a page with one would be broken, and no other host, so the demo works where
// there is no network beyond the server.
func TestPagesKeepThePolicy(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/r/tea", "/nothing"} {
		body := get(t, Handler(), "GET", path).Body.String()
		for _, bad := range []string{"<script>", "<style", " style=", " onclick=", "javascript:", `"https:`, `"http:`, `"//`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
	}
}
