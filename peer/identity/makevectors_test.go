package identity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

var update = flag.Bool("update", false, "write testdata/vectors.json")

// vectorsNow is the time of all vectors: 2026-01-01.
const vectorsNow = 1767225600

func fromSeed(seed []byte) *Key { return newKey(ed25519.NewKeyFromSeed(seed)) }

// someone is an end whose key, nonce and certificate follow from a letter.
type someone struct {
	End
	seed        []byte
	key         *Key
	fingerprint Fingerprint
}

func of(name string) someone {
	seed := sha256.Sum256([]byte("the key of " + name))
	nonce := sha256.Sum256([]byte("the nonce of " + name))
	key := fromSeed(seed[:])
	return someone{
		End:  End{Peer: strings.Repeat(name, 9)[:26], Key: key.Public(), Nonce: Nonce(nonce[:16])},
		seed: seed[:], key: key, fingerprint: sha256.Sum256(certificateOf(name)),
	}
}

func certificateOf(name string) []byte { return []byte("the certificate of " + name) }

func (s someone) vector() endVector {
	return endVector{s.Peer, s.Key.String(), s.Nonce.String()}
}

func line(f Fingerprint) string {
	pairs := make([]string, len(f))
	for i, b := range f {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return "a=fingerprint:sha-256 " + strings.Join(pairs, ":")
}

// sdpWith is the frame of a data channel's description with lines at the session's level and at that of its section.
func sdpWith(session, media []string) string {
	lines := []string{"v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0"}
	lines = append(lines, session...)
	lines = append(lines, "a=group:BUNDLE 0", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd")
	lines = append(lines, media...)
	lines = append(lines, "a=setup:actpass", "a=mid:0", "a=sctp-port:5000")
	return strings.Join(lines, "\r\n") + "\r\n"
}

func makeVectors(t *testing.T) vectors {
	v := vectors{About: "Proofs, descriptions and attestations for all implementations of peer/identity: see its README.md. Written by " +
		"`go test -run TestTheVectorsAreThoseOfThisCode ./peer/identity -update`."}
	v.proofs(t)
	v.descriptions()
	v.rest()
	v.attestations(t)
	return v
}

func (v *vectors) proofs(t *testing.T) {
	ada, bob, eve := of("ada"), of("bob"), of("eve")
	secret := Secret(ada.seed[:16])
	now := time.Unix(vectorsNow, 0)
	sdp := sdpWith([]string{line(bob.fingerprint)}, nil)
	answer := Binding{Role: Answerer, Room: "tea", Self: bob.End, Other: ada.End, Fingerprint: bob.fingerprint}
	vector := func(name string, b Binding, secret Secret, sdp string, proof *protocol.Proof) proofVector {
		p := proofVector{
			Name: name, Role: b.Role, Room: b.Room, Self: someone{End: b.Self}.vector(), Other: someone{End: b.Other}.vector(),
			SDP: sdp, Now: vectorsNow, Proof: proof,
		}
		if !secret.IsZero() {
			p.Secret = secret.String()
		}
		return p
	}
	good := func(name string, by someone, b Binding, secret Secret, sdp string, late int64) {
		proof := Sign(by.key, secret, b, now)
		b.NotAfter = now.Add(ProofLife)
		p := vector(name, b, secret, sdp, &proof)
		p.Seed, p.Binding, p.Now = hex.EncodeToString(by.seed), hex.EncodeToString(b.Bytes()), vectorsNow+late
		v.Proofs = append(v.Proofs, p)
	}
	offer := Binding{Role: Offerer, Room: "tea", Self: ada.End, Other: bob.End, Fingerprint: ada.fingerprint}
	good("an offer", ada, offer, Secret{}, sdpWith([]string{line(ada.fingerprint)}, nil), 0)
	good("an answer", bob, answer, Secret{}, sdp, 1)
	good("with a secret", bob, answer, secret, sdp, 2)
	good("at its last moment", bob, answer, secret, sdp, 600+120)
	good("by a clock that is ahead", bob, answer, secret, sdp, -120)
	long := answer
	long.Room, long.Self.Peer = strings.Repeat("r", 64), strings.Repeat("p", 64)
	good("with names as long as they may be", bob, long, secret, sdp, 0)
	good("with one key on both sides", ada, Binding{Role: Offerer, Room: "r", Self: ada.End, Other: End{"x", ada.Key, bob.Nonce},
		Fingerprint: ada.fingerprint}, secret, sdpWith(nil, []string{line(ada.fingerprint)}), 0)

	bad := func(name string, reason Reason, change func(p *proofVector)) {
		proof := Sign(bob.key, secret, answer, now)
		p := vector(name, answer, secret, sdp, &proof)
		p.Reason = reason
		change(&p)
		v.Refused = append(v.Refused, p)
	}
	signs := func(by someone, change func(b *Binding)) func(p *proofVector) {
		return func(p *proofVector) {
			b := answer
			change(&b)
			*p.Proof = Sign(by.key, secret, b, now)
		}
	}
	flip := func(text string, at int) string { // another text of the same form
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		raw[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	bad("no proof", NoProof, func(p *proofVector) { p.Proof = nil })
	bad("an empty signature", BadProof, func(p *proofVector) { p.Proof.Signature = "" })
	bad("a truncated signature", BadProof, func(p *proofVector) { p.Proof.Signature = p.Proof.Signature[:85] })
	bad("a padded signature", BadProof, func(p *proofVector) { p.Proof.Signature += "==" })
	bad("a signature with stray bits", BadProof, func(p *proofVector) { p.Proof.Signature = p.Proof.Signature[:85] + "_" })
	bad("a signature in plain base64", BadProof, func(p *proofVector) { p.Proof.Signature = "+" + p.Proof.Signature[1:] })
	bad("a signature with a line feed", BadProof, func(p *proofVector) { p.Proof.Signature = p.Proof.Signature[:85] + "\n" })
	bad("a negative end", BadProof, func(p *proofVector) { p.Proof.NotAfter = -1 })
	bad("a truncated mac", BadProof, func(p *proofVector) { p.Proof.MAC = p.Proof.MAC[:42] })
	bad("the first bit of the signature", BadSignature, func(p *proofVector) { p.Proof.Signature = flip(p.Proof.Signature, 0) })
	bad("the last byte of the signature", BadSignature, func(p *proofVector) { p.Proof.Signature = flip(p.Proof.Signature, 63) })
	bad("a signature of zeros", BadSignature, func(p *proofVector) { p.Proof.Signature = strings.Repeat("A", 86) })
	bad("another end", BadSignature, func(p *proofVector) { p.Proof.NotAfter++ })
	bad("expired", Expired, func(p *proofVector) { p.Now = vectorsNow + 600 + 121 })
	bad("too far ahead", TooFarAhead, func(p *proofVector) { p.Now = vectorsNow - 121 })
	bad("good for a year", TooFarAhead, func(p *proofVector) { p.Proof.NotAfter = vectorsNow + 365*86400 })
	bad("the offerer's own proof, sent back", BadSignature, func(p *proofVector) { *p.Proof = Sign(ada.key, secret, offer, now) })
	bad("the offerer's own proof, of the own description", BadSignature, func(p *proofVector) {
		*p.Proof, p.SDP = Sign(ada.key, secret, offer, now), sdpWith([]string{line(ada.fingerprint)}, nil)
	})
	bad("signed as the offerer", BadSignature, signs(bob, func(b *Binding) { b.Role = Offerer }))
	bad("of another room", BadSignature, signs(bob, func(b *Binding) { b.Room = "coffee" }))
	bad("under another peer id", BadSignature, signs(bob, func(b *Binding) { b.Self.Peer = eve.Peer }))
	bad("for another peer id", BadSignature, signs(bob, func(b *Binding) { b.Other.Peer = eve.Peer }))
	bad("names that run into each other", BadSignature, signs(bob, func(b *Binding) { b.Room, b.Self.Peer = b.Room+b.Self.Peer[:1], b.Self.Peer[1:] }))
	bad("of another key", BadSignature, signs(eve, func(b *Binding) {}))
	bad("of another key, that names itself", BadSignature, signs(eve, func(b *Binding) { b.Self.Key = eve.Key }))
	bad("for another key", BadSignature, signs(bob, func(b *Binding) { b.Other.Key = eve.Key }))
	bad("the keys exchanged", BadSignature, signs(bob, func(b *Binding) { b.Self.Key, b.Other.Key = b.Other.Key, b.Self.Key }))
	bad("an own nonce of before", BadSignature, signs(bob, func(b *Binding) { b.Self.Nonce = eve.Nonce }))
	bad("replayed to another instance", BadSignature, signs(bob, func(b *Binding) { b.Other.Nonce = eve.Nonce }))
	bad("a key that is swapped in the member list", BadSignature, func(p *proofVector) { p.Self.Key = eve.Key.String() })
	bad("a nonce that is swapped in the member list", BadSignature, func(p *proofVector) { p.Self.Nonce = eve.Nonce.String() })
	bad("all of another peer, with the right secret", BadSignature, func(p *proofVector) {
		b := answer
		b.Self.Key = eve.Key
		*p.Proof = Sign(eve.key, secret, b, now)
	})
	bad("a key of order 1, for which this signature is good whatever is signed", BadSignature, func(p *proofVector) {
		one := make([]byte, 64)
		one[0] = 1 // R is the neutral element, and S is 0: S·B = R + h·A
		p.Self.Key, p.Proof.Signature = PublicKey(one[:32]).String(), base64.RawURLEncoding.EncodeToString(one)
	})
	bad("another certificate", BadSignature, func(p *proofVector) { p.SDP = sdpWith([]string{line(eve.fingerprint)}, nil) })
	bad("a bit of the fingerprint", BadSignature, func(p *proofVector) {
		f := bob.fingerprint
		f[31] ^= 1
		p.SDP = sdpWith([]string{line(f)}, nil)
	})
	bad("two fingerprints", BadDescription, func(p *proofVector) {
		p.SDP = sdpWith([]string{line(bob.fingerprint), line(eve.fingerprint)}, nil)
	})
	bad("a second fingerprint in the section", BadDescription, func(p *proofVector) {
		p.SDP = sdpWith([]string{line(bob.fingerprint)}, []string{line(eve.fingerprint)})
	})
	bad("a fingerprint of SHA-1 beside it", BadDescription, func(p *proofVector) {
		p.SDP = sdpWith([]string{line(bob.fingerprint), "a=fingerprint:sha-1 " + strings.Repeat("AB:", 19) + "AB"}, nil)
	})
	bad("no mac", NoMAC, func(p *proofVector) { p.Proof.MAC = "" })
	bad("a bit of the mac", BadMAC, func(p *proofVector) { p.Proof.MAC = flip(p.Proof.MAC, 0) })
	bad("the mac of another secret", BadMAC, func(p *proofVector) { *p.Proof = Sign(bob.key, Secret(eve.seed[:16]), answer, now) })
	bad("the mac of another proof", BadMAC, func(p *proofVector) { p.Proof.MAC = Sign(ada.key, secret, offer, now).MAC })
	bad("a key of its own and no secret", BadMAC, func(p *proofVector) { // a server in the middle of a link
		p.Self.Key = eve.Key.String()
		b := answer
		b.Self.Key, b.Fingerprint = eve.Key, eve.fingerprint
		*p.Proof = Sign(eve.key, Secret(eve.seed[:16]), b, now)
		p.SDP = sdpWith([]string{line(eve.fingerprint)}, nil)
	})
}

func (v *vectors) descriptions() {
	f := of("bob").fingerprint
	bob, eve := line(f), line(of("eve").fingerprint)
	good := func(name, sdp string) {
		v.Descriptions = append(v.Descriptions, descriptionVector{Name: name, SDP: sdp, Fingerprint: hex.EncodeToString(f[:])})
	}
	bad := func(name, sdp string) {
		v.Descriptions = append(v.Descriptions, descriptionVector{Name: name, SDP: sdp, Reason: BadDescription})
	}
	good("for the session", sdpWith([]string{bob}, nil))
	good("in the section", sdpWith(nil, []string{bob}))
	good("in both", sdpWith([]string{bob}, []string{bob}))
	good("in small letters", sdpWith([]string{"a=fingerprint:sha-256 " + strings.ToLower(bob[22:])}, []string{bob}))
	good("with line feeds alone", strings.ReplaceAll(sdpWith([]string{bob}, nil), "\r\n", "\n"))
	good("without an end of the last line", bob)
	bad("none", sdpWith(nil, nil))
	bad("nothing", "")
	bad("two", sdpWith([]string{bob, eve}, nil))
	bad("one for the session and another in the section", sdpWith([]string{bob}, []string{eve}))
	bad("SHA-1 alone", sdpWith([]string{"a=fingerprint:sha-1 " + strings.Repeat("AB:", 19) + "AB"}, nil))
	bad("SHA-1 as well", sdpWith([]string{bob}, []string{"a=fingerprint:sha-1 " + strings.Repeat("AB:", 19) + "AB"}))
	bad("SHA-512 as well", sdpWith([]string{bob}, []string{"a=fingerprint:sha-512 " + strings.Repeat("AB:", 63) + "AB"}))
	bad("SHA-256 in capitals", sdpWith([]string{strings.Replace(bob, "sha-256", "SHA-256", 1)}, nil))
	bad("31 bytes", sdpWith([]string{bob[:len(bob)-3]}, nil))
	bad("33 bytes", sdpWith([]string{bob + ":00"}, nil))
	bad("no colons", sdpWith([]string{bob[:22] + strings.ReplaceAll(bob[22:], ":", "")}, nil))
	bad("no hex", sdpWith([]string{bob[:len(bob)-1] + "G"}, nil))
	bad("a space behind it", sdpWith([]string{bob + " "}, nil))
	bad("two spaces", sdpWith([]string{strings.Replace(bob, " ", "  ", 1)}, nil))
	bad("a tab", sdpWith([]string{strings.Replace(bob, " ", "\t", 1)}, nil))
	bad("a space before it", sdpWith([]string{bob, " " + eve}, nil))
	bad("in capitals as well", sdpWith([]string{bob, "a=FINGERPRINT:" + eve[14:]}, nil))
	bad("all in capitals as well", sdpWith([]string{bob, strings.ToUpper(eve)}, nil))
	bad("with spaces around the sign as well", sdpWith([]string{bob, "a= fingerprint:" + eve[14:]}, nil))
	bad("behind a carriage return", sdpWith([]string{bob, "a=x\r" + eve}, nil))
	bad("behind two carriage returns", sdpWith([]string{bob + "\r"}, nil))
	bad("behind a NUL", sdpWith([]string{bob, "a=x\x00" + eve}, nil))
	bad("behind a line separator", sdpWith([]string{bob, "a=x\u2028" + eve}, nil))
	bad("in another attribute", sdpWith([]string{bob, "a=ssrc:1 fingerprint:sha-256 AB"}, nil))
	bad("in the session's name", strings.Replace(sdpWith([]string{bob}, nil), "s=-", "s=fingerprint", 1))
}

func (v *vectors) rest() {
	ada, bob, eve := of("ada"), of("bob"), of("eve")
	for _, name := range []string{"ada", "bob"} {
		f := of(name).fingerprint
		v.Certificates = append(v.Certificates, certificateVector{
			base64.StdEncoding.EncodeToString(certificateOf(name)), hex.EncodeToString(f[:]),
		})
	}
	for _, pair := range [][2]PublicKey{{ada.Key, bob.Key}, {bob.Key, ada.Key}, {ada.Key, eve.Key}, {ada.Key, ada.Key}, {{31: 1}, PublicKey(bytes.Repeat([]byte{0xff}, 32))}} {
		v.Safety = append(v.Safety, safetyVector{pair[0].String(), pair[1].String(), SafetyNumber(pair[0], pair[1])})
	}
	for kind, text := range map[string]string{"key": ada.Key.String(), "nonce": ada.Nonce.String(), "secret": Secret(ada.seed[:16]).String()} {
		end := len(text) - 1
		v.Texts = append(v.Texts, []textVector{
			{"a " + kind, kind, text, true},
			{"an empty " + kind, kind, "", false},
			{"a short " + kind, kind, text[:end], false},
			{"a long " + kind, kind, text + "A", false},
			{"a padded " + kind, kind, text + "=", false},
			{"a " + kind + " with stray bits", kind, text[:end] + string(text[end]+1), false},
			{"a " + kind + " in plain base64", kind, "+" + text[1:], false},
			{"a " + kind + " with a line feed", kind, text[:end] + "\n", false},
			{"a " + kind + " with a space", kind, " " + text[1:], false},
			{"a " + kind + " of zeros", kind, strings.Repeat("A", len(text)), kind == "nonce"},
		}...)
	}
	for _, y := range lowOrderY() {
		for _, sign := range []byte{0, 0x80} {
			k := y
			k[31] |= sign
			v.Texts = append(v.Texts, textVector{fmt.Sprintf("a key of small order, %x…%x", k[0], k[31]), "key", k.String(), false})
		}
	}
	for server, normal := range map[string]string{
		"https://example.org": "https://example.org", "https://example.org/": "https://example.org", "wss://EXAMPLE.org:443/": "https://example.org",
		"ws://127.0.0.1:8080": "http://127.0.0.1:8080", "http://example.org:80/a/b/": "http://example.org/a/b", "https://example.org:80": "https://example.org:80",
		"http://[::1]:8080/": "http://[::1]:8080", "HTTPS://Example.Org/App?x=1#y": "https://example.org/App",
	} {
		v.Servers = append(v.Servers, serverVector{server, normal})
	}
	slices.SortStableFunc(v.Texts, func(a, b textVector) int { return strings.Compare(a.Kind, b.Kind) })
	slices.SortFunc(v.Servers, func(a, b serverVector) int { return strings.Compare(a.Server, b.Server) })
}

func (v *vectors) attestations(t *testing.T) {
	ada, eve, backend := of("ada"), of("eve"), of("backend")
	es, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), eve.seed)
	if err != nil {
		t.Fatal(err)
	}
	point, err := es.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	v.Issuers = json.RawMessage(fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"ed","x":%q},{"kty":"EC","crv":"P-256","kid":"ec","x":%q,"y":%q}]}`,
		backend.Key, b64(point[1:33]), b64(point[33:])))
	byEd := func(message []byte) []byte { return ed25519.Sign(backend.key.private, message) }
	byEC := func(message []byte) []byte {
		sum := sha256.Sum256(message)
		der, err := es.Sign(nil, sum[:], crypto.SHA256) // without randomness, as RFC 6979 has it
		if err != nil {
			t.Fatal(err)
		}
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &rs); err != nil {
			t.Fatal(err)
		}
		return append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
	}
	jws := func(header, claims string, sign func([]byte) []byte) string {
		message := b64([]byte(header)) + "." + b64([]byte(claims))
		return message + "." + b64(sign([]byte(message)))
	}
	add := func(good bool, name, attestation string) {
		v.Attestations = append(v.Attestations, attestationVector{name, vectorsNow, "ada", ada.Key.String(), attestation, good})
	}
	const ed, ec = `{"alg":"EdDSA","typ":"JWT","kid":"ed"}`, `{"alg":"ES256","typ":"JWT","kid":"ec"}`
	cnf := func(k PublicKey) string { return fmt.Sprintf(`"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":%q}}`, k) }
	claims := func(sub, aud string, exp int64, more string) string {
		return fmt.Sprintf(`{"sub":%q,"aud":%s,"exp":%d,%s}`, sub, aud, exp, more)
	}
	const here, later = `"beckon-peer"`, vectorsNow + 3600
	right := claims("ada", here, later, cnf(ada.Key))
	add(true, "by Ed25519", jws(ed, right, byEd))
	add(true, "by P-256", jws(ec, right, byEC))
	add(true, "for several audiences", jws(ed, claims("ada", `["a","beckon-peer"]`, later, cnf(ada.Key)), byEd))
	add(true, "that ended a minute ago", jws(ed, claims("ada", here, vectorsNow-60, cnf(ada.Key)), byEd))
	add(true, "that begins in a minute", jws(ed, claims("ada", here, later, fmt.Sprintf(`"nbf":%d,`, vectorsNow+60)+cnf(ada.Key)), byEd))
	add(false, "none", "")
	add(false, "of another key", jws(ed, claims("ada", here, later, cnf(eve.Key)), byEd))
	add(false, "of somebody else", jws(ed, claims("bob", here, later, cnf(ada.Key)), byEd))
	add(false, "without a key", jws(ed, claims("ada", here, later, `"iat":1`), byEd))
	add(false, "with the key of another kind", jws(ed, claims("ada", here, later, strings.Replace(cnf(ada.Key), "Ed25519", "X25519", 1)), byEd))
	add(false, "for a server", jws(ed, claims("ada", `"beckon.example.org"`, later, cnf(ada.Key)), byEd))
	add(false, "for nobody", jws(ed, claims("ada", `[]`, later, cnf(ada.Key)), byEd))
	add(false, "expired", jws(ed, claims("ada", here, vectorsNow-121, cnf(ada.Key)), byEd))
	add(false, "not good yet", jws(ed, claims("ada", here, later, fmt.Sprintf(`"nbf":%d,`, vectorsNow+121)+cnf(ada.Key)), byEd))
	add(false, "without an end", jws(ed, `{"sub":"ada","aud":"beckon-peer",`+cnf(ada.Key)+`}`, byEd))
	add(false, "with an end in words", jws(ed, strings.Replace(right, fmt.Sprint(later), `"never"`, 1), byEd))
	add(false, "by the wrong key", jws(ed, right, func(m []byte) []byte { return ed25519.Sign(eve.key.private, m) }))
	add(false, "by a key that nobody knows", jws(`{"alg":"EdDSA","kid":"x"}`, right, byEd))
	add(false, "without a kid", jws(`{"alg":"EdDSA"}`, right, byEd))
	add(false, "that says it is by nobody", jws(`{"alg":"none","kid":"ed"}`, right, func([]byte) []byte { return nil }))
	add(false, "with the algorithm of the other key", jws(`{"alg":"ES256","kid":"ed"}`, right, byEC))
	add(false, "by HMAC with the public key", jws(`{"alg":"HS256","kid":"ed"}`, right, byEd))
	add(false, "with what is critical", jws(`{"alg":"EdDSA","kid":"ed","crit":["x"],"x":1}`, right, byEd))
	add(false, "with an unencoded payload", jws(`{"alg":"EdDSA","kid":"ed","b64":false}`, right, byEd))
	add(false, "with changed claims", func() string {
		parts := strings.Split(jws(ed, claims("eve", here, later, cnf(ada.Key)), byEd), ".")
		return parts[0] + "." + b64([]byte(right)) + "." + parts[2]
	}())
	add(false, "cut short", jws(ed, right, func(m []byte) []byte { return byEd(m)[:63] }))
	add(false, "of two parts", "e30.e30")
	add(false, "that is padded", jws(ed, right, byEd)+"==")
	add(false, "that is too long", jws(ed, claims("ada", here, later, `"x":"`+strings.Repeat("x", 2048)+`",`+cnf(ada.Key)), byEd))
	anonymous := attestationVector{"of an anonymous peer", vectorsNow, "", ada.Key.String(), jws(ed, claims("", here, later, cnf(ada.Key)), byEd), false}
	v.Attestations = append(v.Attestations, anonymous)
}
