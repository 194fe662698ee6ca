package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// keysCmd is the sub-commands of `beckon keys`.
type keysCmd struct {
	New    keysNewCmd    `cmd:"" help:"Make a key that signs join tokens."`
	Public keysPublicCmd `cmd:"" help:"Print the public half of a key file."`
}

// keysNewCmd is the flags of `beckon keys new`.
type keysNewCmd struct {
	File   string `arg:"" help:"Where to write it: a JSON Web Key Set that only you can read. It must not exist yet, unless with --add."`
	Alg    string `group:"key" placeholder:"ALG" default:"EdDSA" enum:"EdDSA,ES256,HS256" help:"EdDSA or ES256, whose public half goes to the server; or HS256, one secret for both sides."`
	Kid    string `group:"key" placeholder:"NAME" defaults:"the date, and some letters" help:"The name that tokens call it by."`
	Add    bool   `group:"key" help:"Add it to the keys of a file that exists, at the end."`
	Public bool   `group:"key" help:"Print the public half of the file on stdout, too."`
}

// Help is what --help says before the flags.
func (keysNewCmd) Help() string {
	return `Examples:

    beckon keys new keys.json
    beckon keys new keys.json --add

To replace a key without shutting anybody out: add the new one, give the server the file or its public half and have it read that again, then sign with the new key. When the last token of the old key has expired, a day later at most, take that out.`
}

// Run makes the key.
func (c *keysNewCmd) Run(p *process) error {
	if c.Kid == "" {
		c.Kid = time.Now().UTC().Format("20060102-") + strings.ToLower(rand.Text()[:6])
	}
	key, err := token.NewKey(token.Alg(c.Alg), c.Kid)
	if err != nil {
		return usagef("--kid: %s", tokenText(err))
	}
	var keys []token.Key
	if c.Add {
		file, err := token.OpenKeyFile(c.File)
		if errors.Is(err, fs.ErrNotExist) {
			return usagef("there is no %s to add a key to: leave out --add to make it", c.File)
		}
		if err != nil {
			return keyFileError(err)
		}
		keys = file.Set().All()
	}
	set, err := token.NewKeySet(append(keys, key)...)
	if err != nil {
		return usagef("%s has a key %q already: choose another --kid", c.File, c.Kid)
	}
	if err := writeSecret(c.File, set.Private(), c.Add); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return usagef("%s exists: --add adds a key to it", c.File)
		}
		return fmt.Errorf("cannot write the keys: %w", err)
	}
	fmt.Fprintf(p.stderr, "key %s (%s) is in %s; whoever reads that can make tokens\n", key.ID(), key.Alg(), c.File)
	if c.Public {
		return printPublic(p, c.File, set)
	}
	return nil
}

// writeSecret makes a file that only its owner can read, all of it or none: a server may be about to read it again. It does not
// write over one that is there, unless it is to replace it.
func writeSecret(path string, data []byte, replace bool) error {
	if !replace {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// keysPublicCmd is the argument of `beckon keys public`.
type keysPublicCmd struct {
	File string `arg:"" help:"A key file."`
}

// Run prints the public half.
func (c *keysPublicCmd) Run(p *process) error {
	file, err := token.OpenKeyFile(c.File)
	if err != nil {
		return keyFileError(err)
	}
	return printPublic(p, c.File, file.Set())
}

func printPublic(p *process, path string, set *token.KeySet) error {
	public := 0
	for _, key := range set.All() {
		if !key.Symmetric() {
			public++
		}
	}
	if public == 0 {
		return fmt.Errorf("%s has symmetric keys only, which have no public half: the server needs the file itself", path)
	}
	_, err := p.stdout.Write(set.Public())
	return err
}

// keyFileError says what is wrong with a key file, without the names of packages.
func keyFileError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s; `beckon keys new` makes a key file", tokenText(err))
	}
	return errors.New(tokenText(err))
}

// keyNames are for a sentence.
func keyNames(keys []token.Key) string {
	names := keyIDs(keys)
	for i, name := range names {
		names[i] = strconv.Quote(name)
	}
	return strings.Join(names, ", ")
}

// keyIDs are for a log.
func keyIDs(keys []token.Key) []string {
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.ID())
	}
	return ids
}
