package token

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzVerify: what strangers send never panics, gets in only by a signature, and is never repeated in the refusal.
func FuzzVerify(f *testing.F) {
	file, v := vectors(f)
	good := map[string]bool{}
	for _, c := range file.Good {
		f.Add(c.Token)
		good[c.Token] = true
	}
	for _, c := range file.Refused {
		f.Add(c.Token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := v.Verify(t.Context(), token)
		if err == nil {
			// The fuzzer does not know how to sign.
			if !good[token] {
				t.Fatalf("let in by %q", token)
			}
			return
		}
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Fatalf("an error without a code: %v", err)
		}
		tellsNothing(t, err.Error(), token)
		if u, err := Inspect(token); err == nil && (!json.Valid(u.Header) || !json.Valid(u.Payload)) {
			t.Fatalf("%q and %q are not JSON", u.Header, u.Payload)
		}
	})
}

// FuzzClaims: the decoder behind the signature, which a webhook's answer reaches as well. What it accepts can be written and read
// again, and is the same then.
func FuzzClaims(f *testing.F) {
	file, _ := vectors(f)
	for _, c := range file.Good {
		u, err := Inspect(c.Token)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(u.Payload))
	}
	for _, c := range file.Refused {
		if u, err := Inspect(c.Token); err == nil {
			f.Add([]byte(u.Payload))
		}
	}
	f.Add([]byte(payload(`,"exp":1`)))
	f.Add([]byte(payload(`,"cnf":{"jwk":{"kty":"OKP","crv":"Ed25519","x":"` + boundTo + `"}}`)))
	f.Add([]byte(grantOf(`{"rooms":["a*","*"],"allow":[],"maxPeers":1000000,"capacity":1}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseClaims(data)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		for _, room := range c.Grant.Rooms {
			if name := strings.TrimSuffix(room, "*"); name != room && !c.Grant.Covers(name+"x") {
				t.Fatalf("%q does not cover what begins so", room)
			}
		}
		written, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseClaims(written)
		if err != nil {
			t.Fatalf("%s became %s: %v", data, written, err)
		}
		same(t, again, c)
	})
}

// FuzzKeySet: the decoder of what is published at a URL. What it accepts is public, holds each name once, and survives being written.
func FuzzKeySet(f *testing.F) {
	ed, err := NewKey(EdDSA, "ed")
	if err != nil {
		f.Fatal(err)
	}
	ec, err := NewKey(ES256, "ec")
	if err != nil {
		f.Fatal(err)
	}
	set, err := NewKeySet(ed, ec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(set.Public())
	f.Add(set.Private())
	f.Add([]byte(`{"keys":[{"kty":"oct","kid":"hs","k":"` + strings.Repeat("A", 43) + `"},{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"zero","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parsePublished(data)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		again, err := ParseKeySet(set.Public())
		if err != nil || len(again.All()) != len(set.All()) {
			t.Fatalf("%v became %v: %v", set.All(), again, err)
		}
		for _, k := range set.All() {
			same, ok := again.Lookup(k.ID())
			if k.CanSign() || k.Symmetric() || !ok || same.Alg() != k.Alg() {
				t.Fatalf("%v became %v", k, same)
			}
		}
	})
}
