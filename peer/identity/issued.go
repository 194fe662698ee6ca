package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// AttestationAudience is the `aud` of attestations. It is no server's name, so that neither a join token passes for one nor the
// other way round.
const AttestationAudience = "beckon-peer"

// maxIssuerKeys is how many keys an issuer may have: those of now, and those before and after.
const maxIssuerKeys = 64

// Issued trusts the keys of which one of the issuers says that they are the identity's, by an attestation that the peer shows: a compact
// JWS whose claims name the identity (`sub`), the key (`cnf`, RFC 7800), an end (`exp`) and AttestationAudience. keys is a JSON Web Key Set
// with the issuers' public keys for EdDSA and ES256, as `beckon keys public` writes it; a private or symmetric key in it is an error.
//
// With it, the server's word for who somebody is counts no more than that it must be the same as the issuer's.
func Issued(keys []byte) (Trust, error) {
	set, err := parseIssuers(keys)
	if err != nil {
		return nil, err
	}
	return TrustFunc(func(_ context.Context, c Claim) error { return set.attests(c, time.Now()) }), nil
}

// issuers are public keys by their `kid`.
type issuers map[string]issuer

type issuer struct {
	alg    string
	verify func(message, signature []byte) bool
}

func parseIssuers(text []byte) (issuers, error) {
	var file struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Keys) == 0 || len(file.Keys) > maxIssuerKeys {
		return nil, errorf(BadKey, "the issuer's keys are not a JSON Web Key Set of 1 to %d keys, as `beckon keys public` writes it", maxIssuerKeys)
	}
	set := issuers{}
	for _, jwk := range file.Keys {
		kid, i, err := parseIssuer(jwk)
		if err != nil {
			return nil, err
		}
		if _, twice := set[kid]; twice {
			return nil, errorf(BadKey, "the issuer's keys have two with the kid %.80q", kid)
		}
		set[kid] = i
	}
	return set, nil
}

func parseIssuer(jwk map[string]json.RawMessage) (kid string, i issuer, err error) {
	kid = textOf(jwk, "kid")
	_, private := jwk["d"]
	_, symmetric := jwk["k"]
	x, _ := base64.RawURLEncoding.Strict().DecodeString(textOf(jwk, "x"))
	y, _ := base64.RawURLEncoding.Strict().DecodeString(textOf(jwk, "y"))
	switch form := textOf(jwk, "kty") + " " + textOf(jwk, "crv"); {
	case kid == "":
		return "", issuer{}, errorf(BadKey, "an issuer's key has no kid")
	case private || symmetric:
		return "", issuer{}, errorf(BadKey, "the issuer's key %.80q is not public: with it, whoever checks attestations could make them", kid)
	case form == "OKP Ed25519" && len(x) == ed25519.PublicKeySize && PublicKey(x).lowOrder():
		return "", issuer{}, errorf(BadKey, "the issuer's key %.80q is of small order: anybody could sign with it", kid)
	case form == "OKP Ed25519" && len(x) == ed25519.PublicKeySize:
		return kid, issuer{"EdDSA", func(message, signature []byte) bool {
			return len(signature) == ed25519.SignatureSize && ed25519.Verify(x, message, signature)
		}}, nil
	case form == "EC P-256" && len(x) == 32 && len(y) == 32:
		point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil {
			return "", issuer{}, errorf(BadKey, "the issuer's key %.80q is no point of P-256", kid)
		}
		return kid, issuer{"ES256", func(message, signature []byte) bool {
			sum := sha256.Sum256(message)
			return len(signature) == 64 && // RFC 7518, section 3.4: R and S, 32 bytes each
				ecdsa.Verify(point, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
		}}, nil
	}
	return "", issuer{}, errorf(BadKey, "the issuer's key %.80q is neither of Ed25519 nor of P-256", kid)
}

// attests checks the claim's attestation. All errors are of the reason BadAttestation.
func (set issuers) attests(c Claim, now time.Time) error {
	if c.Identity == "" {
		return errorf(BadAttestation, "the peer is anonymous, and an attestation is for somebody")
	}
	if c.Attestation == "" {
		return errorf(BadAttestation, "%q shows no attestation for its key", c.Identity)
	}
	claims, err := set.open(c.Attestation)
	if err != nil {
		return err
	}
	exp, okExp := dateOf(claims, "exp")
	nbf, okNbf := dateOf(claims, "nbf")
	_, hasNbf := claims["nbf"]
	switch {
	case !audienceIs(claims["aud"]):
		return errorf(BadAttestation, "the attestation of %q is not for %q (`aud`)", c.Identity, AttestationAudience)
	case textOf(claims, "sub") != c.Identity:
		return errorf(BadAttestation, "the attestation is for %.80q, and the server says that the peer is %.80q", textOf(claims, "sub"), c.Identity)
	case !okExp || hasNbf && !okNbf:
		return errorf(BadAttestation, "the attestation of %q does not say until when it is good (`exp`)", c.Identity)
	case !now.Before(exp.Add(ClockSkew)):
		return errorf(BadAttestation, "the attestation of %q expired at %s", c.Identity, exp.UTC().Format(time.RFC3339))
	case hasNbf && now.Add(ClockSkew).Before(nbf):
		return errorf(BadAttestation, "the attestation of %q is good from %s on", c.Identity, nbf.UTC().Format(time.RFC3339))
	case boundKey(claims["cnf"]) != c.Key.String():
		return errorf(BadAttestation, "the attestation of %q is for another key than the peer's, which is %s", c.Identity, c.Key)
	}
	return nil
}

// open checks the signature of a compact JWS (RFC 7515, section 5.2) and returns its claims. Its header chooses a key and nothing else.
func (set issuers) open(jws string) (map[string]json.RawMessage, error) {
	parts := strings.Split(jws, ".")
	if len(jws) > protocol.MaxAttestation || len(parts) != 3 || strings.ContainsAny(jws, "\r\n") {
		return nil, errorf(BadAttestation, "the attestation is not a compact JWS of at most %d bytes", protocol.MaxAttestation)
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, errorf(BadAttestation, "the attestation is not base64url without padding")
		}
	}
	var header, claims map[string]json.RawMessage
	if json.Unmarshal(raw[0], &header) != nil || json.Unmarshal(raw[1], &claims) != nil {
		return nil, errorf(BadAttestation, "the attestation's header or claims are no JSON object")
	}
	for _, name := range []string{"crit", "b64"} {
		if _, ok := header[name]; ok { // RFC 7515, section 4.1.11: what is critical and not understood must be refused
			return nil, errorf(BadAttestation, "the attestation's header has %q, which is not understood here", name)
		}
	}
	issuer, ok := set[textOf(header, "kid")]
	switch {
	case !ok:
		return nil, errorf(BadAttestation, "the attestation is by the key %.80q, which is no issuer's", textOf(header, "kid"))
	case textOf(header, "alg") != issuer.alg:
		return nil, errorf(BadAttestation, "the attestation says that it is signed with %.20q, and the issuer's key is for %s", textOf(header, "alg"), issuer.alg)
	case !issuer.verify([]byte(parts[0]+"."+parts[1]), raw[2]):
		return nil, errorf(BadAttestation, "the issuer's key %.80q has not signed this attestation", textOf(header, "kid"))
	}
	return claims, nil
}

// textOf is a member that is a string; "" if it is none. The names are exact, which those of a struct's fields would not be.
func textOf(object map[string]json.RawMessage, name string) string {
	var s *string
	if json.Unmarshal(object[name], &s) != nil || s == nil {
		return ""
	}
	return *s
}

// dateOf is a NumericDate (RFC 7519, section 2), in whole seconds.
func dateOf(object map[string]json.RawMessage, name string) (time.Time, bool) {
	var seconds *float64
	if json.Unmarshal(object[name], &seconds) != nil || seconds == nil || !(*seconds >= 0 && *seconds <= protocol.MaxNumber) {
		return time.Time{}, false
	}
	return time.Unix(int64(*seconds), 0), true
}

// audienceIs tells whether `aud` is, or has, AttestationAudience.
func audienceIs(raw json.RawMessage) bool {
	var one string
	var many []string
	return json.Unmarshal(raw, &one) == nil && one == AttestationAudience ||
		json.Unmarshal(raw, &many) == nil && slices.Contains(many, AttestationAudience)
}

// boundKey is the key that `cnf` names (RFC 7800, section 3.2); "" if it names none of Ed25519.
func boundKey(raw json.RawMessage) string {
	var cnf, jwk map[string]json.RawMessage
	if json.Unmarshal(raw, &cnf) != nil || json.Unmarshal(cnf["jwk"], &jwk) != nil {
		return ""
	}
	if textOf(jwk, "kty") != "OKP" || textOf(jwk, "crv") != "Ed25519" {
		return ""
	}
	return textOf(jwk, "x")
}
