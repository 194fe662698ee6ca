package turnserver

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/rs/zerolog"
)

// The vector is that of: printf 1700000600:alice | openssl dgst -sha1 -hmac s3cret -binary | base64
func TestCredentialsVector(t *testing.T) {
	t.Parallel()
	user, pass := Credentials([]byte("s3cret"), "alice", time.Unix(1700000000, 0), 10*time.Minute)
	if user != "1700000600:alice" || pass != "bUIJIVaC05oyFgKsQvKAparqg1Q=" {
		t.Fatalf("%s %s", user, pass)
	}
}

// Pion's own maker and ours must agree, for coturn and others agree with both.
func TestCredentialsAreThoseOfPion(t *testing.T) {
	t.Parallel()
	user, pass, err := turn.GenerateLongTermTURNRESTCredentials("s3cret", "bob", time.Hour)
	if err != nil || pass != passwordOf([]byte("s3cret"), user) {
		t.Fatal(user, pass, err)
	}
}

func TestUserID(t *testing.T) {
	t.Parallel()
	a := &authenticator{realm: "beckon", secret: testSecret, now: time.Now, stats: &counters{}, revoked: &revocations{}}
	for username, want := range map[string]string{
		"99999999999:alice":     "alice",
		"99999999999:alice:two": "alice:two",
		"99999999999:":          "99999999999:",
		"99999999999":           "99999999999",
	} {
		ra := &turn.RequestAttributes{Username: username, Realm: "beckon", Method: stun.MethodAllocate}
		if id, _, ok := a.handle(ra); !ok || id != want {
			t.Errorf("%s: %q %v", username, id, ok)
		}
	}
}

func TestUsernamesThatOpenNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	for username, want := range map[string]authFailure{
		"1699999999:alice": authExpired,
		"1700000000:alice": authExpired, // the second of its end is after it
		"0:alice":          authExpired,
		"-1:alice":         authExpired,

		"":                           authUsername,
		":":                          authUsername,
		":1800000000":                authUsername,
		"alice:1800000000":           authUsername,
		" 1800000000:alice":          authUsername,
		"1800000000 :alice":          authUsername,
		"1e10:alice":                 authUsername,
		"0x7fffffff:alice":           authUsername,
		"9223372036854775808:alice":  authUsername, // one more than an int64 holds
		"18446744073709551616:alice": authUsername,
	} {
		var n counters
		a := &authenticator{realm: "beckon", secret: testSecret, now: func() time.Time { return now }, stats: &n, revoked: &revocations{}}
		ra := &turn.RequestAttributes{Username: username, Realm: "beckon", Method: stun.MethodAllocate, SrcAddr: &net.UDPAddr{}}
		if id, key, ok := a.handle(ra); ok || id != "" || key != nil || n.auth[want].Load() != 1 {
			t.Errorf("%q: %q %v, counted %v", username, id, ok, n.auth[want].Load())
		}
	}
}

// A credential opens relays while it lasts, and a relay that it opened lives on.
func TestAgeCountsOnAllocateOnly(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	s, err := listenAt(t.Context(), testConfig(), now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	w, peer := newWire(t, s, "udp"), newWire(t, s, "udp")
	at, pt := w.allocate(), peer.allocate()
	later.Store(int64(2 * time.Hour)) // the credential lasts one

	for name, do := range map[string]func() stun.ErrorCode{
		"Refresh":          func() stun.ErrorCode { c, _ := w.request(stun.MethodRefresh); return c },
		"CreatePermission": func() stun.ErrorCode { c, _ := w.request(stun.MethodCreatePermission, peerAddress(pt)); return c },
		"ChannelBind": func() stun.ErrorCode {
			channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 1, 0, 0}}
			c, _ := w.request(stun.MethodChannelBind, channel, peerAddress(pt))
			return c
		},
	} {
		if code := do(); code != 0 {
			t.Errorf("%s after the credential's end: %d", name, code)
		}
	}
	peer.request(stun.MethodCreatePermission, peerAddress(at))
	w.say(pt, "alive")
	if got := peer.heard(); got != "alive" {
		t.Errorf("heard %q", got)
	}

	late := &wire{t: t, conn: dial(t, s, "udp"), username: w.username, pass: w.pass, realm: "beckon"}
	if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeBadRequest {
		t.Errorf("Allocate after the credential's end: %d", code)
	}
	if n := s.Stats().AuthFailures["expired"]; n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestBadCredentials(t *testing.T) {
	t.Parallel()
	var log logBuffer
	console := zerolog.ConsoleWriter{Out: &log, NoColor: true}
	s := listen(t, func(c *Config) { c.Log = zerolog.New(console) })
	good, pass := s.Credentials("alice", time.Hour)
	const evil = "9999999999:x\r\n\x1b[2Jroot"
	for _, c := range []struct{ username, pass, realm, reason string }{
		{good, "wrong", "beckon", "password"},
		{good, pass, "evil\r\nrealm", "realm"},
		{good, pass, "", "realm"},
		{"alice", passwordOf(testSecret, "alice"), "beckon", "username"},
		{"soon:alice", passwordOf(testSecret, "soon:alice"), "beckon", "username"},
		{evil, "wrong", "beckon", "password"},
	} {
		w := &wire{t: t, conn: dial(t, s, "udp"), username: c.username, pass: c.pass, realm: c.realm}
		before := s.Stats().AuthFailures[c.reason]
		if code, _ := w.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeBadRequest {
			t.Errorf("%q in %q: %d", c.username, c.realm, code)
		}
		if s.Stats().AuthFailures[c.reason] != before+1 {
			t.Errorf("%q in %q: not counted as %s: %v", c.username, c.realm, c.reason, s.Stats().AuthFailures)
		}
	}
	if s.Stats().AllocationsTotal != 0 {
		t.Error("an allocation was made")
	}
	_ = s.Close()
	if out := log.String(); strings.ContainsAny(out, "\r\x1b") || !strings.Contains(out, `root`) {
		t.Errorf("usernames are not quoted: %q", out)
	} else if strings.Contains(out, pass) || strings.Contains(out, "evil") {
		t.Errorf("a password or a foreign realm is logged: %q", out)
	}
}
