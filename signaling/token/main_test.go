package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time in the tests that need no clock that moves.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// plain are claims that are good at noon.
func plain() Claims {
	return Claims{
		Identity: "ada", Audience: []string{"here"}, IssuedAt: noon, Expires: noon.Add(time.Hour), ID: "1",
		Grant: Grant{Rooms: []string{"tea"}},
	}
}

func newKey(t testing.TB, alg Alg, id string) Key {
	t.Helper()
	k, err := NewKey(alg, id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newSet(t testing.TB, keys ...Key) *KeySet {
	t.Helper()
	s, err := NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verifier trusts one issuer of any name, at noon.
func verifier(t testing.TB, keys Keys) *Verifier {
	t.Helper()
	v, err := NewVerifier(Config{Audience: "here", Issuers: []Issuer{{Keys: keys}}, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func signed(t testing.TB, k Key, c Claims) string {
	t.Helper()
	token, err := Sign(k, c, noon)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge makes a token of any header and payload, with nothing but the standard library; mac signs it.
func forge(header, payload string, mac func(input []byte) []byte) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(mac([]byte(input)))
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// by signs as the key does, whatever the header says.
func by(k Key) func([]byte) []byte {
	return func(input []byte) []byte {
		switch private := k.sign.(type) {
		case ed25519.PrivateKey:
			return ed25519.Sign(private, input)
		case *ecdsa.PrivateKey:
			sum := sha256.Sum256(input)
			r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
			if err != nil {
				panic(err)
			}
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		case []byte:
			return hmacOf(private)(input)
		}
		panic("no private key")
	}
}

func hmacOf(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write(input)
		return m.Sum(nil)
	}
}

// payload is plain as JSON with more members before its end, and perhaps with others instead of its own.
func payload(more string) string {
	return fmt.Sprintf(`{"sub":"ada","aud":"here","iat":%d,"exp":%d,"beckon":{"rooms":["tea"]}%s}`, noon.Unix(), noon.Add(time.Hour).Unix(), more)
}
