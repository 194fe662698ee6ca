package main

import (
	"context"
	"fmt"
)

// serveCmd is the flags of `beckon serve`. What they mean together is decided in plan.
type serveCmd struct {
	Dev           bool     `group:"try" help:"Development: loopback only unless --listen says otherwise, everybody may join every room, and with --relay-ports the relay reaches this machine. Where a default port is taken, a free one is used."`
	Listen        string   `group:"http" placeholder:"ADDR" defaults:":443 with TLS, else :8080; with --dev 127.0.0.1:8080" help:"Address of everything that goes over TCP, as HOST:PORT: signaling, the demo, TURN over TCP and TLS. Port 0 takes a free one."`
	PublicURL     string   `group:"http" placeholder:"URL" defaults:"where the server listens, with the name of --acme" help:"Where clients reach signaling and the demo, if that is a proxy or a balancer: like https://beckon.example.org. The room that is printed is there, and its pages may connect."`
	PublicHost    string   `group:"http" placeholder:"NAME" defaults:"the name of --acme, or the relay's address" help:"Name or address of this machine for clients, in the TURN URLs and, without --public-url, in the room that is printed."`
	TrustProxy    []string `group:"http" placeholder:"CIDR" sep:"," help:"Proxy whose X-Forwarded-For is believed about who the client is. Can be repeated."`
	ProxyProtocol []string `group:"http" placeholder:"CIDR" sep:"," help:"Balancer that passes connections on as they are, and says whose they are in a PROXY header, version 2. Can be repeated."`
	tlsFlags

	Keys           string   `group:"access" placeholder:"FILE" help:"Keys that join tokens are checked with, as beckon keys new or public makes them. SIGHUP has the file read again."`
	KeysURL        string   `group:"access" placeholder:"URL" help:"The same, where an identity provider publishes them (JWKS): https, or http on this machine."`
	Audience       string   `group:"access" placeholder:"NAME" defaults:"the host of --public-url, or the first name of --acme" help:"This server's name in tokens: what their aud must be."`
	Issuer         string   `group:"access" placeholder:"NAME" defaults:"anybody with a key" help:"Who must have made the tokens: their iss."`
	Webhook        string   `group:"access" placeholder:"URL" help:"Your app's backend, which is asked who may come in, instead of keys: https, or http on this machine. Without an answer, nobody comes in."`
	WebhookSecret  string   `group:"access" placeholder:"TEXT" help:"Needed with --webhook, signs the questions to it. At least 16 characters."`
	AllowAnonymous []string `group:"access" placeholder:"ROOM" sep:"," help:"Room that everybody may join without a token, or all that begin alike: team-*. They have half of the rates and rooms that others have. Can be repeated."`
	AnonymousRelay bool     `group:"access" help:"Let those use the relay, too, though there are tokens. Without tokens they may anyway."`
	AnonymousBots  bool     `group:"access" help:"Let also programs join without a token, which send no Origin as browsers do."`
	AllowOrigin    []string `group:"access" placeholder:"ORIGIN" sep:"," defaults:"the server's own" help:"Other origin whose pages may connect, like https://app.example.org or https://*.example.org; or * for all, pages from files included. Can be repeated."`
	Secret         string   `group:"access" placeholder:"TEXT" defaults:"a random one" help:"Signs what a client shows when it comes back. At least 16 characters. Set it to have that survive a restart."`

	TurnListen []string `group:"turn" placeholder:"ADDR" sep:"," defaults:":3478; with --dev port 3478 of the host of --listen" help:"Address of STUN and TURN over UDP, as HOST:PORT; port 0 takes a free one. Over TCP they are at --listen. Can be repeated: :3478,:443."`
	TurnURL    []string `group:"turn" placeholder:"URL" sep:"," defaults:"from the addresses, see the deployment guide" help:"What clients are told of STUN and TURN instead, if they reach them elsewhere: like turns:turn.example.org:443?transport=tcp. Can be repeated."`
	TurnSecret string   `group:"turn" placeholder:"TEXT" defaults:"a random one" help:"Signs the relay's credentials. At least 16 characters."`
	NoTurn     bool     `group:"turn" help:"Run no relay and no STUN: only peers that reach each other directly will connect."`

	RelayPorts string `group:"relay" placeholder:"MIN-MAX" defaults:"none: relays reach each other inside of the server" help:"UDP ports for the relay, one for each relayed peer, so that it also reaches peers that use no relay of this server."`
	relayFlags
	RelayMedia bool `group:"relay" help:"Relay audio and video (SRTP), too, and not only data channels."`
	RelayScope bool `group:"relay" help:"With --relay-ports, let a peer relay only to addresses that members of its own rooms have announced."`

	Grace patience `group:"run" placeholder:"TIME" default:"10s" help:"How long Ctrl-C waits for what is under way. A second Ctrl-C does not wait."`
	adminFlags
	logFlags
}

// Help is what `beckon serve --help` says before the flags.
func (serveCmd) Help() string {
	return `The first line on stdout is the URL of a room to open in a browser; the log is on stderr. Over https and on this machine, the URL has a secret behind its #, made for this line and kept nowhere, which browsers do not send: only who has the whole link connects to the others who have it. Without keys, a webhook, --allow-anonymous or --dev, nobody could join, and it does not start.

Examples:

    beckon serve --dev
    beckon serve --dev --listen 192.168.1.5:8080
    beckon serve --acme beckon.example.org --allow-anonymous 'team-*'
    beckon serve --acme beckon.example.org --keys public.json --relay-limit identity:bytes=20GB,rate=8Mbit

Every flag can be set by the environment variable at its end; a list takes commas. Prefer that for secrets: everybody on this machine can read a command line.`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, p *process) error {
	plan, err := c.plan(thisMachine())
	if err != nil {
		return err
	}
	log := c.logger(p.stderr)
	if err := warnStrays(p.env, log); err != nil {
		return err
	}
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
