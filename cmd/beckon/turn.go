package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/turnserver"
)

// turnCmd is the flags of `beckon turn`. What it shares with `serve` has the same names there.
type turnCmd struct {
	Listen        []string `group:"turn" placeholder:"ADDR" sep:"," default:":3478" help:"Address of STUN and TURN, UDP and TCP, as HOST:PORT; port 0 takes a free one. Can be repeated."`
	TLSListen     string   `group:"turn" name:"tls-listen" placeholder:"ADDR" defaults:":5349 with a certificate" help:"Address of STUN and TURN over TLS."`
	PublicHost    string   `group:"turn" placeholder:"NAME" defaults:"the name of --acme, or the relay's address" help:"Name or address of this machine for clients, in the URLs. Needed with --tls-cert: the name that it is for."`
	ProxyProtocol []string `group:"turn" placeholder:"CIDR" sep:"," help:"Balancer that passes connections on to --tls-listen as they are, and says whose they are in a PROXY header, version 2. Can be repeated."`

	User   []string `group:"access" placeholder:"NAME:PASSWORD" sep:"," help:"Who may use the relay, with a password that does not end; neither has a comma. Can be repeated."`
	Secret string   `group:"access" placeholder:"TEXT" help:"Signs credentials that end by themselves (TURN REST), and your app's backend makes them. At least 16 characters."`
	Realm  string   `group:"access" placeholder:"NAME" default:"beckon" help:"The realm of the credentials."`

	tlsFlags

	RelayPorts string `group:"relay" placeholder:"MIN-MAX" default:"49152-65535" help:"UDP ports of the relay, one for each relayed peer."`
	relayFlags
	TurnAllowLocal bool   `group:"relay" help:"Let the relay reach loopback and this machine's own addresses, and so its other services: for tests."`
	Payload        string `group:"relay" placeholder:"WHAT" default:"any" enum:"any,data,media" help:"What it carries: any datagram; data, which is what data channels need (STUN and DTLS); or media, which is audio and video besides."`

	Grace patience `group:"run" placeholder:"TIME" default:"10s" help:"How long Ctrl-C waits for allocations to end. A second Ctrl-C does not wait."`
	adminFlags
	logFlags
}

// Help is what `beckon turn --help` says before the flags.
func (turnCmd) Help() string {
	return `The first line on stdout is the relay's turn: URL; the log is on stderr.

Examples:

    beckon turn --user ada:correct-horse --turn-relay-address 198.51.100.7
    beckon turn --secret "$(cat secret)" --acme turn.example.org

With --secret, a username is the Unix time of its end, a colon and a name, and the password is the base64 HMAC-SHA1 of that under the secret, as for coturn. Prefer BECKON_SECRET and BECKON_USER to flags for secrets: everybody on this machine can read a command line.`
}

// alonePlan is what `turn` will do.
type alonePlan struct {
	turnPlan
	tls       *address // nil without TLS
	cert      *certPlan
	balancers []netip.Prefix
	admin     *address
	name      string // for clients; "" for the relay's address
	grace     time.Duration
}

// plan checks the flags one by one and together.
func (c *turnCmd) plan(m machine) (p *alonePlan, err error) {
	p = &alonePlan{turnPlan: turnPlan{tcp: true, local: c.TurnAllowLocal, realm: c.Realm}, grace: time.Duration(c.Grace)}
	if p.cert, err = c.certPlan(m.cacheDir); err != nil {
		return nil, err
	}
	for _, step := range []func(*alonePlan) error{c.planUsers, c.planListeners} {
		if err := step(p); err != nil {
			return nil, err
		}
	}
	if p.ports, err = turnserver.ParsePortRange(c.RelayPorts); err != nil {
		return nil, flagError("--relay-ports", err)
	}
	if p.payload, err = turnserver.ParsePayload(c.Payload); err != nil {
		return nil, flagError("--payload", err)
	}
	if err := c.relayFlags.into(&p.turnPlan); err != nil {
		return nil, err
	}
	if p.quotas.Room != (turnserver.Quota{}) {
		return nil, usagef("--relay-limit: a relay alone knows no rooms: bound identity, which is the user, or address")
	}
	return p, p.settleRelay(m)
}

// planUsers decides who may use it.
func (c *turnCmd) planUsers(p *alonePlan) (err error) {
	if c.Secret == "" && len(c.User) == 0 {
		return usagef("nobody could use the relay: give a --user NAME:PASSWORD, or a --secret for credentials that your app's backend makes, " +
			"from `openssl rand -base64 24` for example")
	}
	for _, user := range c.User {
		name, password, ok := strings.Cut(user, ":")
		if !ok || name == "" || password == "" {
			// Without what is there: it may be the end of a password that has a comma.
			return usagef("--user: one has no password behind a colon: write it like ada:correct-horse, where commas part one user from the next")
		}
		if p.users[name] != "" {
			return usagef("--user names %q twice: leave out one of them", name)
		}
		if p.users == nil {
			p.users = map[string]string{}
		}
		p.users[name] = password
	}
	p.secret, err = secret("--secret", c.Secret)
	return err
}

// planListeners decides where it listens.
func (c *turnCmd) planListeners(p *alonePlan) (err error) {
	if p.udp, err = parseAddresses("--listen", c.Listen, 3478); err != nil {
		return err
	}
	switch {
	case p.cert == nil && c.TLSListen != "":
		return usagef("--tls-listen %s needs a certificate: add --tls-cert and --tls-key, or --acme", c.TLSListen)
	case p.cert == nil && len(c.ProxyProtocol) > 0:
		return usagef("--proxy-protocol is about --tls-listen, and there is no certificate: add --tls-cert and --tls-key, or leave it out")
	case c.TLSListen != "":
		a, err := parseAddress("--tls-listen", c.TLSListen, 5349)
		if err != nil {
			return err
		}
		p.tls = &a
	case p.cert != nil:
		p.tls = &address{port: 5349}
	}
	if p.balancers, err = turnserver.ParsePrefixes(c.ProxyProtocol); err != nil {
		return flagError("--proxy-protocol", err)
	}
	if p.name, err = publicName(c.PublicHost, p.cert); err != nil {
		return err
	}
	if p.cert != nil && p.cert.cert != "" && p.name == "" && p.tls.everywhere() {
		return usagef("--public-host is missing: clients have to be told the name that the certificate of --tls-cert is for, like turn.example.org")
	}
	p.admin, err = c.adminAddress(false)
	return err
}

// settleRelay decides what addresses peers see.
func (p *alonePlan) settleRelay(m machine) error {
	if len(p.relay) > 0 {
		return nil
	}
	own, err := relayAddresses(p.udp, false, m)
	if err != nil {
		return err
	}
	if hidden, found := hiddenAddress(p.udp, own); found {
		return usagef("--turn-relay-address is missing, and this machine's own address %s is not public: name the public one, "+
			"or name %s itself if all users are on its network", hidden, hidden)
	}
	p.relay = withoutHidden(p.udp, own)
	return nil
}

// Run relays until ctx ends.
func (c *turnCmd) Run(ctx context.Context, p *process) error {
	plan, err := c.plan(thisMachine())
	if err != nil {
		return err
	}
	log := c.logger(p.stderr)
	if err := warnStrays(p.env, log); err != nil {
		return err
	}
	r, err := listenAlone(context.WithoutCancel(ctx), plan, log)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(p.stdout, r.urls()[1]); err != nil {
		r.stop(context.WithoutCancel(ctx), 0)
		return fmt.Errorf("cannot write the relay's URL to stdout: %w", err)
	}
	return r.run(ctx)
}
