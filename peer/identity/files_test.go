package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestAKeyFileIsMadeOnceForItsOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b", "identity")
	keys := make([]*Key, 8)
	var all sync.WaitGroup
	for i := range keys { // of several programs that begin at once, all have the same key
		all.Go(func() {
			key, err := OpenKeyFile(path)
			if err != nil {
				t.Error(err)
				key = NewKey()
			}
			keys[i] = key
		})
	}
	all.Wait()
	for _, k := range keys {
		if k.Public() != keys[0].Public() {
			t.Fatal("two keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, c := range map[string]struct{ content, says string }{
		"empty":      {"", "holds no private key"},
		"text":       {"ada's key", "holds no private key"},
		"public":     {block("PUBLIC KEY", der), "holds no private key"},
		"other":      {block("PRIVATE KEY", der), "not of Ed25519"},
		"broken":     {block("PRIVATE KEY", der[:20]), "cannot be read"},
		"very large": {strings.Repeat("x", maxKeyFile+1), "at most"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyFile(path); !errors.Is(err, &Error{Reason: BadFile}) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := OpenKeyFile(dir); !errors.Is(err, &Error{Reason: BadFile}) {
		t.Errorf("a folder: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := filepath.Join(dir, "mine")
	if _, err := OpenKeyFile(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyFile(path); !errors.Is(err, &Error{Reason: BadFile}) || !strings.Contains(err.Error(), "others may read") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestAKeyDoesNotPrintItsSecret(t *testing.T) {
	t.Parallel()
	k := fromSeed([]byte(strings.Repeat("s", 32)))
	for _, verb := range []string{"%v", "%+v", "%s", "%#v", "%x"} {
		if text := fmt.Sprintf(verb, k); strings.Contains(text, "115 115 115") || strings.Contains(text, "0x73, 0x73") || strings.Contains(text, "737373") || strings.Contains(text, "ssss") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestAStoreRemembersTheFirst(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "known")
	s, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	ada, eve := NewKey().Public(), NewKey().Public()
	remember := func(s *FileStore, server, identity string, key, want PublicKey) {
		t.Helper()
		if got, err := s.Remember(context.Background(), server, identity, key); err != nil || got != want {
			t.Errorf("%s, %v", got, err)
		}
	}
	remember(s, "https://a.example", "ada", ada, ada)
	remember(s, "https://a.example", "ada", eve, ada)
	remember(s, "https://b.example", "ada", eve, eve) // on another server it is another
	again, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	remember(again, "https://a.example", "ada", eve, ada)
	if known, err := again.All(); err != nil || len(known) != 2 || known[0].Identity != "ada" || known[0].Key != ada {
		t.Errorf("%+v, %v", known, err)
	}
	if ok, err := again.Forget("wss://A.example:443/", "ada"); !ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := again.Forget("https://a.example", "ada"); ok || err != nil {
		t.Error(ok, err)
	}
	remember(s, "https://a.example", "ada", eve, eve)
	if err := s.Replace("https://a.example/", "ada", ada); err != nil {
		t.Error(err)
	}
	remember(s, "https://a.example", "ada", eve, ada)
}

func TestStoresThatAreRefused(t *testing.T) {
	t.Parallel()
	key := NewKey().Public().String()
	entry := func(server, identity, key string) string {
		return fmt.Sprintf(`{"server":%q,"identity":%q,"key":%q,"since":"2026-01-01T00:00:00Z"}`, server, identity, key)
	}
	for name, content := range map[string]string{
		"empty": "", "no JSON": "x", "two": `{"keys":[]}{"keys":[]}`, "other fields": `{"keys":[],"trust":"all"}`,
		"no server": `{"keys":[` + entry("", "ada", key) + `]}`, "no name": `{"keys":[` + entry("s", "", key) + `]}`,
		"a bad key": `{"keys":[` + entry("s", "ada", key[1:]) + `]}`, "no key": `{"keys":[{"server":"s","identity":"ada"}]}`,
		"twice": `{"keys":[` + entry("s", "ada", key) + `,` + entry("s", "ada", NewKey().Public().String()) + `]}`,
	} {
		path := filepath.Join(t.TempDir(), "known")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenStore(path); !errors.Is(err, &Error{Reason: BadFile}) {
			t.Errorf("%s: %v", name, err)
		}
		// And a store that is damaged later trusts nobody, instead of everybody anew.
		s := &FileStore{path: path}
		if err := FirstUse(s).Trust(context.Background(), Claim{Server: "s", Identity: "ada", Key: NewKey().Public()}); err == nil {
			t.Errorf("%s: trusted", name)
		}
	}
}

func TestPinnedAndFirstUse(t *testing.T) {
	t.Parallel()
	ada, eve := NewKey().Public(), NewKey().Public()
	trusts := func(trust Trust, identity string, key PublicKey, want Reason) {
		t.Helper()
		err := trust.Trust(context.Background(), Claim{Server: "https://a.example", Identity: identity, Key: key})
		if want == "" && err != nil || want != "" && !errors.Is(err, &Error{Reason: want}) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	trusts(Pinned(ada), "", ada, "")
	trusts(Pinned(ada, eve), "x", eve, "")
	trusts(Pinned(ada), "ada", eve, NotPinned)
	trusts(Pinned(), "ada", ada, NotPinned)
	s, err := OpenStore(filepath.Join(t.TempDir(), "known"))
	if err != nil {
		t.Fatal(err)
	}
	trusts(FirstUse(s), "ada", ada, "")
	trusts(FirstUse(s), "ada", ada, "")
	trusts(FirstUse(s), "ada", eve, Changed)
	trusts(FirstUse(s), "", eve, "")
	trusts(FirstUse(s), "", ada, "")
	if known, err := s.All(); err != nil || len(known) != 1 {
		t.Errorf("%+v, %v", known, err)
	}
}

func TestIssuersThatAreRefused(t *testing.T) {
	t.Parallel()
	x := NewKey().Public().String()
	for name, keys := range map[string]string{
		"nothing": "", "no keys": `{"keys":[]}`, "an array": `[]`, "no kid": `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}]}`,
		"private":   `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + x + `","d":"` + x + `"}]}`,
		"symmetric": `{"keys":[{"kty":"oct","kid":"a","k":"` + x + `"}]}`, "short": `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + x[1:] + `"}]}`,
		"no point": `{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"` + x + `","y":"` + x + `"}]}`,
		"twice":    `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + x + `"},{"kty":"OKP","crv":"Ed25519","kid":"a","x":"` + x + `"}]}`,
		"RSA":      `{"keys":[{"kty":"RSA","kid":"a","n":"` + x + `","e":"AQAB"}]}`,
	} {
		if _, err := Issued([]byte(keys)); !errors.Is(err, &Error{Reason: BadKey}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkProof is what each description costs a side that asks for proofs.
func BenchmarkProof(b *testing.B) {
	v := readVectors(b).Proofs[2]
	secret, binding, key := v.secret(b), v.binding(b), NewKey()
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			Sign(key, secret, binding, timeOf(v))
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := VerifyDescription(v.SDP, v.Proof, secret, binding, timeOf(v)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
