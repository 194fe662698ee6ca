package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Fingerprint is the SHA-256 of a certificate in DER.
type Fingerprint [sha256.Size]byte

const fingerprintLine = "a=fingerprint:sha-256 "

// FingerprintIn returns the one fingerprint that an SDP names (RFC 8122, section 5). The error is an *Error of the reason BadDescription.
//
// An attribute may be there for the session and again for each section, if it is the same. Of everything else that looks like
// one, nothing is passed over: wherever the letters "fingerprint" are, in whatever case, there must be a whole line of this form, with
// sha-256. Whatever a browser's parser makes of odd line ends or spaces, it finds no other fingerprint than the one returned here.
func FingerprintIn(sdp string) (Fingerprint, error) {
	var found Fingerprint
	lines := 0
	for line := range strings.SplitSeq(sdp, "\n") {
		value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r"), fingerprintLine)
		if !ok {
			continue
		}
		f, ok := parseFingerprint(value)
		if !ok {
			return Fingerprint{}, errorf(BadDescription, "the peer's description has a fingerprint that is not 32 bytes in hex")
		}
		if lines > 0 && f != found {
			return Fingerprint{}, errorf(BadDescription, "the peer's description has more than one fingerprint")
		}
		found = f
		lines++
	}
	switch all := strings.Count(lower(sdp), "fingerprint"); {
	case all > lines:
		return Fingerprint{}, errorf(BadDescription, "the peer's description has a fingerprint that is not sha-256, or not in a line of its own")
	case lines == 0:
		return Fingerprint{}, errorf(BadDescription, "the peer's description has no fingerprint")
	}
	return found, nil
}

// parseFingerprint reads 32 bytes of hex in pairs with colons between them.
func parseFingerprint(s string) (f Fingerprint, ok bool) {
	if len(s) != 3*len(f)-1 {
		return f, false
	}
	for i := range f {
		if i > 0 && s[3*i-1] != ':' {
			return f, false
		}
		if _, err := hex.Decode(f[i:i+1], []byte(s[3*i:3*i+2])); err != nil {
			return f, false
		}
	}
	return f, true
}

// lower is strings.ToLower of ASCII alone: no letter of another alphabet becomes one of ours.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Matches tells whether it is the fingerprint of a certificate in DER: of the one that DTLS has really used. The error is an *Error of the
// reason OtherCertificate.
func (f Fingerprint) Matches(der []byte) error {
	sum := sha256.Sum256(der)
	if len(der) == 0 || !hmac.Equal(sum[:], f[:]) {
		return errorf(OtherCertificate, "the connection uses another certificate than the one that the peer has signed")
	}
	return nil
}
