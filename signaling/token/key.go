package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Alg is how a key signs.
type Alg string

// The algorithms (RFC 7518, section 3.1, and RFC 8037, section 3.1). There is no RSA, whose signatures are longer than the rest
// of a token, and no `none`.
const (
	EdDSA Alg = "EdDSA" // Ed25519: small, fast, and no randomness to go wrong
	ES256 Alg = "ES256" // ECDSA on P-256: what most identity providers offer besides RSA
	HS256 Alg = "HS256" // HMAC-SHA256: whoever can check a token can also make one
)

const (
	// MaxKeyID is the longest `kid` in bytes.
	MaxKeyID = 128
	// minSecret is the shortest HS256 key in bytes (RFC 7518, section 3.2).
	minSecret = 32
	// maxSecret is the longest: beyond the hash's block a longer one adds nothing.
	maxSecret = 512
)

// Key is one key with its name and the one algorithm that it is for. It may be used by many goroutines at once. Printing it
// shows no secret.
type Key struct {
	id     string
	alg    Alg
	verify any // ed25519.PublicKey, *ecdsa.PublicKey or []byte
	sign   any // ed25519.PrivateKey, *ecdsa.PrivateKey or []byte; nil if the key can only verify
}

// NewKey makes a random key. The id is its `kid`.
func NewKey(alg Alg, id string) (Key, error) {
	k := Key{id: id, alg: alg}
	switch alg {
	case EdDSA:
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return Key{}, errorf(BadKey, "new key: %v", err)
		}
		k.verify, k.sign = public, private
	case ES256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return Key{}, errorf(BadKey, "new key: %v", err)
		}
		k.verify, k.sign = &private.PublicKey, private
	case HS256:
		secret := make([]byte, minSecret)
		rand.Read(secret) // never fails: crypto/rand crashes the program instead
		k.verify, k.sign = secret, secret
	default:
		return Key{}, errorf(BadKey, "new key: there is no algorithm %s: use EdDSA, ES256 or HS256", quoted(string(alg)))
	}
	return k, checkKeyID(id)
}

// ID is the key's name: `kid`.
func (k Key) ID() string { return k.id }

// Alg is the algorithm that the key is for.
func (k Key) Alg() Alg { return k.alg }

// CanSign tells a key that can make tokens from one that can only check them.
func (k Key) CanSign() bool { return k.sign != nil }

// Symmetric tells a key that has no public part.
func (k Key) Symmetric() bool { return k.alg == HS256 }

// Format shows the name and the algorithm, whatever the verb, so that no log or failed test prints a secret.
func (k Key) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "key %s (%s)", quoted(k.id), k.alg) }

func checkKeyID(id string) error {
	switch {
	case id == "":
		return errorf(BadKey, "a key has no `kid`: a token names its key by it")
	case len(id) > MaxKeyID || !printable(id):
		return errorf(BadKey, "the `kid` %s is longer than %d bytes or cannot be printed", quoted(id), MaxKeyID)
	}
	return nil
}

// keyOf makes a Key of a JWK that go-jose has read. The algorithm is that of the JWK or, where the type of key leaves no choice,
// that of its type; what a token says of it does not count.
func keyOf(jwk jose.JSONWebKey) (Key, error) {
	k := Key{id: jwk.KeyID}
	switch key := jwk.Key.(type) {
	case ed25519.PublicKey:
		k.alg, k.verify = EdDSA, key
	case ed25519.PrivateKey:
		k.alg, k.verify, k.sign = EdDSA, key.Public(), key
	case *ecdsa.PublicKey:
		k.alg, k.verify = ES256, key
	case *ecdsa.PrivateKey:
		k.alg, k.verify, k.sign = ES256, key.Public(), key
	case []byte:
		k.alg, k.verify, k.sign = HS256, key, key
	default:
		return Key{}, errorf(BadKey, "the key %s is of a type that signs no join tokens: use EdDSA, ES256 or HS256", quoted(k.id))
	}
	if err := checkKeyID(k.id); err != nil {
		return Key{}, err
	}
	if public, ok := k.verify.(*ecdsa.PublicKey); ok && public.Curve != elliptic.P256() {
		return Key{}, errorf(BadKey, "the key %s is on the curve %s: ES256 is P-256", quoted(k.id), public.Curve.Params().Name)
	}
	if secret, ok := k.verify.([]byte); ok && (len(secret) < minSecret || len(secret) > maxSecret) {
		return Key{}, errorf(BadKey, "the key %s has %d bytes: HS256 takes %d to %d", quoted(k.id), len(secret), minSecret, maxSecret)
	}
	if jwk.Algorithm != "" && jwk.Algorithm != string(k.alg) {
		return Key{}, errorf(BadKey, "the key %s says that it is for %s, but its type is for %s", quoted(k.id), quoted(jwk.Algorithm), k.alg)
	}
	if jwk.Use != "" && jwk.Use != "sig" {
		return Key{}, errorf(BadKey, "the key %s is for the use %s, not for signatures (`sig`)", quoted(k.id), quoted(jwk.Use))
	}
	return k, nil
}

// jwk is the key as it is written, with or without what signs.
func (k Key) jwk(private bool) jose.JSONWebKey {
	key := k.verify
	if private && k.sign != nil {
		key = k.sign
	}
	return jose.JSONWebKey{Key: key, KeyID: k.id, Algorithm: string(k.alg), Use: "sig"}
}

// mismatched tells an EC key whose halves do not belong together: a file that was edited by hand may make tokens that its own
// public half refuses. go-jose looks at that for Ed25519 only.
func (k Key) mismatched() bool {
	private, ok := k.sign.(*ecdsa.PrivateKey)
	if !ok {
		return false
	}
	// crypto/ecdh computes the public half anew.
	derived, err := private.ECDH()
	if err != nil {
		return true
	}
	public, err := private.PublicKey.ECDH()
	return err != nil || !derived.PublicKey().Equal(public)
}
