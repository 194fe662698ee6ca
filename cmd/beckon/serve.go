package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// serveCmd is the flags of `beckon serve`. What they mean together is decided in plan.
type serveCmd struct {
	Dev        bool     `group:"try" help:"Development: loopback only unless --listen says otherwise, everybody may join every room, and the relay reaches this machine. Where a default port is taken, a free one is used."`
	Listen     string   `group:"http" placeholder:"ADDR" defaults:":8080; with --dev 127.0.0.1:8080" help:"Address of signaling and the demo, as HOST:PORT; port 0 takes a free one."`
	PublicURL  string   `group:"http" placeholder:"URL" defaults:"http:// and where the server listens" help:"Where clients reach signaling and the demo, if that is a proxy: like https://beckon.example.org. The room that is printed is there, and its pages may connect."`
	PublicHost string   `group:"http" placeholder:"NAME" defaults:"the relay's address; for the room the host of --listen" help:"Name or address of this machine for clients, in the TURN URLs and, without --public-url, in the room that is printed."`
	TrustProxy []string `group:"http" placeholder:"CIDR" sep:"," help:"Proxy whose X-Forwarded-For is believed about who the client is. Can be repeated."`

	Keys           string   `group:"access" placeholder:"FILE" help:"Keys that join tokens are checked with, as beckon keys new or public makes them. SIGHUP has the file read again."`
	KeysURL        string   `group:"access" placeholder:"URL" help:"The same, where an identity provider publishes them (JWKS): https, or http on this machine."`
	Audience       string   `group:"access" placeholder:"NAME" defaults:"the host of --public-url" help:"This server's name in tokens: what their aud must be."`
	Issuer         string   `group:"access" placeholder:"NAME" defaults:"anybody with a key" help:"Who must have made the tokens: their iss."`
	Webhook        string   `group:"access" placeholder:"URL" help:"Your app's backend, which is asked who may come in, instead of keys: https, or http on this machine. Without an answer, nobody comes in."`
	WebhookSecret  string   `group:"access" placeholder:"TEXT" help:"Needed with --webhook, signs the questions to it. At least 16 characters."`
	AllowAnonymous []string `group:"access" placeholder:"ROOM" sep:"," help:"Room that everybody may join without a token, or all that begin alike: team-*. They have half of the rates and rooms that others have. Can be repeated."`
	AnonymousRelay bool     `group:"access" help:"Let those use the relay, too, though there are tokens. Without tokens they may anyway."`
	AnonymousBots  bool     `group:"access" help:"Let also programs join without a token, which send no Origin as browsers do."`
	AllowOrigin    []string `group:"access" placeholder:"ORIGIN" sep:"," defaults:"the server's own" help:"Other origin whose pages may connect, like https://app.example.org or https://*.example.org; or * for all, pages from files included. Can be repeated."`
	Secret         string   `group:"access" placeholder:"TEXT" defaults:"a random one" help:"Signs what a client shows when it comes back. At least 16 characters. Set it to have that survive a restart."`

	TurnListen       string   `group:"turn" placeholder:"ADDR" defaults:":3478; with --dev port 3478 of the host of --listen" help:"Address of STUN and TURN, UDP and TCP, as HOST:PORT; port 0 takes a free one."`
	TurnRelayAddress string   `group:"turn" placeholder:"IP" defaults:"the host of --turn-listen, else this machine's address if that is public" help:"Address that peers see of the relay: the public one."`
	TurnPorts        string   `group:"turn" placeholder:"MIN-MAX" defaults:"49152-65535" help:"UDP ports of the relay, one for each relayed peer."`
	TurnSecret       string   `group:"turn" placeholder:"TEXT" defaults:"a random one" help:"Signs the relay's credentials. At least 16 characters."`
	TurnAllow        []string `group:"turn" placeholder:"CIDR" sep:"," help:"Network that the relay may reach though it is not public. Can be repeated."`
	TurnDeny         []string `group:"turn" placeholder:"CIDR" sep:"," help:"Network that the relay may not reach. Beats --turn-allow. Can be repeated."`
	NoTurn           bool     `group:"turn" help:"Run no relay and no STUN: only peers that reach each other directly will connect."`

	Grace patience `group:"run" placeholder:"TIME" default:"10s" help:"How long Ctrl-C waits for what is under way. A second Ctrl-C does not wait."`
	logFlags
}

// Help is what `beckon serve --help` says before the flags.
func (serveCmd) Help() string {
	return `The first line on stdout is the URL of a room to open in a browser; the log is on stderr. Without keys, a webhook, --allow-anonymous or --dev, nobody could join, and it does not start.

Examples:

    beckon serve --dev
    beckon serve --dev --listen 192.168.1.5:8080
    beckon serve --allow-anonymous 'team-*' --turn-relay-address 198.51.100.7
    beckon serve --keys public.json --public-url https://beckon.example.org --turn-relay-address 198.51.100.7

Every flag can be set by the environment variable at its end; a list takes commas. Prefer that for secrets: everybody on this machine can read a command line.`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, p *process) error {
	plan, err := c.plan(machineAddress)
	if err != nil {
		return err
	}
	log := c.logger(p.stderr)
	s, err := listen(ctx, plan, log)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(p.stdout, s.roomURL()); err != nil {
		s.stop(context.WithoutCancel(ctx), 0)
		return fmt.Errorf("cannot write the room's URL to stdout: %w", err)
	}
	return s.run(ctx)
}

// patience is for how long to wait: a flag's value that is never negative.
type patience time.Duration

var _ kong.MapperValue = (*patience)(nil)

// Decode reads what follows the flag. Kong's own reader takes a -5s for another flag, and its advice for that would only lead
// to the next error.
func (p *patience) Decode(ctx *kong.DecodeContext) error {
	text := ""
	if token := ctx.Scan.Pop(); !token.IsEOL() {
		text = token.String()
	}
	d, err := time.ParseDuration(text)
	switch {
	case err == nil && d >= 0:
		*p = patience(d)
		return nil
	case text != "" && strings.Trim(text, "0123456789") == "":
		return fmt.Errorf("%q has no unit: did you mean %q?", text, text+"s")
	}
	return fmt.Errorf("%q is no time to wait: write it like 10s or 1m30s; 0s does not wait", text)
}
