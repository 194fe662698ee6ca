package identity

import "fmt"

// Reason says, for programs, why something is not proven. Both SDKs say the same.
type Reason string

// The reasons.
const (
	// BadKey: what should be a key or a nonce is not.
	BadKey Reason = "bad-key"
	// BadSecret: what should be the secret of a link is not.
	BadSecret Reason = "bad-secret"
	// BadFile: the key file or the store cannot be used.
	BadFile Reason = "bad-file"
	// NoKey: the peer shows no key, so it can prove nothing.
	NoKey Reason = "no-key"
	// NoProof: there is no proof beside the description.
	NoProof Reason = "no-proof"
	// BadProof: the proof does not have the form that it must have.
	BadProof Reason = "bad-proof"
	// BadDescription: the description does not name exactly one fingerprint of SHA-256.
	BadDescription Reason = "bad-description"
	// BadSignature: the peer's key has not signed this.
	BadSignature Reason = "bad-signature"
	// NoMAC: there is a secret on this side, and the proof has nothing of it.
	NoMAC Reason = "no-mac"
	// BadMAC: the other side has another secret.
	BadMAC Reason = "bad-mac"
	// Expired and TooFarAhead: the proof is too old, or good for too long; or a clock is wrong.
	Expired     Reason = "expired"
	TooFarAhead Reason = "too-far-ahead"
	// OtherCertificate: DTLS has used another certificate than the one that was proven.
	OtherCertificate Reason = "other-certificate"
	// NotPinned: the key is none of those that are trusted.
	NotPinned Reason = "not-pinned"
	// Changed: the identity had another key before.
	Changed Reason = "changed"
	// BadAttestation: no issuer says that the key is the identity's.
	BadAttestation Reason = "bad-attestation"
	// Refused: it was the other side that refused this one, for a reason that it keeps to itself.
	Refused Reason = "refused"
)

// Error is why something is not proven.
type Error struct {
	Reason Reason
	// Text says it to people.
	Text string
}

func errorf(reason Reason, format string, args ...any) *Error {
	return &Error{reason, fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return "identity: " + string(e.Reason) + ": " + e.Text }

// Is makes errors.Is(err, &Error{Reason: r}) true for every error of that reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason && (t.Text == "" || t.Text == e.Text)
}
