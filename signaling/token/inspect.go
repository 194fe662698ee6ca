package token

import "encoding/json"

// Unverified is a token taken apart, to look at. Nothing in it is proven.
type Unverified struct {
	// Header and Payload are JSON as the token has them.
	Header, Payload json.RawMessage
	// KeyID and Alg are what the header names.
	KeyID string
	Alg   string
}

// Inspect takes a token apart without checking who signed it: for people who want to see what is in it, never to decide
// something. The error is an *Error.
func Inspect(token string) (Unverified, error) {
	p, err := split(token)
	if err != nil {
		return Unverified{}, err
	}
	u := Unverified{Header: p.header, Payload: p.payload}
	if _, err := parseFields(p.header); err != nil {
		return Unverified{}, errorf(Malformed, "the token's header %v", err)
	}
	if _, err := parseFields(p.payload); err != nil {
		return Unverified{}, errorf(Malformed, "the token's payload %v", err)
	}
	// A header that Verify refuses is worth looking at.
	h, err := parseHeader(p.header)
	if err == nil {
		u.KeyID, u.Alg = h.kid, h.alg
	}
	return u, nil
}
