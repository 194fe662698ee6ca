package token

import (
	"crypto/rand"
	"time"
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
	token, err := key.seal(payload)
	if err != nil {
		return "", err
	}
	if len(token) > MaxToken {
		return "", errorf(TooLarge, "the token would have %d bytes, and at most %d are read: name fewer rooms, or their common beginning",
			len(token), MaxToken)
	}
	return token, nil
}
