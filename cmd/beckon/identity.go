package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/beckon-rtc/beckon/peer/identity"
)

// identityCmd is the flags of `beckon identity`.
type identityCmd struct {
	File string `group:"key" placeholder:"FILE" defaults:"beckon/identity in your folder for configuration" help:"Where the key is. It is made if it is not there, for you alone to read."`
}

// Help is what --help says before the flags.
func (identityCmd) Help() string {
	return `Only the public key is on stdout: 43 letters, digits, - and _. The first time the key is made.

Examples:

    beckon identity
    beckon token new --bind "$(beckon identity)" …`
}

// Run prints the public half.
func (c *identityCmd) Run(p *process) error {
	path := c.File
	if path == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return usagef("it is not known where your configuration is (%v): say where the key is with --file", err)
		}
		path = filepath.Join(config, "beckon", "identity")
	}
	_, missing := os.Stat(path)
	key, err := openIdentity(path)
	if err != nil {
		return err
	}
	if missing != nil {
		fmt.Fprintf(p.stderr, "a new key is in %s; whoever reads that can pose as you\n", path)
	}
	_, err = fmt.Fprintln(p.stdout, key.Public())
	return err
}

// openIdentity opens a key file, which it makes if it is not there; nil for no name.
func openIdentity(path string) (*identity.Key, error) {
	if path == "" {
		return nil, nil
	}
	key, err := identity.OpenKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot use the key: %s", identityText(err))
	}
	return key, nil
}

// checkPublicKey refuses what a flag has in the place of a public key.
func checkPublicKey(flag, text string) error {
	if text == "" {
		return nil
	}
	if _, err := identity.ParsePublicKey(text); err != nil {
		return usagef("%s: %s; `beckon identity` prints yours", flag, identityText(err))
	}
	return nil
}

// identityText is an error's sentence without the names of the package and the reason.
func identityText(err error) string {
	if e, ok := errors.AsType[*identity.Error](err); ok {
		return e.Text
	}
	return strings.TrimPrefix(err.Error(), "identity: ")
}
