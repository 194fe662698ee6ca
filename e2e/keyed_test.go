//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// playKeyed is a server as an app would embed it, that lets in who has a token of a key in the set. It prints its address, and
// serves until it is killed.
func playKeyed(task string) error {
	var keys string
	if err := json.Unmarshal([]byte(task), &keys); err != nil {
		return err
	}
	set, err := token.ParseKeySet([]byte(keys))
	if err != nil {
		return err
	}
	verifier, err := token.NewVerifier(token.Config{Audience: audience, Issuers: []token.Issuer{{Keys: set}}})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: signaling.New(signaling.Config{
		Authorize: func(ctx context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
			access, err := verifier.Verify(ctx, req.Token)
			if err != nil {
				return signaling.Grant{}, err
			}
			return signaling.Grant{Identity: access.Identity, Rooms: access.Grant.Rooms, Expires: access.Ends}, nil
		},
		Limits: signaling.Limits{PerAddress: 1000}, // all that attack it come from one
	})}
	return server.Serve(listener)
}
