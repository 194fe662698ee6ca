package identity

import (
	"crypto/ed25519"
	"fmt"
	"testing"
)

// What is refused is worth refusing: for a key of small order a signature can be found without any private key, by trying eight messages or so.
func TestLowOrder(t *testing.T) {
	t.Parallel()
	seen := map[PublicKey]bool{}
	for _, y := range lowOrderY() {
		for _, sign := range []byte{0, 0x80} {
			k := y
			k[31] |= sign
			seen[k] = true
			if !k.lowOrder() {
				t.Errorf("%x passes", k)
			}
			signature := make([]byte, ed25519.SignatureSize) // R is the neutral element, and S is 0
			signature[0] = 1
			forged := false
			for i := range 200 {
				forged = forged || ed25519.Verify(k[:], fmt.Append(nil, i), signature)
			}
			if !forged {
				t.Errorf("nobody can sign for %x: it does not belong to the list", k)
			}
		}
	}
	if len(seen) != 14 {
		t.Errorf("%d spellings, want 14", len(seen))
	}
	for range 50 {
		if k := NewKey().Public(); k.lowOrder() {
			t.Errorf("%s is a good key", k)
		}
	}
	if _, err := parseIssuers([]byte(`{"kty":"OKP","crv":"Ed25519","kid":"x","x":"` + (PublicKey{0: 1}).String() + `"}`)); err == nil {
		t.Error("an issuer may have a key of small order")
	}
}
