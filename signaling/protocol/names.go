package protocol

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// MaxName is the longest room name, peer id or instance in bytes.
const MaxName = 64

// MaxNumber is the largest n, id or position: the largest integer that a JavaScript number holds exactly.
const MaxNumber = 1<<53 - 1

// MaxOpening is the longest time that a report may name, in milliseconds: a day.
const MaxOpening = 24 * 60 * 60 * 1000

// ValidRoom tells whether s may name a room: 1 to 64 ASCII letters, digits and . _ ~ - (the characters that a URL path needs
// not escape, RFC 3986 section 2.3), the first a letter or digit.
func ValidRoom(s string) bool {
	if len(s) == 0 || len(s) > MaxName || !alphanumeric(s[0]) {
		return false
	}
	for i := range len(s) {
		if !alphanumeric(s[i]) && !strings.ContainsRune("._~-", rune(s[i])) {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// ValidInstance tells whether s is an instance or epoch: 16 lower-case hex digits.
func ValidInstance(s string) bool {
	if len(s) != 16 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// MaxAttestation is the longest attestation of a key in bytes.
const MaxAttestation = 2048

// ValidKey tells whether s is an Ed25519 public key as the wire has it: 32 bytes in base64url without padding, 43 characters, and of
// the spellings that some decoders accept the one whose unused bits are zero. Whether the bytes are a point of the curve is for who verifies.
func ValidKey(s string) bool { return canonical(s, 32) }

// ValidNonce tells whether s is a nonce: 16 bytes in base64url without padding, 22 characters.
func ValidNonce(s string) bool { return canonical(s, 16) }

// canonical tells whether s is the one base64url of that many bytes. encoding/base64 passes over line breaks, so the length counts too.
func canonical(s string, size int) bool {
	if len(s) != base64.RawURLEncoding.EncodedLen(size) {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == size
}

// ValidAttestation tells whether s has the form of a compact JWS (RFC 7515, section 7.1): three parts of base64url with dots between
// them, at most MaxAttestation bytes. What they say is for the members.
func ValidAttestation(s string) bool {
	if len(s) > MaxAttestation || strings.Count(s, ".") != 2 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return r > 'z' || !alphanumeric(byte(r)) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

// NewInstance makes a random instance, and likewise a random epoch.
func NewInstance() string {
	var b [8]byte
	rand.Read(b[:]) // never fails: crypto/rand crashes the program instead
	return hex.EncodeToString(b[:])
}

// NewPeer makes a random peer id: 26 lower-case letters and digits, 128 bits.
func NewPeer() string { return strings.ToLower(rand.Text()) }
