package token

import (
	"strings"
	"testing"
	"time"
)

// boundTo is some key: 32 bytes of zeros.
var boundTo = strings.Repeat("A", 43)

func TestABoundKeyIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	key, err := NewKey(EdDSA, "k1")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	text, err := Sign(key, Claims{Identity: "ada", Audience: []string{"here"}, Grant: Grant{Rooms: []string{"tea"}}, Key: boundTo}, now)
	if err != nil {
		t.Fatal(err)
	}
	u, err := Inspect(text)
	if err != nil || !strings.Contains(string(u.Payload), `"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+boundTo+`"}}`) {
		t.Errorf("%s, %v", u.Payload, err)
	}
	c, err := ParseClaims(u.Payload)
	if err != nil || c.Key != boundTo {
		t.Errorf("%q, %v", c.Key, err)
	}
	access, err := Rules{}.Access(c, now)
	if err != nil || access.Bound != boundTo {
		t.Errorf("%q, %v", access.Bound, err)
	}
	if _, err := Sign(key, Claims{Identity: "ada", Audience: []string{"here"}, Grant: Grant{Rooms: []string{"tea"}}, Key: "ada's"}, now); err == nil {
		t.Error("signed for what is no key")
	}
}
