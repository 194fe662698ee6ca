package identity

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// FuzzFingerprint: what is found is what the lines say, whatever else there is, and there is no other word of one.
func FuzzFingerprint(f *testing.F) {
	for _, v := range readVectors(f).Descriptions {
		f.Add(v.SDP)
	}
	f.Fuzz(func(t *testing.T, sdp string) {
		found, err := FingerprintIn(sdp)
		if err != nil {
			if !errors.Is(err, &Error{Reason: BadDescription}) || found != (Fingerprint{}) {
				t.Fatalf("%x, %v", found, err)
			}
			return
		}
		want := strings.ToLower(hex.EncodeToString(found[:]))
		if plain := strings.ReplaceAll(strings.ToLower(sdp), ":", ""); !strings.Contains(plain, "a=fingerprintsha-256 "+want) {
			t.Fatalf("%s is not in %q", want, sdp)
		}
		// Another one anywhere, in whatever form, is noticed.
		for _, other := range []string{"a=fingerprint:sha-256 " + strings.Repeat("00:", 31) + "00", "A=FINGERPRINT:sha-1 00", " a=fingerprint:x"} {
			if again, err := FingerprintIn(sdp + "\r\n" + other + "\r\n"); err == nil && again != (Fingerprint{}) {
				t.Fatalf("%q behind %q", other, sdp)
			}
		}
	})
}

// FuzzProof: of a proof that comes as JSON, none but the right one is accepted.
func FuzzProof(f *testing.F) {
	all := readVectors(f)
	for _, v := range append(all.Proofs, all.Refused...) {
		raw, err := json.Marshal(v.Proof)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, v.Now)
	}
	v := all.Proofs[2] // with a secret
	b, secret := v.binding(f), v.secret(f)
	f.Fuzz(func(t *testing.T, raw []byte, now int64) {
		var proof *protocol.Proof
		if json.Unmarshal(raw, &proof) != nil {
			return
		}
		if _, err := VerifyDescription(v.SDP, proof, secret, b, time.Unix(now, 0)); err == nil && *proof != *v.Proof {
			t.Fatalf("%s is accepted", raw)
		}
	})
}

// FuzzAttestation: nothing that an issuer has not signed is accepted.
func FuzzAttestation(f *testing.F) {
	all := readVectors(f)
	set, err := parseIssuers(all.Issuers)
	if err != nil {
		f.Fatal(err)
	}
	good := map[string]bool{}
	for _, v := range all.Attestations {
		f.Add(v.Attestation)
		good[v.Attestation] = v.Good
	}
	key, err := ParsePublicKey(all.Attestations[0].Key)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := set.attests(Claim{Identity: "ada", Key: key, Attestation: text}, time.Unix(vectorsNow, 0))
		// ECDSA has two signatures for each.
		if err == nil && !good[text] && !strings.HasPrefix(text, all.Attestations[1].Attestation[:len(all.Attestations[1].Attestation)-86]) {
			t.Fatalf("%q is accepted", text)
		}
		if err != nil && !errors.Is(err, &Error{Reason: BadAttestation}) {
			t.Fatal(err)
		}
	})
}

// FuzzIssuers: the decoder of what an application has for keys takes public ones only.
func FuzzIssuers(f *testing.F) {
	f.Add([]byte(readVectors(f).Issuers))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + strings.Repeat("A", 43) + `","d":"x"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := parseIssuers(text)
		if err == nil && len(set) == 0 || err != nil && !errors.Is(err, &Error{Reason: BadKey}) {
			t.Fatalf("%d keys, %v", len(set), err)
		}
	})
}

// FuzzStore: what is accepted names each identity once, and is the same when it is written and read again.
func FuzzStore(f *testing.F) {
	f.Add([]byte(`{"keys":[{"server":"https://a.example","identity":"ada","key":"` + strings.Repeat("B", 42) + `A","since":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":null}x`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseStore(data)
		if err != nil {
			return
		}
		written, err := json.Marshal(storeFile{all})
		if err != nil {
			return // a year beyond 9999 cannot be written
		}
		again, err := parseStore(written)
		if err != nil || len(again) != len(all) {
			t.Fatalf("%s became %s: %v", data, written, err)
		}
		for i, k := range all {
			if again[i].Server != k.Server && !strings.ContainsRune(again[i].Server, 0xfffd) || again[i].Key != k.Key {
				t.Fatalf("%+v became %+v", k, again[i])
			}
		}
	})
}
