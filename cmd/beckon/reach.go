package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/pion/stun/v4"

	"github.com/beckon-rtc/beckon/turnserver"
)

// Where clients find this machine, and what addresses its relay has. The two are often not the same: behind a one-to-one NAT, as
// in most clouds, no address of the machine's own is of use to anybody outside.

// publicName is the name for clients: the one that was given, or the one that the certificate is for.
func publicName(given string, cert *certPlan) (string, error) {
	switch {
	case given != "":
		return given, checkHost(given)
	case cert != nil && len(cert.domains) > 0:
		return cert.domains[0], nil
	}
	return "", nil
}

// through tells whether whole TCP connections come to us from where --public-url leads, and not only the requests in them: then
// TURN can share that port. With TLS of our own they must, or nobody else could speak it; a balancer that sends PROXY headers
// does it, whether it takes the TLS off or not. Anything else before us is a web proxy, as far as we can know.
func (p *plan) through() bool { return p.publicURL != nil && (p.cert != nil || len(p.balancers) > 0) }

// settleRelay decides what addresses the relay has, and makes sure that there is one or a name for clients to be told.
func (p *plan) settleRelay(m machine) error {
	t := p.turn
	virtual := t.ports == (turnserver.PortRange{})
	if p.name == "" && p.through() {
		p.name = p.publicURL.Hostname()
	}
	if len(t.relay) > 0 {
		return nil
	}
	own, err := relayAddresses(t.udp, p.dev, m)
	if err != nil {
		return err
	}
	hidden, found := hiddenAddress(t.udp, own)
	if !p.dev && !found {
		own = withoutHidden(t.udp, own)
	}
	t.relay = own
	switch {
	case p.dev || !found, virtual && (p.name != "" || len(p.turnURLs) > 0):
		// With virtual ports nobody sends packets to these addresses: they only have to be told apart from others.
		return nil
	case virtual && p.publicURL != nil:
		p.name = p.publicURL.Hostname() // with a proxy for the pages, most have that on the same machine
		return nil
	case virtual:
		return usagef("--public-host is missing: clients have to be told where this machine is, and its own address %s is not public: give its public "+
			"name or address, %s itself if all users are on its network, or run without a relay with --no-turn", hidden, hidden)
	}
	// A relay that nobody outside reaches would fail later, and only for the users who need it.
	return usagef("--turn-relay-address is missing, and this machine's own address %s is not public: name the public one, "+
		"name %s itself if all users are on its network, or run without a relay with --no-turn", hidden, hidden)
}

// relayAddresses are those that the addresses of the listeners make plain: one of each family at most. With dev, a machine
// without a network has one, too.
func relayAddresses(udp []address, dev bool, m machine) (list []netip.Addr, err error) {
	add := func(a netip.Addr) {
		a = a.Unmap().WithZone("")
		if !slices.ContainsFunc(list, func(b netip.Addr) bool { return a.Is4() == b.Is4() }) {
			list = append(list, a)
		}
	}
	for _, at := range udp {
		addr, err := netip.ParseAddr(at.host)
		switch {
		case at.host == "localhost":
			add(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
		case err == nil && !addr.IsUnspecified():
			add(addr)
		case err != nil && at.host != "":
			return nil, usagef("--turn-relay-address is missing: peers need an address, and %q is a name", at.host)
		default:
			own, err := m.addresses()
			if err != nil && !dev {
				// No fault of the command line: a service that is started before the network is there may try again.
				return nil, fmt.Errorf("--turn-relay-address is missing, and this machine seems to have no address (%w): name the public one", err)
			}
			if err != nil {
				own = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
			}
			for _, a := range own {
				if at.host != "0.0.0.0" || a.Is4() {
					add(a)
				}
			}
		}
	}
	return list, nil
}

// hiddenAddress finds an address that is this machine's own and not public, where nobody has asked for it by listening on it. An
// IPv6 address of a local network beside a public IPv4 address hides nothing.
func hiddenAddress(udp []address, own []netip.Addr) (netip.Addr, bool) {
	for _, a := range own {
		if !asked(udp, a) && !public(a) && (a.Is4() || len(own) == 1) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// withoutHidden leaves out what would be no relay's address for anybody, where there is a better one.
func withoutHidden(udp []address, own []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(own, func(a netip.Addr) bool { return !asked(udp, a) && !public(a) })
}

// asked tells whether one of the addresses to listen on is that very one.
func asked(udp []address, a netip.Addr) bool {
	return slices.ContainsFunc(udp, func(at address) bool {
		named, err := netip.ParseAddr(at.host)
		return at.host == "localhost" || err == nil && named.Unmap().WithZone("") == a
	})
}

// public tells whether the Internet can reach addr: neither private (RFC 1918, RFC 4193) nor carrier-grade NAT's
// (RFC 6598), loopback or link-local.
func public(addr netip.Addr) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)
	return addr.IsGlobalUnicast() && !addr.IsPrivate() && !shared.Contains(addr)
}

// machineAddresses asks the system which of this machine's addresses it would use towards the Internet: IPv4's first, then
// IPv6's. Connecting a UDP socket chooses a route and sends nothing.
func machineAddresses() (list []netip.Addr, err error) {
	// Addresses for documentation (RFC 5737, RFC 3849): no machine has them.
	for _, towards := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		conn, dialErr := net.Dial("udp", towards)
		if dialErr != nil {
			err = dialErr
			continue
		}
		list = append(list, conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap())
		_ = conn.Close()
	}
	if len(list) > 0 {
		return list, nil
	}
	return nil, err
}

// parseTurnURLs reads what clients are to be told (RFC 7064, RFC 7065).
func parseTurnURLs(items []string) ([]string, error) {
	for _, s := range items {
		if _, err := stun.ParseURI(s); err != nil {
			return nil, usagef("--turn-url %q is no URL of a STUN or TURN server: write it like turns:turn.example.org:443?transport=tcp", s)
		}
	}
	return items, nil
}

// streamURL is that of TURN over a connection.
func streamURL(host string, port uint16, tls bool) string {
	scheme := "turn:"
	if tls {
		scheme = "turns:"
	}
	return scheme + net.JoinHostPort(host, strconv.Itoa(int(port))) + "?transport=tcp"
}
