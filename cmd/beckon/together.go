package main

import "strings"

// together refuses flags that contradict each other, and says what was probably meant.
func (c *serveCmd) together() error {
	if err := c.accessTogether(); err != nil {
		return err
	}
	ownTLS := c.TLSCert != "" || len(c.ACME) > 0
	switch {
	case ownTLS && strings.HasPrefix(c.PublicURL, "http://"):
		return usagef("--public-url %s has no TLS, and this server has: did you mean %q?", c.PublicURL, "https://"+strings.TrimPrefix(c.PublicURL, "http://"))
	case c.NoTurn:
		return c.withoutTurn()
	case c.RelayPorts == "" && len(c.TurnAllow)+len(c.TurnDeny) > 0:
		return usagef("--turn-allow and --turn-deny rule what relays with ports of their own may reach; without --relay-ports they reach nothing but " +
			"each other: add --relay-ports 49152-65535, or leave them out")
	case c.RelayPorts == "" && c.RelayScope:
		return usagef("--relay-scope tells addresses apart, and without --relay-ports all relays have the same one and reach nothing but each other: " +
			"add --relay-ports 49152-65535, or leave it out")
	}
	return nil
}

// withoutTurn refuses flags about a relay that is not there.
func (c *serveCmd) withoutTurn() error {
	switch {
	case c.AnonymousRelay:
		return usagef("--no-turn runs no relay that --anonymous-relay could open: leave out one of them")
	case c.PublicURL != "" && c.PublicHost != "":
		return usagef("--no-turn runs no relay that could be found by --public-host %s, and the room is at --public-url %s: leave out "+
			"--public-host", c.PublicHost, c.PublicURL)
	case len(c.TurnListen) > 0:
		return usagef("--no-turn runs no relay that could listen on --turn-listen %s: leave one of them out", strings.Join(c.TurnListen, ","))
	case len(c.TurnURL) > 0:
		return usagef("--no-turn runs no relay that could be found at --turn-url %s: leave one of them out", strings.Join(c.TurnURL, ","))
	case len(c.TurnRelayAddress) > 0:
		return usagef("--no-turn runs no relay that could have the address --turn-relay-address %s: leave one of them out; "+
			"to name this machine in the room's URL use --public-host", strings.Join(c.TurnRelayAddress, ","))
	case c.RelayPorts != "":
		return usagef("--no-turn runs no relay that could use the ports --relay-ports %s: leave one of them out", c.RelayPorts)
	case len(c.RelayLimit) > 0:
		return usagef("--no-turn runs no relay that --relay-limit %s could bound: leave one of them out", strings.Join(c.RelayLimit, ","))
	case c.RelayMedia, c.RelayScope:
		return usagef("--no-turn runs no relay that --relay-media and --relay-scope could be about: leave out one or the other")
	case c.TurnSecret != "":
		return usagef("--no-turn makes no credentials that --turn-secret could sign: leave one of them out; for coming back to a room use --secret")
	case len(c.TurnAllow)+len(c.TurnDeny) > 0:
		return usagef("--no-turn runs no relay that --turn-allow and --turn-deny could rule: leave out one or the other")
	}
	return nil
}
