package main

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/turnserver"
)

// plan is what `serve` will do, decided from the flags and the files that they name: nothing has been bound yet, and what cannot
// work has been refused.
type plan struct {
	dev       bool
	http      address
	cert      *certPlan // nil without TLS of our own
	turn      *turnPlan // nil with --no-turn
	admin     *address  // nil with --admin none
	proxies   []netip.Prefix
	balancers []netip.Prefix
	publicURL *url.URL // nil if clients reach the server where it listens; else scheme and host
	name      string   // by which clients reach this machine; "" if they are told addresses
	turnURLs  []string // instead of those that follow from the addresses
	anonymous []string // rooms that everybody may join, as in signaling.Grant
	access    accessPlan
	origins   []string
	secret    []byte // nil: a random one
	grace     time.Duration
}

// turnPlan is a relay, of `serve` or alone.
type turnPlan struct {
	udp         []address
	tcp         bool // listens there for TCP, too
	relay       []netip.Addr
	ports       turnserver.PortRange // zero: virtual ones
	secret      []byte               // nil: a random one
	users       map[string]string
	realm       string // "": the default
	allow, deny []netip.Prefix
	local       bool // may reach this machine
	payload     turnserver.Payload
	quotas      turnserver.Quotas
	scope       bool
}

// address is where to listen. If orFree is set and the port is taken, any other will do.
type address struct {
	host   string // "" means every address of the machine
	port   uint16
	orFree bool
}

func (a address) String() string { return net.JoinHostPort(a.host, strconv.Itoa(int(a.port))) }

// everywhere tells whether it is no particular address.
func (a address) everywhere() bool {
	addr, err := netip.ParseAddr(a.host)
	return a.host == "" || err == nil && addr.IsUnspecified()
}

// minSecret is 128 bits, if they are random. Whoever guesses the secret can make his own credentials.
const minSecret = 16

// machine is what a plan has to know of this machine. Tests make one up.
type machine struct {
	addresses func() ([]netip.Addr, error) // see machineAddresses
	cacheDir  func() (string, error)       // os.UserCacheDir
}

func thisMachine() machine { return machine{machineAddresses, os.UserCacheDir} }

// plan checks the flags one by one and together.
func (c *serveCmd) plan(m machine) (*plan, error) {
	if err := c.together(); err != nil {
		return nil, err
	}
	p := &plan{dev: c.Dev, grace: time.Duration(c.Grace)}
	for _, step := range []func(p *plan, m machine) error{c.planHTTP, c.planAccess, c.planTurn} {
		if err := step(p, m); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planHTTP decides on the port, and on by what name it is reached.
func (c *serveCmd) planHTTP(p *plan, m machine) (err error) {
	if p.cert, err = c.certPlan(m.cacheDir); err != nil {
		return err
	}
	switch {
	case c.Listen != "":
		p.http, err = parseAddress("--listen", c.Listen, 8080)
	case c.Dev:
		p.http = address{host: "127.0.0.1", port: 8080, orFree: true}
	case p.cert != nil:
		p.http = address{port: 443}
	default:
		p.http = address{port: 8080}
	}
	if err != nil {
		return err
	}
	if p.name, err = publicName(c.PublicHost, p.cert); err != nil {
		return err
	}
	if p.cert != nil && p.cert.cert != "" && !c.Dev && p.name == "" && c.PublicURL == "" && p.http.everywhere() {
		return usagef("--public-host is missing: clients have to be told the name that the certificate of --tls-cert is for, like beckon.example.org")
	}
	if c.PublicURL != "" {
		if p.publicURL, err = parsePublicURL(c.PublicURL); err != nil {
			return err
		}
		// A proxy need not pass on the host that the browser asked for, and then these pages would be somebody else's.
		p.origins = append(p.origins, p.publicURL.String())
	}
	if p.proxies, err = turnserver.ParsePrefixes(c.TrustProxy); err != nil {
		return flagError("--trust-proxy", err)
	}
	if p.balancers, err = turnserver.ParsePrefixes(c.ProxyProtocol); err != nil {
		return flagError("--proxy-protocol", err)
	}
	p.admin, err = c.adminAddress(c.Dev)
	return err
}

// planAccess decides who may come in.
func (c *serveCmd) planAccess(p *plan, _ machine) (err error) {
	p.anonymous = c.AllowAnonymous
	if c.Dev {
		p.anonymous = []string{"*"}
	}
	for _, pattern := range p.anonymous {
		if err := checkPattern(pattern); err != nil {
			return err
		}
	}
	host := ""
	switch {
	case p.publicURL != nil:
		host = strings.ToLower(p.publicURL.Host)
	case p.cert != nil && len(p.cert.domains) > 0:
		host = p.cert.domains[0]
	}
	if p.access, err = c.accessPlan(host); err != nil {
		return err
	}
	p.origins = slices.Concat(p.origins, c.AllowOrigin)
	for _, origin := range c.AllowOrigin {
		if err := signaling.CheckOrigin(origin); err != nil {
			return usagef("--allow-origin %s", strings.TrimPrefix(err.Error(), "signaling: origin "))
		}
	}
	p.secret, err = secret("--secret", c.Secret)
	return err
}

// planTurn decides on the relay.
func (c *serveCmd) planTurn(p *plan, m machine) (err error) {
	if c.NoTurn {
		return nil
	}
	t := &turnPlan{local: c.Dev, scope: c.RelayScope}
	if c.RelayMedia {
		t.payload = turnserver.PayloadMedia
	}
	switch {
	case len(c.TurnListen) > 0:
		t.udp, err = parseAddresses("--turn-listen", c.TurnListen, 3478)
	case c.Dev:
		t.udp = []address{{host: p.http.host, port: 3478, orFree: true}}
	default:
		t.udp = []address{{port: 3478}}
	}
	if err != nil {
		return err
	}
	if c.RelayPorts != "" {
		if t.ports, err = turnserver.ParsePortRange(c.RelayPorts); err != nil {
			return flagError("--relay-ports", err)
		}
	}
	if t.secret, err = secret("--turn-secret", c.TurnSecret); err != nil {
		return err
	}
	if p.turnURLs, err = parseTurnURLs(c.TurnURL); err != nil {
		return err
	}
	if err := c.relayFlags.into(t); err != nil {
		return err
	}
	p.turn = t
	return p.settleRelay(m)
}

func secret(flag, value string) ([]byte, error) {
	if value == "" {
		return nil, nil
	}
	if len(value) < minSecret {
		return nil, usagef("%s is so short that it could be guessed: use at least %d characters, from `openssl rand -base64 24` for example",
			flag, minSecret)
	}
	return []byte(value), nil
}
