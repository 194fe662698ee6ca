//go:build unix

package e2e

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// keyed is a server that lets in who has a token, and the keys that it believes, with which tokens are made by hand: a library would
// not make the ones that are wanted here.
type keyed struct {
	*caller
	ed       ed25519.PrivateKey
	ec       *ecdsa.PrivateKey
	hs       []byte
	stranger ed25519.PrivateKey
}

// audience is what the server calls itself.
const audience = "here"

func serveKeyed(t *testing.T) *keyed {
	t.Helper()
	k := &keyed{hs: make([]byte, 32)}
	rand.Read(k.hs)
	var err error
	if _, k.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, k.stranger, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	point, err := k.ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	set := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"ed","x":%q},`+
		`{"kty":"EC","crv":"P-256","alg":"ES256","kid":"ec","x":%q,"y":%q},{"kty":"oct","alg":"HS256","kid":"hs","k":%q}]}`,
		b64(k.ed.Public().(ed25519.PublicKey)), b64(point[1:33]), b64(point[33:]), b64(k.hs))
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	k.caller = newCaller(t, serveHere(t, "--keys", file, "--audience", audience).Base)
	return k
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// forge makes a token of any header and claims. sign gets what is signed.
func forge(header, claims string, sign func([]byte) []byte) string {
	input := b64([]byte(header)) + "." + b64([]byte(claims))
	return input + "." + b64(sign([]byte(input)))
}

func (k *keyed) byEd(input []byte) []byte { return ed25519.Sign(k.ed, input) }

func (k *keyed) byStranger(input []byte) []byte { return ed25519.Sign(k.stranger, input) }

func (k *keyed) byEC(input []byte) []byte {
	sum := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, k.ec, sum[:])
	if err != nil {
		return nil
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

func byHMAC(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write(input)
		return m.Sum(nil)
	}
}

func unsigned([]byte) []byte { return nil }

// public are the spellings of the EdDSA public key that a library could take for a secret.
func (k *keyed) public() (raw, der, asPEM []byte) {
	raw = k.ed.Public().(ed25519.PublicKey)
	der, _ = x509.MarshalPKIXPublicKey(k.ed.Public())
	return raw, der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// claims are good ones, but for the pairs of what is there and what shall be.
func claims(but ...string) string {
	now := time.Now()
	return strings.NewReplacer(but...).Replace(fmt.Sprintf(`{"sub":"ada","aud":"%s","iat":%d,"exp":%d,"beckon":{"rooms":["tea-*"]}}`,
		audience, now.Unix(), now.Add(time.Hour).Unix()))
}

// tokenCase is a token, made for the keys of the server.
type tokenCase struct {
	name string
	make func(k *keyed) string
}

// hostileTokens are tokens that are not good, in a hello and later in a `token` frame.
func hostileTokens() []assaults {
	const ed, ec, hs = `{"alg":"EdDSA","kid":"ed"}`, `{"alg":"ES256","kid":"ec"}`, `{"alg":"HS256","kid":"hs"}`
	of := func(name, header string, sign func(k *keyed) func([]byte) []byte, but ...string) tokenCase {
		return tokenCase{name, func(k *keyed) string { return forge(header, claims(but...), sign(k)) }}
	}
	byEd := func(k *keyed) func([]byte) []byte { return k.byEd }
	byEC := func(k *keyed) func([]byte) []byte { return k.byEC }
	byHS := func(k *keyed) func([]byte) []byte { return byHMAC(k.hs) }
	byNobody := func(*keyed) func([]byte) []byte { return unsigned }
	byStranger := func(k *keyed) func([]byte) []byte { return k.byStranger }
	byPublic := func(k *keyed) func([]byte) []byte { raw, _, _ := k.public(); return byHMAC(raw) }
	byDER := func(k *keyed) func([]byte) []byte { _, der, _ := k.public(); return byHMAC(der) }
	byPEM := func(k *keyed) func([]byte) []byte { _, _, asPEM := k.public(); return byHMAC(asPEM) }
	good := func(k *keyed) string { return forge(ed, claims(), k.byEd) }
	list := []tokenCase{
		{"a password", func(*keyed) string { return "correct horse battery staple" }},
		of("alg none, no signature", `{"alg":"none"}`, byNobody),
		of("alg none with a kid", `{"alg":"none","kid":"ed"}`, byNobody),
		of("alg nOnE", `{"alg":"nOnE","kid":"ed"}`, byNobody),
		of("alg none for the symmetric key", `{"alg":"none","kid":"hs"}`, byNobody),
		of("no signature", ed, byNobody),
		of("HS256 by the EdDSA public key", `{"alg":"HS256","kid":"ed"}`, byPublic),
		of("HS256 by the DER of the EdDSA public key", `{"alg":"HS256","kid":"ed"}`, byDER),
		of("HS256 by the PEM of the EdDSA public key", `{"alg":"HS256","kid":"ed"}`, byPEM),
		of("EdDSA that is an HMAC by the public key", ed, byPublic),
		of("HS256 by an empty secret", hs, func(*keyed) func([]byte) []byte { return byHMAC(nil) }),
		of("HS384", `{"alg":"HS384","kid":"hs"}`, byHS),
		of("RS256", `{"alg":"RS256","kid":"ed"}`, byEd),
		of("ES256 with the kid of the EdDSA key", `{"alg":"ES256","kid":"ed"}`, byEC),
		of("another's key", ec, byEd),
		of("a stranger's key", ed, byStranger),
		of("a kid that nobody has", `{"alg":"EdDSA","kid":"eve"}`, byStranger),
		of("no kid", `{"alg":"EdDSA"}`, byEd),
		of("a kid that is a path", `{"alg":"HS256","kid":"../../../dev/null"}`, func(*keyed) func([]byte) []byte { return byHMAC(nil) }),
		{"a key in the header", func(k *keyed) string {
			jwk := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, b64(k.stranger.Public().(ed25519.PublicKey)))
			return forge(`{"alg":"EdDSA","kid":"ed","jwk":`+jwk+`}`, claims(), k.byStranger)
		}},
		of("a URL of keys in the header", `{"alg":"EdDSA","kid":"eve","jku":"https://evil.example/keys"}`, byStranger),
		of("crit", `{"alg":"EdDSA","kid":"ed","crit":["x"],"x":1}`, byEd),
		of("alg twice", `{"alg":"none","alg":"EdDSA","kid":"ed"}`, byEd),
		of("a deep header", `{"alg":"EdDSA","kid":"ed","x":`+nested("[", "]", 1000)+`}`, byEd),
		{"truncated", func(k *keyed) string { return good(k)[:100] }},
		{"one dot", func(k *keyed) string { token := good(k); return token[:strings.LastIndexByte(token, '.')] }},
		{"padded", func(k *keyed) string { return good(k) + "==" }},
		{"a character of the claims changed", func(k *keyed) string {
			token := good(k)
			i := strings.IndexByte(token, '.') + 20
			return token[:i] + string(token[i]^1) + token[i+1:]
		}},
		{"20,000 bytes", func(k *keyed) string { return forge(ed, claims(`"ada"`, `"`+strings.Repeat("a", 15_000)+`"`), k.byEd) }},
		of("expired", ed, byEd, `"exp":`, `"exp":1000000000,"x":`),
		of("exp in the year 9999", ed, byEd, `"exp":`, `"exp":253402300799,"x":`),
		of("no exp", ed, byEd, `"exp":`, `"x":`),
		of("exp a string", ed, byEd, `"exp":`, `"exp":"tomorrow","x":`),
		of("exp twice", ed, byEd, `"exp":`, `"exp":9999999999,"exp":`),
		of("nbf in the future", ed, byEd, `"iat":`, `"nbf":9999999999,"iat":`),
		of("no aud", ed, byEd, `"aud":"here",`, ""),
		of("another's aud", ed, byEd, `"here"`, `"there"`),
		of("no sub", ed, byEd, `"sub":"ada",`, ""),
		of("sub an object", ed, byEd, `"ada"`, `{"name":"ada"}`),
		of("no grant", ed, byEd, `"beckon"`, `"x"`),
		of("a grant of null", ed, byEd, `{"rooms":["tea-*"]}`, `null`),
		of("a permission that is none", ed, byEd, `["tea-*"]}`, `["tea-*"],"allow":["root"]}`),
		of("a restriction that is none", ed, byEd, `["tea-*"]}`, `["tea-*"],"readOnly":true}`),
	}
	var inHello, inFrame []assault
	for _, c := range list {
		inHello = append(inHello, assault{c.name, everywhere("unauthorized, 4504 unauthorized"), func(a *attacker) string {
			_, codes := a.begun(c.make(a.keyed))
			return strings.Join(codes, ", ")
		}})
	}
	inHello = append(inHello,
		assault{"nothing", everywhere("unauthorized, 4504 unauthorized"), func(a *attacker) string {
			_, codes := a.begun("")
			return strings.Join(codes, ", ")
		}},
		assault{"a good one, of EdDSA", everywhere("a session"), func(a *attacker) string { return a.session(good(a.keyed)) }},
		assault{"a good one, of ES256", everywhere("a session"), func(a *attacker) string { return a.session(forge(ec, claims(), a.keyed.byEC)) }},
		assault{"a good one, of HS256", everywhere("a session"), func(a *attacker) string {
			return a.session(forge(hs, claims(), byHMAC(a.keyed.hs)))
		}},
		assault{"a good one, for another room", everywhere("forbidden"), func(a *attacker) string {
			l, codes := a.begun(good(a.keyed))
			if len(codes) > 0 {
				return strings.Join(codes, ", ")
			}
			return l.outcome(`{"type":"join","room":"coffee"}`)
		}},
		assault{"a resume token for a token", everywhere("unauthorized, 4504 unauthorized"), func(a *attacker) string {
			_, welcome, codes := a.welcomed(good(a.keyed))
			if len(codes) == 0 {
				_, codes = a.begun(welcome.Resume)
			}
			return strings.Join(codes, ", ")
		}},
	)
	for _, c := range []tokenCase{list[0], list[2], list[6], list[15], list[29], list[36]} {
		inFrame = append(inFrame, assault{c.name, everywhere("unauthorized"), func(a *attacker) string {
			l, codes := a.begun(good(a.keyed))
			if len(codes) > 0 {
				return strings.Join(codes, ", ")
			}
			return l.outcome(string(protocol.Encode(protocol.Token{Token: c.make(a.keyed)})))
		}})
	}
	return []assaults{{title: "The token of a hello", list: inHello}, {title: "A token in a session", list: inFrame}}
}

// begun opens a link to the server that wants tokens, and waits for the welcome, or for what comes in its place.
func (a *attacker) begun(token string) (*link, []string) {
	l, _, codes := a.welcomed(token)
	return l, codes
}

func (a *attacker) welcomed(token string) (*link, line, []string) {
	l := a.keyed.open(a.ctx, a.way, string(protocol.Encode(helloOf(token))))
	a.closes = append(a.closes, l.Close)
	welcome, codes := l.until(ofType(protocol.TypeWelcome))
	return l, welcome, codes
}

func (a *attacker) session(token string) string {
	if _, codes := a.begun(token); len(codes) > 0 {
		return strings.Join(codes, ", ")
	}
	return "a session"
}

// hostileResumes are resume tokens that are not the attacker's, or not any more what they were.
func hostileResumes() assaults {
	// Each is made of the token of a victim, who is there while it is used, over a carrier that may be another.
	of := func(name string, change func(token string) string) assault {
		return assault{name, everywhere("a new peer"), func(a *attacker) string {
			victim, trouble := a.with("X-Forwarded-For", "10.3.0.1").victim(a)
			if trouble != "" {
				return trouble
			}
			h := helloOf("")
			h.Resume = change(victim.resume)
			l, err := a.hello(a.ctx, a.way, h)
			if err != nil {
				return err.Error()
			}
			a.closes = append(a.closes, l.Close)
			if got := victim.outcome(); got != "nothing" {
				return "the victim notices " + got
			}
			if l.resumed || l.peer == victim.peer {
				return "the victim's peer id"
			}
			return "a new peer"
		}}
	}
	return assaults{title: "The resume token of a hello", list: []assault{
		of("another peer's", func(token string) string { return token }),
		of("another peer's, truncated", func(token string) string { return token[:len(token)/2] }),
		of("another peer's, without its signature", func(token string) string { payload, _, _ := strings.Cut(token, "."); return payload + "." }),
		of("another peer's, padded", func(token string) string { return token + "=" }),
		of("one character changed", func(token string) string {
			i := len(token) / 3
			return token[:i] + string(token[i]^1) + token[i+1:]
		}),
		of("the claims of a forger", func(token string) string {
			_, mac, _ := strings.Cut(token, ".")
			return b64([]byte(`{"p":"admin","i":"00000000000000a1","e":9999999999999}`)) + "." + mac
		}),
		of("signed with an empty secret", func(token string) string {
			payload, _, _ := strings.Cut(token, ".")
			return payload + "." + b64(byHMAC(nil)([]byte(payload)))
		}),
		of("alg none", func(string) string { return forge(`{"alg":"none"}`, `{"p":"admin"}`, unsigned) }),
		of("dots alone", func(string) string { return strings.Repeat(".", 100) }),
		of("60,000 bytes", func(string) string { return strings.Repeat("A", 60_000) }),
		{"another peer's instance, without its token", everywhere("a new peer, forbidden in the same room"), func(a *attacker) string {
			victim, trouble := a.with("X-Forwarded-For", "10.3.0.1").victim(a)
			if trouble != "" {
				return trouble
			}
			h := helloOf("")
			h.Instance = victim.instance
			l, err := a.hello(a.ctx, a.way, h)
			if err != nil {
				return err.Error()
			}
			a.closes = append(a.closes, l.Close)
			if l.resumed || l.peer == victim.peer {
				return "the victim's peer id"
			}
			got := l.outcome(`{"type":"join","room":"` + a.room + `"}`)
			if notice := victim.outcome(); notice != "nothing" {
				return "the victim notices " + notice
			}
			return "a new peer, " + got + " in the same room"
		}},
		{"of another server", everywhere("unauthorized, 4504 unauthorized"), func(a *attacker) string {
			other, trouble := a.begin()
			if other == nil {
				return trouble
			}
			h := helloOf("")
			h.Instance, h.Resume = other.instance, other.resume
			l := a.keyed.open(a.ctx, a.way, string(protocol.Encode(h)))
			a.closes = append(a.closes, l.Close)
			_, codes := l.until(ofType(protocol.TypeWelcome))
			return strings.Join(codes, ", ")
		}},
	}}
}

// victim is a good peer alone in the attacker's room.
func (c *caller) victim(a *attacker) (*link, string) {
	l, err := c.hello(a.ctx, a.way, helloOf(""))
	if err != nil {
		return nil, err.Error()
	}
	a.closes = append(a.closes, l.Close)
	if err := l.join(a.room); err != nil {
		return nil, err.Error()
	}
	return l, ""
}

// allAssaults are all there are.
func allAssaults() []assaults {
	all := append([]assaults{hostileHellos(), hostileFrames()}, hostileBodies()...)
	all = append(all, hostileSockets(), hostileResumes())
	all = append(all, hostileTokens()...)
	return append(all, hostileOften(), hostileSilence())
}
