package main

import (
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// tokenAttestCmd is the flags of `beckon token attest`.
type tokenAttestCmd struct {
	KeyFile string        `group:"key" placeholder:"FILE" required:"" help:"Keys of EdDSA or ES256, as beckon keys new makes them."`
	Kid     string        `group:"key" placeholder:"NAME" defaults:"the newest that can sign, which is the last in the file" help:"Which of the keys."`
	Sub     string        `group:"claims" placeholder:"NAME" required:"" help:"Whose key it is: the identity of the join token."`
	Key     string        `group:"claims" placeholder:"KEY" required:"" help:"The public key, as beckon identity prints it."`
	Life    time.Duration `group:"claims" placeholder:"TIME" default:"24h" help:"For how long it is good. Nobody can take it back before."`
}

// Help is what --help says before the flags.
func (tokenAttestCmd) Help() string {
	return `Only the attestation is on stdout. It is for the attestation option of join; the server passes it on unread, and the others check it with the public half of the keys.

Example:

    beckon token attest --key-file keys.json --sub ada --key "$(beckon identity)"`
}

// Run makes the attestation.
func (c *tokenAttestCmd) Run(p *process) error {
	key, err := signingKey(c.KeyFile, c.Kid)
	if err != nil {
		return err
	}
	if err := checkPublicKey("--key", c.Key); err != nil {
		return err
	}
	now := time.Now()
	text, err := token.Attest(key, c.Sub, c.Key, now.Add(c.Life), now)
	if err != nil {
		return usagef("no attestation: %s", tokenText(err))
	}
	_, err = fmt.Fprintln(p.stdout, text)
	return err
}
