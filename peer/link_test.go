package peer_test

import (
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestParseLink(t *testing.T) {
	t.Parallel()
	secret := identity.NewSecret()
	for text, want := range map[string]peer.Link{
		"https://a.example/r/tea":                          {Server: "https://a.example", Room: "tea"},
		"https://a.example/r/tea#k=" + secret.String():     {Server: "https://a.example", Room: "tea", Secret: secret},
		"http://127.0.0.1:80/b/r/tea#k=" + secret.String(): {Server: "http://127.0.0.1:80/b", Room: "tea", Secret: secret},
		"https://a.example/r/tea?x=1#k=" + secret.String(): {Server: "https://a.example", Room: "tea", Secret: secret},
		"wss://a.example/r/tea/#k=" + secret.String():      {Server: "wss://a.example", Room: "tea", Secret: secret},
	} {
		got, err := peer.ParseLink(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		again, err := peer.ParseLink(got.String())
		if err != nil || again.Room != want.Room || again.Secret != want.Secret || strings.HasPrefix(got.String(), "ws") {
			t.Errorf("%s became %s: %v", text, got, err)
		}
	}
	for text, code := range map[string]protocol.ErrorCode{
		"https://a.example/r/tea#":                              protocol.CodeBadURL,
		"https://a.example/r/tea#k":                             protocol.CodeBadURL,
		"https://a.example/r/tea#k=":                            protocol.CodeBadURL,
		"https://a.example/r/tea#new":                           protocol.CodeBadURL,
		"https://a.example/r/tea#K=" + secret.String():          protocol.CodeBadURL,
		"https://a.example/r/tea#k=" + secret.String()[1:]:      protocol.CodeBadURL,
		"https://a.example/r/tea#k=" + secret.String() + "x":    protocol.CodeBadURL,
		"https://a.example/r/tea#k=" + secret.String() + "&x=1": protocol.CodeBadURL,
		"https://a.example/r/tea#x=1&k=" + secret.String():      protocol.CodeBadURL,
		"https://a.example/r/tea#k=" + secret.String() + "#":    protocol.CodeBadURL,
		"https://a.example/r/tea#k=" + strings.Repeat("A", 22):  protocol.CodeBadURL,
		"https://a.example/r/tea#k%3D" + secret.String():        protocol.CodeBadURL,
		"https://a.example/r/-#k=" + secret.String():            protocol.CodeBadRoom,
		"https://a.example#k=" + secret.String():                protocol.CodeBadURL,
	} {
		l, err := peer.ParseLink(text)
		wantCode(t, err, code)
		if l != (peer.Link{}) || strings.Contains(err.Error(), secret.String()[1:]) {
			t.Errorf("%s: %+v, %v", text, l, err)
		}
	}
}

// TestParseLinkSays which of two things is wrong with a secret: its length, or a character.
func TestParseLinkSays(t *testing.T) {
	t.Parallel()
	for secret, says := range map[string]string{
		strings.Repeat("B", 20):                       "has 20 characters and should be 22",
		strings.Repeat("B", 22):                       "a character of it is wrong", // the last has bits that mean nothing
		strings.Repeat("B", 10) + "." + "BBBBBBBBBBA": "a character of it is wrong",
	} {
		if _, err := peer.ParseLink("https://a.example/r/tea#k=" + secret); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%d characters: %v, want %q", len(secret), err, says)
		}
	}
}

// FuzzParseLink: what is read is written so that it is read again, and no fragment is passed over.
func FuzzParseLink(f *testing.F) {
	f.Add("https://a.example/r/tea#k=" + strings.Repeat("B", 21) + "A")
	f.Add("http://[::1]:8080/x/r/tea")
	f.Add("https://a.example/r/tea#new")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := peer.ParseLink(text)
		if err != nil {
			return
		}
		if strings.Contains(text, "#") == l.Secret.IsZero() {
			t.Fatalf("%q has the secret %v", text, l.Secret)
		}
		again, err := peer.ParseLink(l.String())
		if err != nil || again.Room != l.Room || again.Secret != l.Secret {
			t.Fatalf("%q became %q: %+v, %v", text, l, again, err)
		}
	})
}
