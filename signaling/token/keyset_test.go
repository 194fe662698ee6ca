package token

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A set survives being written and read; its public half checks what the private half signs, and holds no secret.
func TestKeySet(t *testing.T) {
	t.Parallel()
	set := newSet(t, newKey(t, EdDSA, "ed"), newKey(t, ES256, "ec"), newKey(t, HS256, "hs"))
	again, err := ParseKeySet(set.Private())
	if err != nil {
		t.Fatal(err)
	}
	public, err := ParseKeySet(set.Public())
	if err != nil {
		t.Fatal(err)
	}
	if len(again.All()) != 3 || len(public.All()) != 2 {
		t.Fatalf("%v became %v and %v", set.All(), again.All(), public.All())
	}
	for _, k := range again.All() {
		token := signed(t, k, plain())
		if _, err := verifier(t, set).Verify(t.Context(), token); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		_, err := verifier(t, public).Verify(t.Context(), token)
		if k.Symmetric() {
			refusal(t, err, UnknownKey)
		} else if err != nil {
			t.Errorf("the public half of %v: %v", k, err)
		}
	}
	for _, k := range public.All() {
		if k.CanSign() {
			t.Errorf("the public %v can sign", k)
		}
	}
	for _, secret := range []string{`"d"`, `"k"`, `"oct"`} {
		if strings.Contains(string(set.Public()), secret) {
			t.Errorf("the public set holds %s:\n%s", secret, set.Public())
		}
	}
	// Printing a key shows none of it.
	shown := fmt.Sprintf("%v %+v %#v %s %x", again.All()[2], again.All()[2], again.All()[2], again.All()[2], again.All()[2])
	if want := strings.Repeat(`key "hs" (HS256) `, 5); shown+" " != want {
		t.Errorf("a key prints as %s", shown)
	}
}

func TestBadKeySets(t *testing.T) {
	t.Parallel()
	const (
		ed   = `{"kid":"a","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
		long = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"
	)
	for name, c := range map[string]struct{ set, says string }{
		"nothing":            {``, "not JSON"},
		"no JSON":            {`kid: a`, "not JSON"},
		"no object":          {`[` + ed + `]`, "no object"},
		"a single key":       {ed, "no array `keys`"},
		"no keys":            {`{"keys":[]}`, "`beckon keys new`"},
		"keys null":          {`{"keys":null}`, "no array"},
		"a number":           {`{"keys":[1]}`, "key 1 of 1: it is JSON, but no object"},
		"twice":              {`{"keys":[` + ed + `,` + ed + `]}`, `two keys "a"`},
		"no kid":             {`{"keys":[` + strings.Replace(ed, `"kid":"a",`, ``, 1) + `]}`, "no `kid`"},
		"kid a number":       {`{"keys":[` + strings.Replace(ed, `"a"`, `1`, 1) + `]}`, "`kid` is a number"},
		"another alg":        {`{"keys":[` + strings.Replace(ed, `"a",`, `"a","alg":"HS256",`, 1) + `]}`, `"HS256", but its type is for EdDSA`},
		"for encryption":     {`{"keys":[` + strings.Replace(ed, `"a",`, `"a","use":"enc",`, 1) + `]}`, `the use "enc"`},
		"x twice":            {`{"keys":[` + strings.Replace(ed, `"a",`, `"a","x":"AAAA",`, 1) + `]}`, "twice"},
		"x short":            {`{"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","x":"AAAA"}]}`, `the key "a"`},
		"X25519":             {`{"keys":[` + strings.Replace(ed, "Ed25519", "X25519", 1) + `]}`, `the key "a"`},
		"a short secret":     {`{"keys":[{"kid":"a","kty":"oct","k":"c2VjcmV0"}]}`, "has 6 bytes: HS256 takes 32"},
		"an empty secret":    {`{"keys":[{"kid":"a","kty":"oct","k":""}]}`, "0 bytes"},
		"HS512":              {`{"keys":[{"kid":"a","kty":"oct","alg":"HS512","k":"` + long + `"}]}`, `"HS512", but`},
		"RSA":                {`{"keys":[{"kid":"a","kty":"RSA","n":"` + strings.Repeat("AQAB", 90) + `","e":"AQAB"}]}`, "signs no join tokens"},
		"another kind":       {`{"keys":[{"kid":"a","kty":"XYZ"}]}`, `the key "a"`},
		"not on the curve":   {`{"keys":[{"kid":"a","kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}]}`, `the key "a"`},
		"halves of two keys": {`{"keys":[` + strings.Replace(ed, `"x"`, `"d":"`+long[:43]+`","x"`, 1) + `]}`, `the key "a"`},
		"halves of two ECs": {`{"keys":[{"kid":"a","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",` +
			`"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"` + long[:43] + `"}]}`, `the key "a"`},
		"too many":  {`{"keys":[` + strings.Repeat(ed+",", 64) + ed + `]}`, "more than 64"},
		"too large": {`{"keys":[` + strings.Repeat(" ", MaxKeySet) + `]}`, "longer than"},
		"deep":      {`{"keys":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`, "deeper"},
	} {
		_, err := ParseKeySet([]byte(c.set))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
			continue
		}
		refusal(t, err, BadKey)
		if strings.Contains(err.Error(), "c2Vj") || strings.Contains(err.Error(), "AyM1") {
			t.Errorf("%s: %v holds the secret", name, err)
		}
	}
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		alg Alg
		id  string
	}{{"RS256", "a"}, {"none", "a"}, {"", "a"}, {EdDSA, ""}, {EdDSA, strings.Repeat("a", 129)}, {EdDSA, "a\n"}} {
		_, err := NewKey(c.alg, c.id)
		refusal(t, err, BadKey)
	}
}

// Whatever a file becomes, the server has a whole set: the new one or the old one.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	write := func(data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenKeyFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is not there: %v", err)
	}
	one, two := newKey(t, EdDSA, "1"), newKey(t, HS256, "2")
	write(newSet(t, one).Private())
	file, err := OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, file)
	accepts := func(k Key, code Code) {
		t.Helper()
		_, err := v.Verify(t.Context(), signed(t, k, plain()))
		if code != "" {
			refusal(t, err, code)
		} else if err != nil {
			t.Error(err)
		}
	}
	accepts(one, "")
	accepts(two, UnknownKey)

	write(newSet(t, one, two).Private())
	accepts(two, UnknownKey) // not before it is told to
	if err := file.Reload(); err != nil {
		t.Fatal(err)
	}
	accepts(one, "")
	accepts(two, "")

	// Half a file: the first of its keys is another one, the second is cut.
	write([]byte(strings.Replace(string(newSet(t, newKey(t, EdDSA, "3"), one).Private()), `"kid": "1"`, `"kid": 1`, 1)))
	if err := file.Reload(); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "key 2 of 2") {
		t.Errorf("a broken file: %v", err)
	}
	accepts(one, "")
	accepts(two, "")
	if _, ok := file.Set().Lookup("3"); ok {
		t.Error("a broken file was half taken")
	}
	write(make([]byte, 2*MaxKeySet))
	if err := file.Reload(); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a huge file: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := file.Reload(); err == nil {
		t.Error("a file that is gone is no error")
	}
	accepts(one, "")

	write(newSet(t, two).Private())
	if err := file.Reload(); err != nil {
		t.Fatal(err)
	}
	accepts(one, UnknownKey)
	accepts(two, "")
}
