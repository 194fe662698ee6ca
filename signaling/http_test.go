package signaling

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestRequestsThatAreNotUpgraded(t *testing.T) {
	upgrade := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	with := func(more http.Header) http.Header {
		h := upgrade.Clone()
		for k, v := range more {
			h[k] = v
		}
		return h
	}
	ours := http.Header{"Sec-Websocket-Protocol": {"beckon.v1"}}
	for name, c := range map[string]struct {
		method string
		header http.Header
		status int
		hint   string
	}{
		"post":           {"POST", upgrade, 405, "GET"},
		"a browser":      {"GET", nil, 426, "proxy"},
		"no subprotocol": {"GET", upgrade, 400, "beckon.v1"},
		"another's":      {"GET", with(http.Header{"Sec-Websocket-Protocol": {"mqtt, chat"}}), 400, "beckon.v1"},
		"foreign page":   {"GET", with(http.Header{"Sec-Websocket-Protocol": {"beckon.v1"}, "Origin": {"https://evil.example"}}), 403, "origin"},
		"no origin":      {"GET", with(http.Header{"Sec-Websocket-Protocol": {"beckon.v1"}, "Origin": {"null"}}), 403, "origin"},
		"bad version":    {"GET", with(http.Header{"Sec-Websocket-Protocol": ours["Sec-Websocket-Protocol"], "Sec-Websocket-Version": {"8"}}), 400, "version"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(t *testing.T, w *world) {
				res, body := w.do(t, c.method, c.header)
				if res.StatusCode != c.status || !has(body, c.hint) || !has(body, "beckon: ") {
					t.Errorf("%s: %s", res.Status, body)
				}
				if n := w.s.Stats(); n.Refused[c.status] != 1 || n.Connections != 0 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

func (w *world) do(t *testing.T, method string, header http.Header) (*http.Response, string) {
	t.Helper()
	tr := &http.Transport{DialContext: w.l.DialContext, DisableKeepAlives: true}
	req, err := http.NewRequest(method, "http://beckon.test/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestOrigins(t *testing.T) {
	allowed := []string{"https://app.example", "https://*.example.com", "nonsense", "https://app.example/path"}
	inWorld(t, Config{Origins: allowed}, func(t *testing.T, w *world) {
		for origin, want := range map[string]bool{
			"http://beckon.test":         true, // the same host
			"https://BECKON.test":        true,
			"https://beckon.test:8443":   false,
			"https://app.example":        true,
			"http://app.example":         false,
			"https://x.app.example":      false,
			"https://a.example.com":      true,
			"https://a.b.example.com":    true,
			"https://example.com":        false,
			"https://.example.com":       false,
			"https://evilexample.com":    false,
			"http://a.example.com":       false,
			"https://a.example.com.evil": false,
			"nonsense":                   false,
		} {
			ws, _, err := w.dial(local, http.Header{"Origin": {origin}})
			if (err == nil) != want {
				t.Errorf("%s: %v", origin, err)
			}
			if err == nil {
				ws.Close()
			}
		}
	})
}

// The operator sees once that an origin is refused, and no client can fill the log or the memory with origins.
func TestRefusedOriginsInTheLog(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := New(Config{Authorize: AllowAnonymous("*"), Logger: zerolog.New(&log).Level(zerolog.WarnLevel)})
	defer s.Close()
	from := func(origin string) {
		r := httptest.NewRequest(http.MethodGet, "http://beckon.test/v1/ws", nil)
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Protocol": protocol.Version, "Origin": origin,
		} {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Fatalf("%.40s: status %d", origin, w.Code)
		}
	}
	from("https://app.example")
	from("https://app.example")
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), `"origin":"https://app.example"`) ||
		!strings.Contains(log.String(), "allow the origin") {
		t.Errorf("twice the same origin: %d lines:\n%s", n, &log)
	}
	from("https://" + strings.Repeat("long", 2000))
	if n := log.Len(); n > 1000 {
		t.Errorf("%d bytes in the log", n)
	}
	for i := range 3 * maxStrangers {
		from(fmt.Sprintf("https://%d.example", i))
	}
	if n := strings.Count(log.String(), "\n"); n != maxStrangers {
		t.Errorf("%d lines in the log, want %d", n, maxStrangers)
	}
	if len(s.strangers) != maxStrangers {
		t.Errorf("%d origins in memory, want %d", len(s.strangers), maxStrangers)
	}
}

func TestAnyOrigin(t *testing.T) {
	inWorld(t, Config{Origins: []string{"*"}}, func(t *testing.T, w *world) {
		ws, _, err := w.dial(local, http.Header{"Origin": {"null"}})
		if err != nil {
			t.Fatal(err)
		}
		ws.Close()
	})
}

func TestCheckOrigin(t *testing.T) {
	t.Parallel()
	for pattern, ok := range map[string]bool{
		"*": true, "https://a.example": true, "http://localhost:5173": true, "https://*.a.example": true, "capacitor://localhost": true,
		"": false, "a.example": false, "https://a.example/": false, "https://a.*.example": false, "https://*": false, "null": false,
	} {
		if err := CheckOrigin(pattern); (err == nil) != ok {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

// Nobody means https://null.
func TestNullOriginIsExplained(t *testing.T) {
	t.Parallel()
	err := CheckOrigin("null")
	if err == nil || !strings.Contains(err.Error(), "pages from files") || !strings.Contains(err.Error(), "`*`") {
		t.Error(err)
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	inWorld(t, Config{Limits: Limits{PerAddress: 2}}, func(t *testing.T, w *world) {
		dial := func(from string) (*websocket.Conn, int) {
			ws, res, err := w.dial(netip.MustParseAddr(from), nil)
			if err != nil {
				if res.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				return nil, res.StatusCode
			}
			t.Cleanup(func() { ws.Close() })
			return ws, 101
		}
		for _, c := range []struct {
			from string
			want int
		}{
			{"192.0.2.1", 101}, {"192.0.2.1", 101}, {"192.0.2.1", 429}, {"::ffff:192.0.2.1", 429}, {"192.0.2.2", 101},
			{"2001:db8::1", 101}, {"2001:db8::2", 101}, {"2001:db8::3", 429}, {"2001:db8:0:1::3", 101},
		} {
			if _, got := dial(c.from); got != c.want {
				t.Errorf("%s: %d, want %d", c.from, got, c.want)
			}
		}
		ws, _ := dial("192.0.2.2")
		if _, got := dial("192.0.2.2"); got != 429 {
			t.Error(got)
		}
		ws.Close()
		synctest.Wait()
		if _, got := dial("192.0.2.2"); got != 101 {
			t.Error(got)
		}
		synctest.Wait()
	})
}

// What fails after it was counted in, in the upgrade itself, is counted out again.
func TestAFailedUpgradeKeepsNoPlace(t *testing.T) {
	inWorld(t, Config{Limits: Limits{PerAddress: 1}}, func(t *testing.T, w *world) {
		bad := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Protocol": {"beckon.v1"}}
		for range 3 {
			if res, body := w.do(t, "GET", bad); res.StatusCode != 400 || !has(body, "Sec-WebSocket-Key") {
				t.Errorf("%s: %s", res.Status, body)
			}
		}
		w.session().alive() // and the Close after the test waits for nobody who never was
	})
}

// An address that a handler in front has set may come without a port; what is no address counts as one address.
func TestRemoteAddr(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]netip.Addr{
		"192.0.2.1:5": netip.MustParseAddr("192.0.2.1"), "192.0.2.1": netip.MustParseAddr("192.0.2.1"), "[2001:db8::1%eth0]:5": netip.MustParseAddr("2001:db8::1%eth0"),
		"@": {}, "": {},
	} {
		got := remoteAddr(&http.Request{RemoteAddr: from})
		if got != want {
			t.Errorf("%q: %v", from, got)
		}
	}
	if a, b := addressKey(netip.MustParseAddr("fe80::1%a")), addressKey(netip.MustParseAddr("fe80::1%b")); a != b || !a.IsValid() {
		t.Error(a, b)
	}
}
