//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// TestNoSecretsInTheLog: whoever reads the log, at its most talkative, of a server or of a program, can be nobody by it. What went wrong is
// logged as well, so the secrets come also where they are refused.
func TestNoSecretsInTheLog(t *testing.T) {
	t.Parallel()
	key, err := token.NewKey(token.EdDSA, "ed")
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.NewKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := token.NewKey(token.EdDSA, "ed")
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, set.Public(), 0o600); err != nil {
		t.Fatal(err)
	}
	h := hoard{}
	secret, turnSecret := h.keep("resume-secret", "a secret of this test for resuming"), h.keep("turn-secret", "a secret of this test for the relay")
	log := &testlog.Log{}
	b := serveLogged(t, log, "127.0.0.1", "--keys", keys, "--audience", audience, "--secret", secret, "--turn-secret", turnSecret,
		"--relay-limit", "identity:allocations=2", "--grace", "1s", "--admin", "127.0.0.1:0", "--log-level", "trace")
	sign := func(by token.Key, identity string, life time.Duration) string {
		now := time.Now()
		signed, err := token.Sign(by, token.Claims{
			Identity: identity, Audience: []string{audience}, NotBefore: now.Add(-2 * time.Hour), Expires: now.Add(life),
			Grant: token.Grant{Rooms: []string{"tea"}},
		}, now.Add(min(0, life-time.Minute)))
		if err != nil {
			t.Fatal(err)
		}
		return h.keep(identity+"'s token", signed)
	}

	// Tokens that are refused, over each way, in the hello and where none belongs.
	c := newCaller(t, b.Base)
	for _, by := range ways() {
		for what, signed := range map[string]string{
			"forged":  sign(foreign, "forger", time.Hour),
			"expired": sign(key, "sleeper", -time.Hour),
			"garbled": h.keep("garbled token", sign(key, "typist", time.Hour)+"x"),
		} {
			if l, err := c.hello(t.Context(), by, helloOf(signed)); err == nil {
				l.Close()
				t.Errorf("a token that is %s is taken over %s", what, by)
			}
		}
	}
	for _, path := range []string{"/r/tea?token=", "/v1/ws?token=", "/v1/send?token=", "/nothing/", "/metrics?token="} {
		get(t, b.Base+path+sign(key, "linker", time.Hour))
	}

	// A client on each way, who comes back; and one that misuses what it has.
	for _, by := range ways() {
		hello := helloOf(sign(key, "ada-"+string(by), time.Hour))
		l, err := c.hello(t.Context(), by, hello)
		if err != nil {
			t.Fatal(err)
		}
		h.keep("resume token", l.resume)
		if by != bySocket {
			<-l.opened
			h.keep("carrier", l.carrier)
			l.post(t.Context(), "send", l.body(7, "{"))
		}
		l.Close()
		hello.Resume = l.resume
		if l, err = c.hello(t.Context(), by, hello); err != nil || !l.resumed {
			t.Fatalf("coming back over %s: %v", by, err)
		}
		h.keep("resume token", l.resume)
		l.Close()
		hello.Resume = h.keep("garbled resume token", l.resume+"x")
		if l, err = c.hello(t.Context(), by, hello); err == nil {
			l.Close()
		}
	}

	// Passwords of the relay, right and wrong, to its limit; and after the session's end.
	r := b.allocate(t, sign(key, "bob", time.Hour), "udp")
	h.keep("password of the relay", r.ice.Credential)
	for range 3 {
		if conn, err := r.client(t).Allocate(); err == nil {
			t.Cleanup(func() { conn.Close() })
		}
	}
	wrong := *r
	wrong.ice.Credential = h.keep("wrong password", "open sesame, says the test")
	if _, err := wrong.client(t).Allocate(); err == nil {
		t.Error("a wrong password is taken")
	}
	act(t, b.admin(t), "kick", map[string]string{"peer": r.peer})
	r.wire.closed(t, protocol.CloseKicked)
	_, _ = r.client(t).Allocate()

	// Two programs that meet over the relay, and what they tell each other of the way. Their own logs are no other.
	h.meet(t, b, log, sign(key, "cleo", time.Hour), sign(key, "dora", time.Hour))
	b.Stop(t)
	if text := log.String(); strings.Count(text, "\n") < 40 || !strings.Contains(text, `"level":"debug"`) || !strings.Contains(text, "relay limit met") {
		t.Errorf("the log is not what it should be searched for:\n%s", text)
	}
	if len(h) < 40 {
		t.Errorf("only %d secrets were kept", len(h))
	}
	h.search(t, log.String())
}

// hoard is what no log may have in it: what each secret is, by the secret.
type hoard map[string]string

// keep remembers a secret, and returns it.
func (h hoard) keep(what, secret string) string {
	h[secret] = what
	return secret
}

// search looks for the secrets, and for the part of a token that makes it one.
func (h hoard) search(t *testing.T, text string) {
	t.Helper()
	for secret, what := range h {
		if len(secret) < 8 {
			t.Errorf("the %s is %q", what, secret)
		}
		quoted, _ := json.Marshal(secret)
		part := secret[strings.LastIndexByte(secret, '.')+1:] // of a token, the signature
		for _, form := range []string{secret, strings.Trim(string(quoted), `"`), part} {
			if at := strings.Index(text, form); at >= 0 {
				line, _, _ := strings.Cut(text[strings.LastIndexByte(text[:at], '\n')+1:], "\n")
				t.Errorf("the %s is in the log: %s", what, line)
				break
			}
		}
	}
	for _, part := range []string{"ice-pwd", "a=fingerprint", "a=candidate", "BEGIN PRIVATE KEY"} {
		if strings.Contains(text, part) {
			t.Errorf("the log has %q in it", part)
		}
	}
}

// meet has two programs talk over the relay, and keeps what they were given and what they said of the way. Their logs, as talkative, are
// written to log.
func (h hoard) meet(t *testing.T, b *server, log *testlog.Log, tokens ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var rooms []*peer.Room
	for _, signed := range tokens {
		room, err := peer.Join(ctx, b.Base, "tea", &peer.Config{
			Token: signed, ICETransportPolicy: peer.ICETransportRelay, Logger: zerolog.New(log).Level(zerolog.TraceLevel),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer room.Close()
		rooms = append(rooms, room)
	}
	for _, room := range rooms {
		p, err := room.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		local := p.PeerConnection().CurrentLocalDescription()
		for line := range strings.Lines(local.SDP) {
			if password, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok {
				h.keep("password of ICE", strings.TrimSpace(password))
			}
		}
		for _, server := range p.PeerConnection().GetConfiguration().ICEServers {
			if password, ok := server.Credential.(string); ok && password != "" {
				h.keep("password of the relay", password)
			}
		}
	}
}

// TestNoSecretsInTheLogOfTheRelayAlone: nor of `beckon turn`, which knows passwords that do not end.
func TestNoSecretsInTheLogOfTheRelayAlone(t *testing.T) {
	t.Parallel()
	alone := startTURN(t, "127.0.0.1", "--log-level", "trace")
	h := hoard{}
	h.keep("secret", alone.secret)
	for password, right := range map[string]bool{h.keep("password", alone.password): true, h.keep("wrong password", "open sesame, says the test"): false} {
		for _, transport := range []string{"udp", "tcp"} {
			r := relayed{transport: transport, url: "turn:127.0.0.1:" + alone.port, ice: protocol.ICEServer{Username: alone.user, Credential: password}}
			conn, err := r.client(t).Allocate()
			if (err == nil) != right {
				t.Errorf("a password that is right (%v): %v", right, err)
			}
			if err == nil {
				conn.Close()
			}
		}
	}
	log := alone.process.Stderr()
	if !strings.Contains(log, `"reason":"password"`) || !strings.Contains(log, alone.user) {
		t.Errorf("the log is not what it should be searched for:\n%s", log)
	}
	h.search(t, log)
}
