package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/token"
)

// tokenCmd is the sub-commands of `beckon token`.
type tokenCmd struct {
	New    tokenNewCmd    `cmd:"" aliases:"mint" help:"Make a join token, and print it."`
	Show   tokenShowCmd   `cmd:"" aliases:"inspect" help:"Show what a join token says, and whether a server would accept it."`
	Attest tokenAttestCmd `cmd:"" help:"Say of somebody's key that it is theirs, for peers who do not want to take the server's word."`
}

// tokenNewCmd is the flags of `beckon token new`.
type tokenNewCmd struct {
	KeyFile  string        `group:"key" placeholder:"FILE" required:"" help:"Keys, as beckon keys new makes them."`
	Kid      string        `group:"key" placeholder:"NAME" defaults:"the newest that can sign, which is the last in the file" help:"Which of the keys."`
	Sub      string        `group:"claims" placeholder:"NAME" required:"" help:"Whom it is for: the identity that the other members see."`
	Aud      []string      `group:"claims" placeholder:"NAME" sep:"," required:"" help:"Which server it is for: the name that this server goes by. Can be repeated."`
	Iss      string        `group:"claims" placeholder:"NAME" defaults:"none" help:"Who makes it, if the server wants to know."`
	Life     time.Duration `group:"claims" placeholder:"TIME" default:"1h" help:"For how long it is good, at most 24h."`
	Bind     string        `group:"claims" placeholder:"KEY" defaults:"none" help:"The holder's public key, as beckon identity prints it: with another one, or none, the token opens nothing."`
	Room     []string      `group:"grant" placeholder:"ROOM" sep:"," required:"" help:"Room that it opens, or all that begin alike: team-*; or * for all. Can be repeated."`
	Allow    []string      `group:"grant" placeholder:"WHAT" sep:"," defaults:"signal,message,attributes,relay" help:"What its holder may do: signal, message, attributes, relay, admin, hidden; or none, to be there and to watch."`
	MaxPeers int           `group:"grant" placeholder:"N" defaults:"the server's limit" help:"How many peers this identity may have at once."`
	Capacity int           `group:"grant" placeholder:"N" defaults:"the server's limit" help:"How many members the rooms may have."`
}

// Help is what --help says before the flags.
func (tokenNewCmd) Help() string {
	return `Only the token is on stdout.

Examples:

    beckon token new --key-file keys.json --sub ada --aud beckon.example.org --room tea
    beckon token new --key-file keys.json --sub bot-7 --aud beckon.example.org --room 'team-*' --allow signal,hidden --life 10m

In production your app's backend makes the tokens, with any JWT library; this is to try things out, and for bots.`
}

// Run makes the token.
func (c *tokenNewCmd) Run(p *process) error {
	key, err := signingKey(c.KeyFile, c.Kid)
	if err != nil {
		return err
	}
	if err := checkPublicKey("--bind", c.Bind); err != nil {
		return err
	}
	now := time.Now()
	claims := token.Claims{
		Identity: c.Sub, Audience: c.Aud, Issuer: c.Iss, IssuedAt: now, Expires: now.Add(c.Life), Key: c.Bind,
		Grant: token.Grant{Rooms: c.Room, Allow: c.allow(), MaxPeers: c.MaxPeers, Capacity: c.Capacity},
	}
	text, err := token.Sign(key, claims, now)
	if err != nil {
		return usagef("such a token would be refused: %s", tokenText(err))
	}
	_, err = fmt.Fprintln(p.stdout, text)
	return err
}

// signingKey is the one that was asked for, or the last in the file that can sign: a new key is added at its end.
func signingKey(file, kid string) (token.Key, error) {
	opened, err := token.OpenKeyFile(file)
	if err != nil {
		return token.Key{}, keyFileError(err)
	}
	all := opened.Set().All()
	if kid != "" {
		key, ok := opened.Set().Lookup(kid)
		if !ok {
			return token.Key{}, usagef("there is no key %q in %s: it has %s", kid, file, keyNames(all))
		}
		return key, nil
	}
	for _, key := range slices.Backward(all) {
		if key.CanSign() {
			return key, nil
		}
	}
	return token.Key{}, usagef("%s has public keys only, which check tokens: use the file that `beckon keys new` has made", file)
}

// allow is nil if nothing was said: then a token does not say either, and has what is ordinary.
func (c *tokenNewCmd) allow() []token.Permission {
	if len(c.Allow) == 1 && c.Allow[0] == "none" {
		return []token.Permission{}
	}
	var allow []token.Permission
	for _, name := range c.Allow {
		allow = append(allow, token.Permission(name))
	}
	return allow
}

// tokenShowCmd is the flags of `beckon token show`.
type tokenShowCmd struct {
	Token   string `arg:"" name:"token" help:"The token; or - to read it from stdin, where no list of processes shows it."`
	KeyFile string `group:"key" placeholder:"FILE" defaults:"none, and the signature is not checked" help:"Keys to check the signature with."`
	KeyURL  string `group:"key" placeholder:"URL" help:"Published keys to check the signature with. Only this uses the network."`
	Aud     string `group:"claims" placeholder:"NAME" defaults:"whom the token names" help:"The name of the server that would get it."`
	Iss     string `group:"claims" placeholder:"NAME" defaults:"anybody" help:"The issuer whom that server trusts."`
	Room    string `group:"grant" placeholder:"ROOM" help:"The room that it should open."`
}

// Help is what --help says before the flags.
func (tokenShowCmd) Help() string {
	return `The exit code is 0 if it would be accepted, as far as that was checked, and 1 if not.

Example:

    beckon token new … | beckon token show - --key-file keys.json --aud beckon.example.org --room tea`
}

// Run shows the token, and says what a server would.
func (c *tokenShowCmd) Run(ctx context.Context, p *process) error {
	if c.KeyFile != "" && c.KeyURL != "" {
		return usagef("--key-file and --key-url both say where the keys are: leave one of them out")
	}
	text, err := c.text(p.stdin)
	if err != nil {
		return err
	}
	seen, err := token.Inspect(text)
	if err != nil {
		return fmt.Errorf("this is no join token: %s", tokenText(err))
	}
	fmt.Fprintf(p.stdout, "header %s\nclaims %s\n", indented(seen.Header), indented(seen.Payload))
	if seen.Err != nil {
		return refused(seen.Err)
	}
	claims, err := token.ParseClaims(seen.Payload)
	if err != nil {
		return refused(err)
	}
	access, audience, err := c.check(ctx, text, claims)
	if err != nil {
		return refused(err)
	}
	rooms := strings.Join(access.Grant.Rooms, ", ")
	if c.Room != "" && !access.Grant.Covers(c.Room) {
		return fmt.Errorf("a server would accept this token, but not for the room %q: it opens %s", c.Room, rooms)
	}
	if c.Room != "" {
		rooms = c.Room
	}
	condition := ""
	if access.Key == "" {
		condition = ", if the signature is good (name the keys with --key-file or --key-url to have it checked)"
	}
	_, err = fmt.Fprintf(p.stdout, "A server called %q would accept it until %s, in %s%s: as %q, in %s, to %s.\n", audience,
		claims.Expires.Format(time.RFC3339), time.Until(claims.Expires).Round(time.Second), condition, access.Identity, rooms, abilities(access.Grant))
	return err
}

// text is the token, without the line feed that a pipe or a clipboard adds.
func (c *tokenShowCmd) text(stdin io.Reader) (string, error) {
	if c.Token != "-" {
		return strings.TrimSpace(c.Token), nil
	}
	data, err := io.ReadAll(io.LimitReader(stdin, token.MaxToken+100))
	if err != nil {
		return "", fmt.Errorf("cannot read the token from stdin: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// check is what a server does, with the keys that there are. The Access has no Key if there are none.
func (c *tokenShowCmd) check(ctx context.Context, text string, claims token.Claims) (access token.Access, audience string, err error) {
	audience = c.Aud
	if audience == "" && len(claims.Audience) > 0 {
		audience = claims.Audience[0]
	}
	keys, done, err := c.keys()
	if err != nil {
		return token.Access{}, "", err
	}
	defer done()
	if keys != nil && audience != "" {
		v, err := token.NewVerifier(token.Config{Audience: audience, Issuers: []token.Issuer{{Name: c.Iss, Keys: keys}}})
		if err != nil {
			return token.Access{}, "", err
		}
		access, err = v.Verify(ctx, text)
		return access, audience, err
	}
	switch {
	case audience == "":
		return token.Access{}, "", fmt.Errorf("there is no claim `aud`, which says which server it is for")
	case !slices.Contains(claims.Audience, audience):
		return token.Access{}, "", fmt.Errorf("it is for %q (`aud`), and that server is %q", claims.Audience, audience)
	case c.Iss != "" && claims.Issuer != c.Iss:
		return token.Access{}, "", fmt.Errorf("it is made by %q (`iss`), and that server trusts %q", claims.Issuer, c.Iss)
	}
	access, err = token.Rules{}.Access(claims, time.Now())
	return access, audience, err
}

// keys opens what the flags name; nil if they name nothing. done is for when they are no longer used.
func (c *tokenShowCmd) keys() (keys token.Keys, done func(), err error) {
	switch {
	case c.KeyFile != "":
		file, err := token.OpenKeyFile(c.KeyFile)
		return file, func() {}, err
	case c.KeyURL != "":
		published, err := token.NewKeyURL(token.KeyURLConfig{URL: c.KeyURL})
		if err != nil {
			return nil, nil, err
		}
		return published, func() { _ = published.Close() }, nil
	}
	return nil, func() {}, nil
}

func refused(err error) error {
	return fmt.Errorf("a server would refuse this token: %s", tokenText(err))
}

// tokenText is an error's sentence without the name of the package.
func tokenText(err error) string { return strings.TrimPrefix(err.Error(), "token: ") }

// abilities are what a grant allows, for a sentence.
func abilities(g token.Grant) string {
	if len(g.Allow) == 0 {
		return "watch"
	}
	var names []string
	for _, p := range g.Allow {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// indented is JSON for people. It has been parsed before.
func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}
