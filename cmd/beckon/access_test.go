package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// issuer is somebody who makes tokens, with a file of keys.
type issuer struct {
	t    *testing.T
	file string
	key  token.Key
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, file: filepath.Join(t.TempDir(), "keys.json")}
	i.rotate("first")
	return i
}

// rotate writes a file with a new key in the place of the old one.
func (i *issuer) rotate(kid string) {
	i.t.Helper()
	key, err := token.NewKey(token.EdDSA, kid)
	if err != nil {
		i.t.Fatal(err)
	}
	set, err := token.NewKeySet(key)
	if err != nil {
		i.t.Fatal(err)
	}
	if err := os.WriteFile(i.file, set.Public(), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.key = key
}

// token is good for an hour, from when it was made.
func (i *issuer) token(grant token.Grant, made time.Time) string {
	i.t.Helper()
	text, err := token.Sign(i.key, token.Claims{Identity: "ada", Audience: []string{"here"}, Grant: grant}, made)
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

// caller is a client that says hello and, if it is let in, joins rooms.
type caller struct {
	t       *testing.T
	ws      *websocket.Conn
	welcome protocol.Welcome
	refusal protocol.ErrorReply
	code    int // the close code, if it was not let in
}

// call says hello. origin is "" for a program.
func call(t *testing.T, base, tokenText, origin string) *caller {
	t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/v1/ws", header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	c := &caller{t: t, ws: ws}
	c.say(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance(), Token: tokenText})
	for {
		_, frame, err := ws.ReadMessage()
		if closed, ok := err.(*websocket.CloseError); ok {
			c.code = closed.Code
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		env, err := protocol.Parse(frame)
		if err != nil {
			t.Fatal(err)
		}
		into := any(&c.refusal)
		if env.Type == protocol.TypeWelcome {
			into = &c.welcome
		}
		if err := json.Unmarshal(frame, into); err != nil {
			t.Fatal(err)
		}
		if env.Type == protocol.TypeWelcome {
			return c
		}
	}
}

func (c *caller) say(f protocol.Frame) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, protocol.Encode(f)); err != nil {
		c.t.Fatal(err)
	}
}

// joins tells whether a room lets it in.
func (c *caller) joins(room string) bool {
	c.t.Helper()
	c.say(protocol.Join{Room: room})
	_, frame, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatal(err)
	}
	env, _ := protocol.Parse(frame)
	return env.Type == protocol.TypeJoined
}

func (c *caller) relayed() bool {
	for _, server := range c.welcome.ICEServers {
		if server.Credential != "" || slices.ContainsFunc(server.URLs, func(u string) bool { return strings.HasPrefix(u, "turn:") }) {
			return true
		}
	}
	return false
}

func baseOf(url string) string { base, _, _ := strings.Cut(url, "/r/"); return base }

// With keys, a token opens what it says; without one only the anonymous rooms are open, for browsers, without the relay.
func TestTokensBesideAnonymousRooms(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	s := start(t, false, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--keys", keys.file, "--audience", "here",
		"--allow-anonymous", "pub-*")
	base := baseOf(s.first)
	if !strings.HasPrefix(s.first, base+"/r/pub-") {
		t.Errorf("the room is %s", s.first)
	}
	ada := call(t, base, keys.token(token.Grant{Rooms: []string{"team-*"}}, time.Now()), "")
	if ada.welcome.Identity != "ada" || ada.welcome.Limits.Rate != 50 || !ada.relayed() || !ada.joins("team-a") || ada.joins("pub-a") {
		t.Errorf("%+v", ada)
	}
	if watcher := call(t, base, keys.token(token.Grant{Rooms: []string{"*"}, Allow: []token.Permission{}}, time.Now()), ""); watcher.relayed() ||
		!watcher.joins("team-a") || len(watcher.welcome.ICEServers) != 1 {
		t.Errorf("%+v", watcher)
	}
	page := call(t, base, "", base)
	if page.welcome.Identity != "" || page.welcome.Limits.Rate != 25 || page.relayed() || !page.joins("pub-a") || page.joins("team-a") {
		t.Errorf("%+v", page)
	}
	for _, c := range []struct{ token, says string }{
		{"", "--anonymous-bots"},
		{"nonsense", "the token was refused"},
		{keys.token(token.Grant{Rooms: []string{"*"}}, time.Now().Add(-2*time.Hour)), "the token has expired"},
		{keys.token(token.Grant{Rooms: []string{"pub-a"}}, time.Now()) + "A", "the token was refused"}, // and does not become anonymous
	} {
		if got := call(t, base, c.token, ""); got.code != int(protocol.CloseUnauthorized) || !strings.Contains(got.refusal.Message, c.says) {
			t.Errorf("%.9s…: %+v", c.token, got)
		}
	}
}

// What the flags that open more open.
func TestMoreForTheAnonymous(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	s := start(t, false, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--keys", keys.file, "--audience", "here",
		"--allow-anonymous", "pub-*", "--anonymous-relay", "--anonymous-bots")
	if bot := call(t, baseOf(s.first), "", ""); !bot.relayed() || !bot.joins("pub-a") {
		t.Errorf("%+v", bot)
	}
	// Where nobody has a token, the relay is theirs.
	s = start(t, false, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--allow-anonymous", "tea")
	if page := call(t, baseOf(s.first), "whatever", baseOf(s.first)); !page.relayed() || !page.joins("tea") {
		t.Errorf("%+v", page)
	}
	// In development nobody is in anybody's way, and tokens say who is who.
	s = start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--keys", keys.file, "--audience", "here")
	if bot := call(t, baseOf(s.first), "", ""); bot.welcome.Limits.Rate != 50 || !bot.joins("tea") {
		t.Errorf("%+v", bot)
	}
	if ada := call(t, baseOf(s.first), keys.token(token.Grant{Rooms: []string{"tea"}}, time.Now()), ""); ada.welcome.Identity != "ada" || ada.joins("coffee") {
		t.Errorf("%+v", ada)
	}
}

// Who opens the room that is printed, where tokens alone open rooms, finds in the log why he does not get in.
func TestTokensOnlyIsSaid(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	args := []string{"serve", "--admin", "none", "--listen", "127.0.0.1:0", "--no-turn", "--grace", "0s", "--keys", keys.file, "--audience", "here"}
	for _, c := range []struct {
		more []string
		said bool
	}{{nil, true}, {[]string{"--allow-anonymous", "tea"}, false}} {
		got := runNow(t, nil, append(args[:len(args):len(args)], c.more...)...)
		if got.code != exitOK || strings.Contains(got.stderr, tokensOnly) != c.said {
			t.Errorf("%q: exit code %d, stderr:\n%s", c.more, got.code, got.stderr)
		}
	}
}

func TestTheAudienceIsTheHost(t *testing.T) {
	t.Parallel()
	p, err := planned(t, "", nil, "--keys", "x", "--public-url", "https://Beckon.example", "--no-turn")
	if err != nil || p.access.audience != "beckon.example" {
		t.Errorf("%q, %v", p.access.audience, err)
	}
	p, err = planned(t, "", nil, "--keys", "x", "--public-url", "https://beckon.example", "--audience", "here", "--no-turn")
	if err != nil || p.access.audience != "here" {
		t.Errorf("%q, %v", p.access.audience, err)
	}
	for file, says := range map[string]string{
		filepath.Join(t.TempDir(), "missing.json"): "`beckon keys new` makes a key file", "access_test.go": "access_test.go",
	} {
		got := runNow(t, nil, "serve", "--keys", file, "--audience", "here", "--no-turn", "--listen", "127.0.0.1:0")
		if got.code != exitFailure || !strings.Contains(got.stderr, says) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%+v", got)
		}
	}
}

// backend is an app's, and what it was asked.
type backend struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []map[string]any // guarded by mu
	status int              // guarded by mu
}

func newBackend(t *testing.T) *backend {
	b := &backend{status: http.StatusOK}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("Beckon-Signature") == "" {
			t.Errorf("asked %v, %v", q, err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, q)
		w.WriteHeader(b.status)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"sub": "bob", "exp": time.Now().Add(time.Hour).Unix(), "beckon": map[string]any{"rooms": []string{"tea"}, "allow": []string{}},
		})
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) answers(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

// The backend decides; without its answer nobody comes in. Over each carrier it hears whom the proxy heard, and not what that one says
// of itself.
func TestWebhook(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	s := start(t, false, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--no-turn", "--webhook", b.URL, "--webhook-secret", "0123456789abcdef",
		"--audience", "here", "--trust-proxy", "127.0.0.1/32")
	base := baseOf(s.first)
	if bob := call(t, base, "session 7", ""); bob.welcome.Identity != "bob" || !bob.joins("tea") || bob.joins("coffee") {
		t.Errorf("%+v", bob)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, carrier := range []string{"stream", "poll"} {
		hello := protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance(), Token: carrier})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/"+carrier, strings.NewReader(string(hello)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", "203.0.113.9, 198.51.100.7")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(resp.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%s: %v", carrier, err)
			}
			if strings.Contains(line, `"welcome"`) {
				break
			}
		}
		resp.Body.Close()
	}
	b.mu.Lock()
	for i, want := range []string{"127.0.0.1", "198.51.100.7", "198.51.100.7"} {
		if q := b.asked[i]; q["address"] != want || q["server"] != "here" {
			t.Errorf("asked %v, want the address %s", q, want)
		}
	}
	b.mu.Unlock()
	for status, code := range map[int]protocol.CloseCode{http.StatusForbidden: protocol.CloseUnauthorized, http.StatusBadGateway: protocol.CloseInternal} {
		b.answers(status)
		if got := call(t, base, "session 8", ""); got.code != int(code) {
			t.Errorf("answered %d: %+v", status, got)
		}
	}
}
