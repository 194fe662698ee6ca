package token_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// An app's backend makes a token for a user that it knows.
func ExampleSign() {
	file, err := token.OpenKeyFile("keys.json") // of `beckon keys new keys.json`
	if err != nil {
		fmt.Println(err)
		return
	}
	keys := file.Set().All()
	key := keys[len(keys)-1] // the newest
	text, err := token.Sign(key, token.Claims{
		Identity: "ada",
		Audience: []string{"beckon.example.org"},
		Grant:    token.Grant{Rooms: []string{"team-*"}},
	}, time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
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
