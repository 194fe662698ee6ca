package main

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/turnserver"
)

// plan is what `serve` will do, decided from the flags alone: nothing has been bound yet, and what cannot work has been
// refused.
type plan struct {
	dev        bool
	http       address
	turn       *turnPlan // nil with --no-turn
	proxies    []netip.Prefix
	publicURL  *url.URL // nil if clients reach the server where it listens; else scheme and host
	publicHost string   // "" if clients are told addresses
	anonymous  []string // rooms that everybody may join, as in signaling.Grant
	access     accessPlan
	origins    []string
	secret     []byte // nil: a random one
	grace      time.Duration
}

type turnPlan struct {
	address
	relay       netip.Addr
	ports       turnserver.PortRange // zero: the default
	secret      []byte               // nil: a random one
	realm       string               // "": the default
	local       bool                 // may reach this machine
	allow, deny []netip.Prefix
}

// address is where to listen. If orFree is set and the port is taken, any other will do.
type address struct {
	host   string // "" means every address of the machine
	port   uint16
	orFree bool
}

func (a address) String() string { return net.JoinHostPort(a.host, strconv.Itoa(int(a.port))) }

// minSecret is 128 bits, if they are random. Whoever guesses the secret can make his own credentials.
const minSecret = 16

// plan checks the flags one by one and together. machine returns this machine's address, see machineAddress.
func (c *serveCmd) plan(machine func() (netip.Addr, error)) (*plan, error) {
	if err := c.together(); err != nil {
		return nil, err
	}
	p := &plan{dev: c.Dev, publicHost: c.PublicHost, grace: time.Duration(c.Grace)}
	var err error
	if p.http, err = c.httpAddress(); err != nil {
		return nil, err
	}
	if p.publicHost != "" {
		if err := checkHost(p.publicHost); err != nil {
			return nil, err
		}
	}
	if c.PublicURL != "" {
		if p.publicURL, err = parsePublicURL(c.PublicURL); err != nil {
			return nil, err
		}
		// A proxy need not pass on the host that the browser asked for, and then these pages would be somebody else's.
		p.origins = append(p.origins, p.publicURL.String())
	}
	if p.proxies, err = turnserver.ParsePrefixes(c.TrustProxy); err != nil {
		return nil, flagError("--trust-proxy", err)
	}
	p.anonymous = c.AllowAnonymous
	if c.Dev {
		p.anonymous = []string{"*"}
	}
	for _, pattern := range p.anonymous {
		if err := checkPattern(pattern); err != nil {
			return nil, err
		}
	}
	host := ""
	if p.publicURL != nil {
		host = strings.ToLower(p.publicURL.Host)
	}
	if p.access, err = c.accessPlan(host); err != nil {
		return nil, err
	}
	p.origins = slices.Concat(p.origins, c.AllowOrigin)
	for _, origin := range c.AllowOrigin {
		if err := signaling.CheckOrigin(origin); err != nil {
			return nil, usagef("--allow-origin %s", strings.TrimPrefix(err.Error(), "signaling: origin "))
		}
	}
	if p.secret, err = secret("--secret", c.Secret); err != nil {
		return nil, err
	}
	if !c.NoTurn {
		p.turn, err = c.turnPlan(p.http, machine)
	}
	return p, err
}

// together refuses flags that contradict each other, and says what was probably meant.
func (c *serveCmd) together() error {
	if err := c.accessTogether(); err != nil {
		return err
	}
	switch {
	case !c.NoTurn:
		return nil
	case c.AnonymousRelay:
		return usagef("--no-turn runs no relay that --anonymous-relay could open: leave out one of them")
	case c.PublicURL != "" && c.PublicHost != "":
		return usagef("--no-turn runs no relay that could be found by --public-host %s, and the room is at --public-url %s: leave out "+
			"--public-host", c.PublicHost, c.PublicURL)
	case c.TurnListen != "":
		return usagef("--no-turn runs no relay that could listen on --turn-listen %s: leave one of them out", c.TurnListen)
	case c.TurnRelayAddress != "":
		return usagef("--no-turn runs no relay that could have the address --turn-relay-address %s: leave one of them out; "+
			"to name this machine in the room's URL use --public-host", c.TurnRelayAddress)
	case c.TurnPorts != "":
		return usagef("--no-turn runs no relay that could use the ports --turn-ports %s: leave one of them out", c.TurnPorts)
	case c.TurnSecret != "":
		return usagef("--no-turn makes no credentials that --turn-secret could sign: leave one of them out; for coming back to a room use --secret")
	case len(c.TurnAllow)+len(c.TurnDeny) > 0:
		return usagef("--no-turn runs no relay that --turn-allow and --turn-deny could rule: leave out one or the other")
	}
	return nil
}

func (c *serveCmd) httpAddress() (address, error) {
	switch {
	case c.Listen != "":
		return parseAddress("--listen", c.Listen, 8080)
	case c.Dev:
		return address{host: "127.0.0.1", port: 8080, orFree: true}, nil
	}
	return address{port: 8080}, nil
}

func (c *serveCmd) turnPlan(http address, machine func() (netip.Addr, error)) (*turnPlan, error) {
	t := &turnPlan{address: address{port: 3478}, local: c.Dev}
	var err error
	switch {
	case c.TurnListen != "":
		t.address, err = parseAddress("--turn-listen", c.TurnListen, 3478)
	case c.Dev:
		t.address = address{host: http.host, port: 3478, orFree: true}
	}
	if err != nil {
		return nil, err
	}
	if c.TurnPorts != "" {
		if t.ports, err = turnserver.ParsePortRange(c.TurnPorts); err != nil {
			return nil, flagError("--turn-ports", err)
		}
	}
	if t.allow, err = turnserver.ParsePrefixes(c.TurnAllow); err != nil {
		return nil, flagError("--turn-allow", err)
	}
	if t.deny, err = turnserver.ParsePrefixes(c.TurnDeny); err != nil {
		return nil, flagError("--turn-deny", err)
	}
	if t.secret, err = secret("--turn-secret", c.TurnSecret); err != nil {
		return nil, err
	}
	t.relay, err = relayAddress(c.TurnRelayAddress, t.host, c.Dev, ", or run without a relay with --no-turn", machine)
	return t, err
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
