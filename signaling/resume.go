package signaling

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// maxResume is the longest resume token in bytes. A grant whose token would be longer gets none: its holder is a new peer
// after each lost connection, which is better than a hello that no client can send.
const maxResume = 8 << 10

// claims are what a resume token says. It is signed and not encrypted: it holds nothing that its bearer does not know.
type claims struct {
	Peer     string `json:"p"`
	Instance string `json:"i"`
	Identity string `json:"d,omitempty"`
	TokenID  string `json:"t,omitempty"`
	// Rooms and Ends are those of the Grant; Ends in milliseconds since 1970, 0 for never.
	Rooms []string `json:"r,omitempty"`
	Ends  int64    `json:"g,omitempty"`
	// The rest of the Grant. Without Allow nothing is allowed: a token that lost it must not gain by that.
	Allow    []Permission `json:"a,omitempty"`
	MaxPeers int          `json:"m,omitempty"`
	Capacity int          `json:"c,omitempty"`
	Key      string       `json:"k,omitempty"`
	Half     bool         `json:"h,omitempty"`
	// Expires is when the token itself ends, in milliseconds since 1970.
	Expires int64 `json:"e"`
}

func claimsOf(peer, instance string, g Grant, expires time.Time) claims {
	c := claims{
		Peer: peer, Instance: instance, Identity: g.Identity, TokenID: g.TokenID, Rooms: g.Rooms, Expires: expires.UnixMilli(),
		Allow: g.Allow, MaxPeers: g.MaxPeers, Capacity: g.Capacity, Key: g.Key, Half: g.Half,
	}
	if !g.Expires.IsZero() {
		c.Ends = g.Expires.UnixMilli()
	}
	return c
}

func (c claims) grant() Grant {
	g := Grant{
		Identity: c.Identity, TokenID: c.TokenID, Rooms: c.Rooms, Allow: append([]Permission{}, c.Allow...),
		MaxPeers: c.MaxPeers, Capacity: c.Capacity, Key: c.Key, Half: c.Half,
	}
	if c.Ends != 0 {
		g.Expires = time.UnixMilli(c.Ends)
	}
	return g
}

// sealer signs and checks resume tokens: base64url of the claims, a dot, base64url of their HMAC-SHA256. It keeps nothing, so
// whichever server has the secret honours the token. It may be used by many goroutines at once.
type sealer struct {
	key      []byte
	encoding *base64.Encoding
}

// newSealer derives the key, so that an operator who uses one secret for several things does not make a resume token good
// for another of them. The version is that of the claims: tokens of another one are worth nothing.
func newSealer(secret []byte) sealer {
	if len(secret) == 0 {
		secret = make([]byte, 32)
		rand.Read(secret) // never fails: crypto/rand crashes the program instead
	}
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("beckon resume v4"))
	// Strict, so that each token has one spelling; open sees to what encoding/base64 passes over all the same.
	return sealer{m.Sum(nil), base64.RawURLEncoding.Strict()}
}

// seal returns the claims' token, or "" if that would be too long.
func (s sealer) seal(c claims) string {
	body, err := json.Marshal(c)
	if err != nil {
		return "" // strings and numbers always marshal
	}
	payload := s.encoding.EncodeToString(body)
	token := payload + "." + s.encoding.EncodeToString(s.mac(payload))
	if len(token) > maxResume {
		return ""
	}
	return token
}

// open returns the claims of a token that this secret has signed and that has not expired. The signature is checked first and
// in constant time; nothing unsigned is decoded.
func (s sealer) open(token string, now time.Time) (claims, bool) {
	payload, signature, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxResume || strings.ContainsAny(token, "\r\n") {
		return claims{}, false
	}
	mac, err := s.encoding.DecodeString(signature)
	if err != nil || !hmac.Equal(mac, s.mac(payload)) {
		return claims{}, false
	}
	body, err := s.encoding.DecodeString(payload)
	if err != nil {
		return claims{}, false
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil || now.UnixMilli() >= c.Expires {
		return claims{}, false
	}
	return c, true
}

func (s sealer) mac(payload string) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(payload))
	return m.Sum(nil)
}
