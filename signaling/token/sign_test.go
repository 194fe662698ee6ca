package token

import (
	"strings"
	"testing"
	"time"
)

func TestSign(t *testing.T) {
	t.Parallel()
	for _, alg := range []Alg{EdDSA, ES256, HS256} {
		k := newKey(t, alg, "k")
		v := verifier(t, newSet(t, k))
		got, err := v.Verify(t.Context(), signed(t, k, plain()))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, Access{
			Identity: "ada", Grant: Grant{Rooms: []string{"tea"}, Allow: Ordinary()}, Ends: noon.Add(time.Hour + DefaultLeeway), Key: "k", ID: "1",
		})
	}
}

// What the caller leaves out.
func TestSignDefaults(t *testing.T) {
	t.Parallel()
	k := newKey(t, EdDSA, "k")
	c := plain()
	c.IssuedAt, c.Expires, c.ID = time.Time{}, time.Time{}, ""
	u, err := Inspect(signed(t, k, c))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseClaims(u.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if !got.IssuedAt.Equal(noon) || !got.Expires.Equal(noon.Add(DefaultLife)) || len(got.ID) < 20 {
		t.Errorf("%+v", got)
	}
	if u.KeyID != "k" || u.Alg != "EdDSA" || !strings.Contains(string(u.Header), `"typ":"JWT"`) {
		t.Errorf("the header is %s", u.Header)
	}
	other, err := Inspect(signed(t, k, c))
	if err != nil || string(other.Payload) == string(u.Payload) {
		t.Errorf("two tokens have one `jti`: %s, %v", u.Payload, err)
	}
}

// A mistake shows where the token is made, and not where it is refused.
func TestSignRefuses(t *testing.T) {
	t.Parallel()
	k := newKey(t, EdDSA, "k")
	public := k
	public.sign = nil
	for name, c := range map[string]struct {
		change func(*Claims)
		key    Key
		code   Code
	}{
		"a public key":         {func(*Claims) {}, public, BadKey},
		"no identity":          {func(c *Claims) { c.Identity = "" }, k, BadClaims},
		"no audience":          {func(c *Claims) { c.Audience = nil }, k, BadClaims},
		"an empty audience":    {func(c *Claims) { c.Audience = []string{""} }, k, BadClaims},
		"no rooms":             {func(c *Claims) { c.Grant.Rooms = nil }, k, BadGrant},
		"a bad room":           {func(c *Claims) { c.Grant.Rooms = []string{"a b"} }, k, BadGrant},
		"an unknown right":     {func(c *Claims) { c.Grant.Allow = []Permission{"fly"} }, k, BadGrant},
		"peers below zero":     {func(c *Claims) { c.Grant.MaxPeers = -1 }, k, BadGrant},
		"expired":              {func(c *Claims) { c.Expires = noon }, k, Expired},
		"too long":             {func(c *Claims) { c.Expires = noon.Add(24*time.Hour + time.Second) }, k, TooLong},
		"begins after its end": {func(c *Claims) { c.NotBefore = c.Expires.Add(time.Second) }, k, Expired},
		"too large": {func(c *Claims) {
			for range MaxRooms {
				c.Grant.Rooms = append(c.Grant.Rooms[:len(c.Grant.Rooms):len(c.Grant.Rooms)], strings.Repeat("a", 64))
			}
			c.Grant.Rooms = c.Grant.Rooms[1:]
			for range maxAudiences - 1 {
				c.Audience = append(c.Audience, strings.Repeat("a", 300))
			}
		}, k, TooLarge},
	} {
		claims := plain()
		c.change(&claims)
		token, err := Sign(c.key, claims, noon)
		if token != "" {
			t.Errorf("%s: signed", name)
		}
		refusal(t, err, c.code)
	}
	later := plain()
	later.NotBefore = noon.Add(time.Minute)
	if _, err := Sign(k, later, noon); err != nil {
		t.Errorf("a token for later: %v", err)
	}
	full := plain()
	full.Grant.Rooms = nil
	for range MaxRooms {
		full.Grant.Rooms = append(full.Grant.Rooms, strings.Repeat("a", 64))
	}
	if _, err := Sign(k, full, noon); err != nil {
		t.Errorf("as many rooms as there may be, as long as they may be: %v", err)
	}
}

func TestVerifierConfig(t *testing.T) {
	t.Parallel()
	keys := newSet(t, newKey(t, EdDSA, "k"))
	for name, c := range map[string]struct {
		cfg  Config
		code Code
	}{
		"no audience":  {Config{Issuers: []Issuer{{Keys: keys}}}, WrongTarget},
		"no issuers":   {Config{Audience: "a"}, WrongIssuer},
		"no keys":      {Config{Audience: "a", Issuers: []Issuer{{}}}, BadKey},
		"two, unnamed": {Config{Audience: "a", Issuers: []Issuer{{"x", keys}, {"", keys}}}, WrongIssuer},
		"twice":        {Config{Audience: "a", Issuers: []Issuer{{"x", keys}, {"x", keys}}}, WrongIssuer},
	} {
		if _, err := NewVerifier(c.cfg); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			refusal(t, err, c.code)
		}
	}
}

// Two issuers may call their keys alike: each key is good for its own issuer's tokens alone.
func TestIssuersDoNotMix(t *testing.T) {
	t.Parallel()
	a, b := newKey(t, EdDSA, "1"), newKey(t, EdDSA, "1")
	hs := newKey(t, HS256, "2")
	v, err := NewVerifier(Config{
		Audience: "here", Issuers: []Issuer{{"a", newSet(t, a, hs)}, {"b", newSet(t, b)}}, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		iss  string
		key  Key
		code Code
	}{
		{"a", a, ""}, {"b", b, ""}, {"a", hs, ""}, {"a", a, ""},
		{"b", a, Signature}, {"a", b, Signature}, {"b", hs, UnknownKey}, {"c", a, WrongIssuer}, {"", a, WrongIssuer},
	} {
		claims := plain()
		claims.Issuer = c.iss
		access, err := v.Verify(t.Context(), signed(t, c.key, claims))
		switch {
		case c.code != "":
			refusal(t, err, c.code)
		case err != nil || access.Issuer != c.iss:
			t.Errorf("%s's own token: %+v, %v", c.iss, access, err)
		}
	}
}

func TestGrant(t *testing.T) {
	t.Parallel()
	g := Grant{Rooms: []string{"tea", "team-*"}}
	for room, want := range map[string]bool{"tea": true, "team-": true, "team-1": true, "team": false, "tea1": false, "TEA": false, "": false} {
		if g.Covers(room) != want {
			t.Errorf("covers %q: %v", room, !want)
		}
	}
	if !g.May(Relay) || g.May(Admin) || g.May(Hidden) {
		t.Error("a grant that does not say allows something else than the ordinary")
	}
	g.Allow = []Permission{}
	if g.May(Signal) {
		t.Error("an empty list allows something")
	}
	if !(Grant{Rooms: []string{"*"}}).Covers("anything") {
		t.Error("a star does not cover everything")
	}
}
