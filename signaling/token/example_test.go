package token_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// joinToken is what the README shows.
func joinToken(keyFile, user string, rooms ...string) (string, error) {
	file, err := token.OpenKeyFile(keyFile) // of `beckon keys new keys.json`
	if err != nil {
		return "", err
	}
	keys := file.Set().All()
	newest := keys[len(keys)-1]
	return token.Sign(newest, token.Claims{
		Identity: user,
		Audience: []string{"beckon.example.org"},
		Grant:    token.Grant{Rooms: rooms},
	}, time.Now())
}

// An app's backend makes a token for a user that it knows.
func ExampleSign() {
	text, err := joinToken("keys.json", "ada", "team-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
}

// The README shows joinToken as it stands here, and what it makes is accepted.
func TestREADMEGo(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "\n```go\n")
	block, _, ok := strings.Cut(rest, "```\n")
	if !ok || !strings.HasPrefix(block, "func joinToken(") || !strings.Contains(string(source), "\n"+block+"\n") {
		t.Errorf("the README shows another function:\n%s", block)
	}
	key, err := token.NewKey(token.EdDSA, "k")
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.NewKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, set.Private(), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := joinToken(path, "ada", "team-*")
	if err != nil {
		t.Fatal(err)
	}
	v, err := token.NewVerifier(token.Config{Audience: "beckon.example.org", Issuers: []token.Issuer{{Keys: set}}})
	if err != nil {
		t.Fatal(err)
	}
	if access, err := v.Verify(t.Context(), text); err != nil || access.Identity != "ada" || !access.Grant.Covers("team-7") {
		t.Errorf("%+v, %v, of %s", access, err, text)
	}
}

// A server lets in who has a token.
func ExampleVerifier() {
	// What `beckon keys new` does.
	key, err := token.NewKey(token.EdDSA, "2026-01")
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := token.NewKeySet(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "public.json")
	if err := os.WriteFile(path, set.Public(), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	keys, err := token.OpenKeyFile(path) // and keys.Reload at SIGHUP
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := token.NewVerifier(token.Config{Audience: "beckon.example.org", Issuers: []token.Issuer{{Keys: keys}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	authorize := func(ctx context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
		access, err := verifier.Verify(ctx, req.Token)
		if err != nil {
			return signaling.Grant{}, err
		}
		g := access.Grant
		allow := []signaling.Permission{} // not nil, which would allow what is ordinary
		for _, p := range g.Allow {
			allow = append(allow, signaling.Permission(p))
		}
		return signaling.Grant{
			Identity: access.Identity, Rooms: g.Rooms, Allow: allow, MaxPeers: g.MaxPeers, Capacity: g.Capacity, Expires: access.Ends,
			Key: access.Bound,
		}, nil
	}
	server := signaling.New(signaling.Config{Authorize: authorize})
	defer server.Close()

	text, err := token.Sign(key, token.Claims{
		Identity: "ada", Audience: []string{"beckon.example.org"}, Grant: token.Grant{Rooms: []string{"team-*"}},
	}, time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	grant, err := authorize(context.Background(), signaling.AuthRequest{Token: text})
	fmt.Println(grant.Identity, grant.Rooms, err)
	_, err = authorize(context.Background(), signaling.AuthRequest{Token: "let me in"})
	fmt.Println(err)
	// Output:
	// ada [team-*] <nil>
	// token: the token has 0 dots and not 2, so it is no signed JWT in compact form
}
