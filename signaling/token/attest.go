package token

import (
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// PeerAudience is the `aud` of attestations, which no server has for a name: nothing is a join token and an attestation at a time.
const PeerAudience = "beckon-peer"

// attestationJSON is an attestation's claims.
type attestationJSON struct {
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	Confirm  *confirm `json:"cnf"`
}

// Attest makes an attestation: it says of a public key (32 bytes in base64url, as Claims.Key) that it is an identity's, to whoever knows
// the public half of the key that signs, whatever server is between. HS256 keys cannot make one, because who could check it could make it. The
// error is an *Error.
func Attest(key Key, identity, bound string, expires, now time.Time) (string, error) {
	switch {
	case key.Symmetric():
		return "", errorf(BadKey, "the key %s is for HS256: whoever can check what it signs can also sign, so use one for EdDSA or ES256", quoted(key.id))
	case !key.CanSign():
		return "", errorf(BadKey, "the key %s is public: it checks attestations, and its private part makes them", quoted(key.id))
	case identity == "" || len(identity) > MaxIdentity || !printable(identity):
		return "", errorf(BadClaims, "%s is no identity: 1 to %d bytes that can be printed", quoted(identity), MaxIdentity)
	case !protocol.ValidKey(bound):
		return "", errorf(BadClaims, "%s is no public key: 32 bytes in base64url without padding", quoted(bound))
	case !expires.After(now):
		return "", errorf(Expired, "it would end at %s, which is over", date(expires))
	}
	payload, err := json.Marshal(attestationJSON{identity, PeerAudience, now.Unix(), expires.Unix(), confirmOf(bound)})
	if err != nil {
		return "", errorf(BadClaims, "the claims cannot be written: %v", err)
	}
	text, err := key.seal(payload)
	if err == nil && len(text) > protocol.MaxAttestation {
		err = errorf(TooLarge, "the attestation would have %d bytes, and at most %d are passed on", len(text), protocol.MaxAttestation)
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

// seal signs a payload as a compact JWS whose header names the key.
func (k Key) seal(payload []byte) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: k.sign},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.id))
	if err != nil {
		return "", errorf(BadKey, "the key %s cannot sign: %v", quoted(k.id), err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", errorf(BadKey, "the key %s cannot sign: %v", quoted(k.id), err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		return "", errorf(BadKey, "the token cannot be written: %v", err)
	}
	return text, nil
}
