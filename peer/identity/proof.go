package identity

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	// ProofLife is for how long a proof is good: as long as a description may be on its way to a peer that is away.
	ProofLife = 10 * time.Minute
	// ClockSkew is by how much the clocks of the two sides may differ.
	ClockSkew = 2 * time.Minute
)

const secretLabel = "beckon/1 capability-link\x00"

// Sign makes the proof of a binding, whose NotAfter is set to ProofLife from now. Without a secret there is no MAC.
func Sign(key *Key, secret Secret, b Binding, now time.Time) protocol.Proof {
	b.NotAfter = now.Add(ProofLife)
	message := b.Bytes()
	proof := protocol.Proof{
		NotAfter:  b.NotAfter.Unix(),
		Signature: base64.RawURLEncoding.EncodeToString(ed25519.Sign(key.private, message)),
	}
	if !secret.IsZero() {
		proof.MAC = base64.RawURLEncoding.EncodeToString(secret.mac(message))
	}
	return proof
}

// Verify checks the proof of a binding as this side knows it: Self is the other side, whose proof it is, and Other is this one. The
// binding's NotAfter is the proof's. With a secret there must be a MAC; without, one is not looked at.
//
// The error is an *Error with one of the reasons NoProof, BadProof, Expired, TooFarAhead, BadSignature, NoMAC and BadMAC, looked for in
// this order.
func Verify(proof *protocol.Proof, secret Secret, b Binding, now time.Time) error {
	if proof == nil {
		return errNoProof
	}
	var signature [ed25519.SignatureSize]byte
	if !decode(signature[:], proof.Signature) || proof.NotAfter < 0 || proof.NotAfter > protocol.MaxNumber {
		return errorf(BadProof, "the peer's proof is not of the documented form")
	}
	var mac [sha256.Size]byte
	if proof.MAC != "" && !decode(mac[:], proof.MAC) {
		return errorf(BadProof, "the peer's proof has a mac that is not of the documented form")
	}
	b.NotAfter = time.Unix(proof.NotAfter, 0)
	switch left := proof.NotAfter - now.Unix(); {
	case left < -int64(ClockSkew/time.Second):
		return errorf(Expired, "the peer's proof ended %d s ago: it is an old one, or one of the two clocks is wrong", -left)
	case left > int64((ProofLife+ClockSkew)/time.Second):
		return errorf(TooFarAhead, "the peer's proof is good for another %d s, and at most %d are allowed: one of the two clocks is wrong",
			left, int64((ProofLife+ClockSkew)/time.Second))
	}
	message := b.Bytes()
	if b.Self.Key.lowOrder() || !ed25519.Verify(b.Self.Key[:], message, signature[:]) {
		return errorf(BadSignature, "the key that the peer shows has not signed this connection: somebody is between the two, or it is not who it says")
	}
	switch {
	case secret.IsZero():
		return nil
	case proof.MAC == "":
		return errorf(NoMAC, "the peer does not know the secret of the link: it joined without it")
	case !hmac.Equal(mac[:], secret.mac(message)):
		return errorf(BadMAC, "the peer has another link: the secret behind the # differs, or somebody is between the two")
	}
	return nil
}

// VerifyDescription checks a description of the other side and the proof beside it, as Verify does, and returns the fingerprint that is
// proven: the one that the SDP names, which is to be that of the certificate that DTLS will use. The error may also be of the reason BadDescription.
func VerifyDescription(sdp string, proof *protocol.Proof, secret Secret, b Binding, now time.Time) (Fingerprint, error) {
	if proof == nil { // before all: what somebody says who proves nothing is of no interest
		return Fingerprint{}, errNoProof
	}
	var err error
	if b.Fingerprint, err = FingerprintIn(sdp); err != nil {
		return Fingerprint{}, err
	}
	if err := Verify(proof, secret, b, now); err != nil {
		return Fingerprint{}, err
	}
	return b.Fingerprint, nil
}

var errNoProof = errorf(NoProof, "the peer's description comes without a proof: it has joined without the secret of the link, or without an identity")

// mac is HMAC-SHA-256 under the key that HKDF (RFC 5869) makes of the secret.
func (s Secret) mac(message []byte) []byte {
	key, err := hkdf.Key(sha256.New, s[:], nil, secretLabel, sha256.Size)
	if err != nil {
		panic("identity: hkdf: " + err.Error()) // only for keys of more than 8,160 bytes
	}
	m := hmac.New(sha256.New, key)
	m.Write(message)
	return m.Sum(nil)
}
