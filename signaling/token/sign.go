package token

import (
	"crypto/rand"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Sign makes a token. Where the claims have no IssuedAt it is now, no Expires an hour later, no ID a random one. It refuses what
// a Verifier with the default Rules would refuse, so that a mistake shows where it is made. The error is an *Error.
func Sign(key Key, c Claims, now time.Time) (string, error) {
	if !key.CanSign() {
		return "", errorf(BadKey, "the key %s is public: it checks tokens, and its private part makes them", quoted(key.id))
	}
	if c.IssuedAt.IsZero() {
		c.IssuedAt = now
	}
	if c.Expires.IsZero() {
		c.Expires = c.IssuedAt.Add(DefaultLife)
	}
	if c.ID == "" {
		c.ID = rand.Text()
	}
	payload, err := c.MarshalJSON()
	if err != nil {
		return "", errorf(BadClaims, "the claims cannot be written: %v", err)
	}
	written, err := ParseClaims(payload)
	if err != nil {
		return "", err
	}
	if len(written.Audience) == 0 {
		return "", errorf(BadClaims, "there is no claim `aud`, which says which server it is for")
	}
	// A token may be made for later.
	if written.NotBefore.After(now) {
		now = written.NotBefore
	}
	if _, err := (Rules{Leeway: -1}).Access(written, now); err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.alg), Key: key.sign},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.id))
	if err != nil {
		return "", errorf(BadKey, "the key %s cannot sign: %v", quoted(key.id), err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", errorf(BadKey, "the key %s cannot sign: %v", quoted(key.id), err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", errorf(BadKey, "the token cannot be written: %v", err)
	}
	if len(token) > MaxToken {
		return "", errorf(TooLarge, "the token would have %d bytes, and at most %d are read: name fewer rooms, or their common beginning",
			len(token), MaxToken)
	}
	return token, nil
}
