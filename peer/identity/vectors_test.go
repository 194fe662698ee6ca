package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// vectors are testdata/vectors.json, which the browser's SDK runs, too. `go test -run TestTheVectorsAreThoseOfThisCode -update` writes it.
type vectors struct {
	About string `json:"about"`
	// Proofs are good: what a side signs that has the seed as its private key, and what the other accepts.
	Proofs []proofVector `json:"proofs"`
	// Refused are proofs that the other side does not accept, and why.
	Refused []proofVector `json:"refused"`
	// Descriptions name a fingerprint, or are refused.
	Descriptions []descriptionVector `json:"descriptions"`
	Certificates []certificateVector `json:"certificates"`
	Safety       []safetyVector      `json:"safetyNumbers"`
	Texts        []textVector        `json:"texts"`
	Servers      []serverVector      `json:"servers"`
	// Issuers are the keys for the attestations.
	Issuers      json.RawMessage     `json:"issuers"`
	Attestations []attestationVector `json:"attestations"`
}

type endVector struct {
	Peer  string `json:"peer"`
	Key   string `json:"key"`
	Nonce string `json:"nonce"`
}

// proofVector is what who checks it knows: Self is the signer as the server shows it to the other side.
type proofVector struct {
	Name string `json:"name"`
	// Seed is the private key of the signer (RFC 8032, section 5.1.5) in hex.
	Seed   string    `json:"seed,omitempty"`
	Role   Role      `json:"role"`
	Room   string    `json:"room"`
	Self   endVector `json:"self"`
	Other  endVector `json:"other"`
	Secret string    `json:"secret,omitempty"`
	SDP    string    `json:"sdp"`
	Now    int64     `json:"now"`
	// Binding are the signed bytes in hex.
	Binding string          `json:"binding,omitempty"`
	Proof   *protocol.Proof `json:"proof"`
	Reason  Reason          `json:"reason,omitempty"`
}

type descriptionVector struct {
	Name        string `json:"name"`
	SDP         string `json:"sdp"`
	Fingerprint string `json:"fingerprint,omitempty"` // hex
	Reason      Reason `json:"reason,omitempty"`
}

type certificateVector struct {
	DER         string `json:"der"` // base64; any bytes will do
	Fingerprint string `json:"fingerprint"`
}

type safetyVector struct {
	A      string `json:"a"`
	B      string `json:"b"`
	Number string `json:"number"`
}

type textVector struct {
	Name string `json:"name"`
	// Kind is key, nonce or secret.
	Kind string `json:"kind"`
	Text string `json:"text"`
	Good bool   `json:"good"`
}

type serverVector struct {
	Server string `json:"server"`
	Normal string `json:"normal"`
}

type attestationVector struct {
	Name        string `json:"name"`
	Now         int64  `json:"now"`
	Identity    string `json:"identity"`
	Key         string `json:"key"`
	Attestation string `json:"attestation"`
	Good        bool   `json:"good"`
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v endVector) end(t testing.TB) End {
	t.Helper()
	var key PublicKey // not parsed: some are none, and have to be found out by the proof as well
	if !decode(key[:], v.Key) {
		t.Fatal(v.Key)
	}
	nonce, err := ParseNonce(v.Nonce)
	if err != nil {
		t.Fatal(err)
	}
	return End{v.Peer, key, nonce}
}

func (v proofVector) binding(t testing.TB) Binding {
	t.Helper()
	return Binding{Role: v.Role, Room: v.Room, Self: v.Self.end(t), Other: v.Other.end(t)}
}

func (v proofVector) secret(t testing.TB) (s Secret) {
	t.Helper()
	if v.Secret == "" {
		return s
	}
	s, err := ParseSecret(v.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGoodProofs(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Proofs {
		b := v.binding(t)
		f, err := VerifyDescription(v.SDP, v.Proof, v.secret(t), b, time.Unix(v.Now, 0))
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		b.Fingerprint, b.NotAfter = f, time.Unix(v.Proof.NotAfter, 0)
		if got := hex.EncodeToString(b.Bytes()); got != v.Binding {
			t.Errorf("%s: signed are\n%s, want\n%s", v.Name, got, v.Binding)
		}
		if seed, err := hex.DecodeString(v.Seed); err != nil {
			t.Error(err)
		} else if got := Sign(fromSeed(seed), v.secret(t), b, b.NotAfter.Add(-ProofLife)); got != *v.Proof {
			t.Errorf("%s: signed %+v, want %+v", v.Name, got, *v.Proof)
		}
	}
}

func TestRefusedProofs(t *testing.T) {
	t.Parallel()
	all := readVectors(t).Refused
	if len(all) < 25 {
		t.Errorf("%d refusals", len(all))
	}
	for _, v := range all {
		f, err := VerifyDescription(v.SDP, v.Proof, v.secret(t), v.binding(t), time.Unix(v.Now, 0))
		if !errors.Is(err, &Error{Reason: v.Reason}) || f != (Fingerprint{}) {
			t.Errorf("%s: %v (%x), want %s", v.Name, err, f, v.Reason)
		}
	}
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Descriptions {
		f, err := FingerprintIn(v.SDP)
		switch {
		case v.Reason != "" && (!errors.Is(err, &Error{Reason: v.Reason}) || f != (Fingerprint{})):
			t.Errorf("%s: %x, %v, want %s", v.Name, f, err, v.Reason)
		case v.Reason == "" && (err != nil || hex.EncodeToString(f[:]) != v.Fingerprint):
			t.Errorf("%s: %x, %v, want %s", v.Name, f, err, v.Fingerprint)
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Certificates {
		der, err := base64.StdEncoding.DecodeString(v.DER)
		if err != nil {
			t.Fatal(err)
		}
		var f Fingerprint
		if n, err := hex.Decode(f[:], []byte(v.Fingerprint)); err != nil || n != len(f) {
			t.Fatal(n, err)
		}
		if err := f.Matches(der); err != nil {
			t.Error(err)
		}
		f[31] ^= 1
		if err := f.Matches(der); !errors.Is(err, &Error{Reason: OtherCertificate}) {
			t.Errorf("a bit flipped: %v", err)
		}
	}
	if err := (Fingerprint{}).Matches(nil); !errors.Is(err, &Error{Reason: OtherCertificate}) {
		t.Errorf("no certificate: %v", err)
	}
}

func TestSafetyNumbers(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Safety {
		a, err := ParsePublicKey(v.A)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParsePublicKey(v.B)
		if err != nil {
			t.Fatal(err)
		}
		if got, back := SafetyNumber(a, b), SafetyNumber(b, a); got != v.Number || back != v.Number || len(got) != 71 {
			t.Errorf("%q and %q, want %q", got, back, v.Number)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Texts {
		var err error
		var text string
		switch v.Kind {
		case "key":
			var k PublicKey
			k, err = ParsePublicKey(v.Text)
			text = k.String()
		case "nonce":
			var n Nonce
			n, err = ParseNonce(v.Text)
			text = n.String()
		case "secret":
			var s Secret
			s, err = ParseSecret(v.Text)
			text = s.String()
		default:
			t.Fatalf("no kind %q", v.Kind)
		}
		if (err == nil) != v.Good || v.Good && text != v.Text {
			t.Errorf("%s: %q, %v", v.Name, text, err)
		}
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Servers {
		if got := NormalServer(v.Server); got != v.Normal || NormalServer(got) != got {
			t.Errorf("%q: %q, want %q", v.Server, got, v.Normal)
		}
	}
}

func TestAttestations(t *testing.T) {
	t.Parallel()
	all := readVectors(t)
	set, err := parseIssuers(all.Issuers)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all.Attestations {
		key, err := ParsePublicKey(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		err = set.attests(Claim{Identity: v.Identity, Key: key, Attestation: v.Attestation}, time.Unix(v.Now, 0))
		if (err == nil) != v.Good || err != nil && !errors.Is(err, &Error{Reason: BadAttestation}) {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
	// And by the clock, all of them are over.
	trust, err := Issued(all.Issuers)
	if err != nil {
		t.Fatal(err)
	}
	v := all.Attestations[0]
	key, _ := ParsePublicKey(v.Key)
	if err := trust.Trust(context.Background(), Claim{Identity: v.Identity, Key: key, Attestation: v.Attestation}); !errors.Is(err, &Error{Reason: BadAttestation}) {
		t.Errorf("%v", err)
	}
}

// What is committed is what this code makes, byte by byte.
func TestTheVectorsAreThoseOfThisCode(t *testing.T) {
	t.Parallel()
	var made bytes.Buffer
	enc := json.NewEncoder(&made)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(makeVectors(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/vectors.json", made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, made.Bytes()) {
		t.Error("testdata/vectors.json differs from what the code makes; see the type vectors")
	}
}

func timeOf(v proofVector) time.Time { return time.Unix(v.Now, 0) }
