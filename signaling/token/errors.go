package token

import (
	"context"
	"fmt"
)

// Code says for programs why a token, a claim or a key was refused.
type Code string

// The codes, in the order in which Verify looks.
const (
	TooLarge    Code = "too-large"    // the token is longer than MaxToken
	Malformed   Code = "malformed"    // it is no signed JWT in compact form, or its header asks for what is not understood
	WrongIssuer Code = "wrong-issuer" // nobody by its `iss` is trusted here
	UnknownKey  Code = "unknown-key"  // it names no key, or one that its issuer does not have
	Unavailable Code = "unavailable"  // the issuer's keys cannot be had now: ask again later
	Algorithm   Code = "algorithm"    // its `alg` is not that of the key
	Signature   Code = "signature"    // the key has not signed this
	BadClaims   Code = "bad-claims"   // a claim is missing or of the wrong type
	BadGrant    Code = "bad-grant"    // the grant object does, or asks what this version does not know
	WrongTarget Code = "wrong-target" // its `aud` is somebody else
	Expired     Code = "expired"      // `exp` is over
	NotYet      Code = "not-yet"      // `nbf` or `iat` lies ahead
	TooLong     Code = "too-long"     // it would live longer than is allowed
	BadKey      Code = "bad-key"      // a key, or a set of them, cannot be used
)

// Error is what every function of this package fails with, but for those that read files. Its text is for the operator: it
// says what is wrong and with which claim or key, and never holds the token or a part of it that would be of use to others.
//
// An Error with the code Unavailable wraps context.DeadlineExceeded, whatever else was the matter: package signaling takes an
// Authorize that fails so for undecided, and has the client try again instead of sending it away for good.
type Error struct {
	Code Code
	Text string
}

func (e *Error) Error() string { return "token: " + e.Text }

// Unwrap makes what could not be decided look like what was not decided in time.
func (e *Error) Unwrap() error {
	if e.Code == Unavailable {
		return context.DeadlineExceeded
	}
	return nil
}

func errorf(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// quoted is what somebody else has written, fit for a line of a log: quoted, and short enough that it can be no token.
func quoted(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%q and %d bytes more", s[:most], len(s)-most)
	}
	return fmt.Sprintf("%q", s)
}
