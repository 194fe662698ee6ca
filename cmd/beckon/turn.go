package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/beckon-rtc/beckon/turnserver"
)

// turnCmd is the flags of `beckon turn`.
type turnCmd struct {
	Listen     string `group:"turn" placeholder:"ADDR" default:":3478" help:"Address of STUN and TURN, UDP and TCP, as HOST:PORT; port 0 takes a free one."`
	PublicHost string `group:"turn" placeholder:"NAME" defaults:"the relay's address" help:"Name or address of this machine for clients, in the URL that is printed."`
	Secret     string `group:"turn" placeholder:"TEXT" help:"Signs credentials that end by themselves (TURN REST), and your app's backend makes them. At least 16 characters."`
	Realm      string `group:"turn" placeholder:"NAME" default:"beckon" help:"The realm of the credentials."`

	TurnRelayAddress string   `group:"relay" aliases:"relay-address" placeholder:"IP" defaults:"the host of --listen, else this machine's address if that is public" help:"Address that peers see of the relay: the public one."`
	RelayPorts       string   `group:"relay" placeholder:"MIN-MAX" default:"49152-65535" help:"UDP ports of the relay, one for each relayed peer."`
	TurnAllow        []string `group:"relay" aliases:"allow-peer" placeholder:"CIDR" sep:"," help:"Network that the relay may reach though it is not public. Can be repeated."`
	TurnAllowLocal   bool     `group:"relay" help:"Let the relay reach loopback and this machine's own addresses, and so its other services: for tests."`
	TurnDeny         []string `group:"relay" aliases:"deny-peer" placeholder:"CIDR" sep:"," help:"Network that the relay may not reach. Beats --turn-allow. Can be repeated."`

	Grace patience `group:"run" placeholder:"TIME" default:"10s" help:"How long Ctrl-C waits for allocations to end. A second Ctrl-C does not wait."`
	logFlags
}

// plan checks the flags. machine returns this machine's address, see machineAddress.
func (c *turnCmd) plan(machine func() (netip.Addr, error)) (*turnPlan, error) {
	t := &turnPlan{local: c.TurnAllowLocal, realm: c.Realm}
	var err error
	if c.Secret == "" {
		return nil, usagef("nobody could open a relay: give a --secret, from `openssl rand -base64 24` for example, which your app's backend knows too")
	}
	if t.address, err = parseAddress("--listen", c.Listen, 3478); err != nil {
		return nil, err
	}
	if c.PublicHost != "" {
		if err := checkHost(c.PublicHost); err != nil {
			return nil, err
		}
	}
	if t.ports, err = turnserver.ParsePortRange(c.RelayPorts); err != nil {
		return nil, flagError("--relay-ports", err)
	}
	if t.allow, err = turnserver.ParsePrefixes(c.TurnAllow); err != nil {
		return nil, flagError("--turn-allow", err)
	}
	if t.deny, err = turnserver.ParsePrefixes(c.TurnDeny); err != nil {
		return nil, flagError("--turn-deny", err)
	}
	if t.secret, err = secret("--secret", c.Secret); err != nil {
		return nil, err
	}
	t.relay, err = relayAddress(c.TurnRelayAddress, t.host, false, "", machine)
	return t, err
}

// Run relays until ctx ends.
func (c *turnCmd) Run(ctx context.Context, p *process) error {
	t, err := c.plan(machineAddress)
	if err != nil {
		return err
	}
	log := c.logger(p.stderr)
	s, err := listenTURN(context.WithoutCancel(ctx), t, "--listen", log)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := fmt.Fprintln(p.stdout, s.URLs(c.PublicHost)[1]); err != nil {
		return fmt.Errorf("cannot write the relay's URL to stdout: %w", err)
	}
	<-ctx.Done()
	log.Info().Stringer("grace", time.Duration(c.Grace)).Msg("shutting down; interrupt again to stop at once")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(c.Grace))
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		log.Warn().Err(err).Msg("cut off")
	}
	log.Info().Msg("stopped")
	return nil
}
