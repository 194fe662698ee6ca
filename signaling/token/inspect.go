package token

import "encoding/json"

// Unverified is a token taken apart, to look at. Nothing in it is proven.
type Unverified struct {
	// Header and Payload are JSON objects as the token has them.
	Header, Payload json.RawMessage
	// KeyID and Alg are what the header names; Err is why Verify would refuse the header whatever the keys, and then they may be "".
	KeyID string
	Alg   string
	Err   error
}

// Inspect takes a token apart without checking who signed it: for people who want to see what is in it, never to decide
// something. The error is an *Error, and means that there is nothing to see.
func Inspect(token string) (Unverified, error) {
	p, err := split(token)
	if err != nil {
		return Unverified{}, err
	}
	if _, err := parseFields(p.header); err != nil {
		return Unverified{}, errorf(Malformed, "the token's header %v", err)
	}
	if _, err := parseFields(p.payload); err != nil {
		return Unverified{}, errorf(Malformed, "the token's payload %v", err)
	}
	h, err := parseHeader(p.header)
	if err == nil && h.alg != string(EdDSA) && h.alg != string(ES256) && h.alg != string(HS256) {
		err = errorf(Algorithm, "the token says that it is signed with %s, which no key here is for", quoted(h.alg))
	}
	return Unverified{p.header, p.payload, h.kid, h.alg, err}, nil
}
