package turnserver

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
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

func testAuth(now time.Time, users map[string]string) *authenticator {
	c, err := Config{Secret: testSecret, Users: users}.withDefaults()
	if err != nil {
		panic(err)
	}
	return newAuthenticator(c, &revocations{}, func() time.Time { return now })
}

// signed is a request with credentials.
func signed(username, realm, password string) stunMsg {
	m, _ := parseSTUN(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest),
		stun.NewUsername(username), stun.NewRealm(realm), stun.NewLongTermIntegrity(username, realm, password), stun.Fingerprint).Raw)
	return m
}

func TestUserID(t *testing.T) {
	t.Parallel()
	a := testAuth(time.Unix(1700000000, 0), nil)
	for username, want := range map[string]string{
		"1700000600:alice":     "alice",
		"1700000600:alice:two": "alice:two",
		"1700000600:":          "1700000600:",
		"1700000600":           "1700000600",
		"1700604800:week":      "week", // the last second that is not too far ahead
	} {
		if id, key, why := a.check(signed(username, "beckon", passwordOf(testSecret, username)), true); why != authFine || id != want || len(key) != 16 {
			t.Errorf("%s: %q %s", username, id, why)
		}
	}
}

// What opens nothing although its password is right.
func TestUsernamesThatOpenNothing(t *testing.T) {
	t.Parallel()
	a := testAuth(time.Unix(1700000000, 0), nil)
	for username, want := range map[string]authFailure{
		"1699999999:alice": authExpired,
		"1700000000:alice": authExpired, // the second of its end is after it
		"0:alice":          authExpired,

		"1700604801:alice":   authFuture,
		"999999999999:alice": authFuture,

		"":                                       authUsername,
		":":                                      authUsername,
		":1700000600":                            authUsername,
		"-1:alice":                               authUsername,
		"+1700000600:alice":                      authUsername,
		"alice:1700000600":                       authUsername,
		" 1700000600:alice":                      authUsername,
		"1700000600 :alice":                      authUsername,
		"1e10:alice":                             authUsername,
		"0x7fffffff:alice":                       authUsername,
		"١٧٠٠٠٠٠٦٠٠:alice":                       authUsername, // digits, but not those
		"1700000600:a\x00b":                      authUsername,
		"1700000600:a\r\nb":                      authUsername,
		"1700000600:\xff":                        authUsername,
		"9999999999999:alice":                    authUsername,
		"9223372036854775808:alice":              authUsername, // one more than an int64 holds
		"18446744073709551616:alice":             authUsername,
		"1700000600:" + strings.Repeat("a", 498): authUsername,
	} {
		id, key, why := a.check(signed(username, "beckon", passwordOf(testSecret, username)), true)
		if why != want || id != "" || key != nil {
			t.Errorf("%q: %q %s, want %s", username, id, why, want)
		}
		if _, _, why := a.check(signed(username, "beckon", passwordOf(testSecret, username)), false); want == authExpired && why != authFine {
			t.Errorf("%q is too old for a living session: %s", username, why)
		}
	}
}

func TestStaticUsers(t *testing.T) {
	t.Parallel()
	a := testAuth(time.Unix(1700000000, 0), map[string]string{"alice": "s3cret", "1700000600:bob": "own"})
	for _, c := range []struct {
		username, realm, password string
		want                      authFailure
	}{
		{"alice", "beckon", "s3cret", authFine},
		{"alice", "beckon", "S3cret", authPassword},
		{"alice", "beckon", "", authPassword},
		{"alice", "elsewhere", "s3cret", authRealm},
		{"alice", "", "s3cret", authRealm},
		{"bob", "beckon", "s3cret", authUsername},
		{"1700000600:bob", "beckon", "own", authFine}, // a name like any other
		{"1700000600:bob", "beckon", passwordOf(testSecret, "1700000600:bob"), authPassword},
		{"1700000600:carol", "beckon", passwordOf(testSecret, "1700000600:carol"), authFine},
		{"1700000600:carol", "beckon", passwordOf(testSecret, "1700000601:carol"), authPassword},
	} {
		id, key, why := a.check(signed(c.username, c.realm, c.password), true)
		if why != c.want || (id == "") != (why != authFine) || (key == nil) != (why != authFine) {
			t.Errorf("%q in %q with %q: %q %s, want %s", c.username, c.realm, c.password, id, why, c.want)
		}
	}
	a.secret = nil
	if _, _, why := a.check(signed("1700000600:carol", "beckon", passwordOf(nil, "1700000600:carol")), true); why != authUsername {
		t.Errorf("without a secret: %s", why)
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
	if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeUnauthorized {
		t.Errorf("Allocate after the credential's end: %d", code)
	}
	if n := s.Stats().AuthFailures["expired"]; n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestBadCredentials(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	console := zerolog.ConsoleWriter{Out: &log, NoColor: true}
	s := listen(t, func(c *Config) { c.Log = zerolog.New(console) })
	good, pass := s.Credentials("alice", time.Hour)
	const evil = "9999999999:x\r\n\x1b[2Jroot"
	long, _ := s.Credentials("bob", time.Hour)
	for _, c := range []struct{ username, pass, realm, reason string }{
		{good, "wrong", "beckon", "password"},
		{good, pass, "evil\r\nrealm", "realm"},
		{good, pass, "", "realm"},
		{"alice", passwordOf(testSecret, "alice"), "beckon", "username"},
		{"soon:alice", passwordOf(testSecret, "soon:alice"), "beckon", "username"},
		{evil, passwordOf(testSecret, evil), "beckon", "username"},
		{long, "wrong", "beckon", "password"},
	} {
		w := &wire{t: t, conn: dial(t, s, "udp"), username: c.username, pass: c.pass, realm: c.realm}
		before := s.Stats().AuthFailures[c.reason]
		if code, _ := w.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeUnauthorized {
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
