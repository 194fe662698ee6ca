package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
)

// Key is an identity of one's own: an Ed25519 key pair (RFC 8032). It does not print its private half.
type Key struct {
	private ed25519.PrivateKey
	public  PublicKey
}

// NewKey makes a key that lasts as long as the program. To keep one, there is OpenKeyFile.
func NewKey() *Key {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("identity: new key: " + err.Error()) // crypto/rand crashes the program instead of failing
	}
	return newKey(private)
}

func newKey(private ed25519.PrivateKey) *Key {
	return &Key{private: private, public: PublicKey(private.Public().(ed25519.PublicKey))}
}

// Public is the half of the key that others may know, and know its owner by.
func (k *Key) Public() PublicKey { return k.public }

// Format shows the public half, whatever the verb, so that no log or failed test prints the private one.
func (k *Key) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "the key of %s", k.public) }

// PublicKey is whom one verifies: the public half of a Key. Two of them are equal if and only if they are ==.
type PublicKey [ed25519.PublicKeySize]byte

// ParsePublicKey reads what String writes: 43 characters of base64url. There is one spelling of each key. Keys of small order are refused:
// anybody could sign for them.
func ParsePublicKey(text string) (PublicKey, error) {
	var k PublicKey
	if !decode(k[:], text) {
		return PublicKey{}, errorf(BadKey, "%.50q is not a public key: that is 32 bytes in base64url without padding, 43 characters", text)
	}
	if k.lowOrder() {
		return PublicKey{}, errorf(BadKey, "%s is a key of small order, for which anybody could sign", text)
	}
	return k, nil
}

// String is the key as it travels, and as people copy it.
func (k PublicKey) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// MarshalText writes String.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is ParsePublicKey.
func (k *PublicKey) UnmarshalText(text []byte) (err error) {
	*k, err = ParsePublicKey(string(text))
	return err
}

// Nonce is what one SDK object makes for itself, so that no proof from before it is good for it.
type Nonce [16]byte

// NewNonce makes a random one.
func NewNonce() (n Nonce) {
	rand.Read(n[:]) // never fails: crypto/rand crashes the program instead
	return n
}

// ParseNonce reads what String writes: 22 characters of base64url.
func ParseNonce(text string) (Nonce, error) {
	var n Nonce
	if !decode(n[:], text) {
		return Nonce{}, errorf(BadKey, "%.50q is not a nonce: that is 16 bytes in base64url without padding, 22 characters", text)
	}
	return n, nil
}

// String is the nonce as it travels.
func (n Nonce) String() string { return base64.RawURLEncoding.EncodeToString(n[:]) }

// Secret is what the two ends of a link know and its server does not: 128 random bits. The zero value is none.
type Secret [16]byte

// NewSecret makes a random one.
func NewSecret() (s Secret) {
	rand.Read(s[:])
	return s
}

// ParseSecret reads what String writes: 22 characters of base64url. It refuses the zero Secret, which would be none.
func ParseSecret(text string) (Secret, error) {
	var s Secret
	if !decode(s[:], text) || s.IsZero() {
		// Not quoted: what is almost a secret is most of one.
		return Secret{}, errorf(BadSecret, "that is not the secret of a link: 16 random bytes in base64url without padding, 22 characters")
	}
	return s, nil
}

// IsZero tells whether there is none.
func (s Secret) IsZero() bool { return subtle.ConstantTimeCompare(s[:], make([]byte, len(s))) == 1 }

// String is the secret itself, for links: do not log it.
func (s Secret) String() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

// decode fills to from the one base64url, without padding, of exactly so many bytes. encoding/base64 reads over line breaks, which the
// length finds out.
func decode(to []byte, text string) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(len(to)) {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && copy(to, b) == len(to) && len(b) == len(to)
}
