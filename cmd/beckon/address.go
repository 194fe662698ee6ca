package main

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/beckon-rtc/beckon/turnserver"
)

// parseAddress reads a HOST:PORT. usual is the port of the hint for somebody who forgot it.
func parseAddress(flag, s string, usual int) (address, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return address{}, usagef("%s %q is no HOST:PORT: did you mean %q?", flag, s, guessAddress(s, usual))
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return address{}, usagef("%s %q does not end in a port: use 0 to 65535, where 0 takes a free one", flag, s)
	}
	return address{host: host, port: uint16(n)}, nil
}

// guessAddress is what somebody meant who wrote a URL, a port or a host.
func guessAddress(s string, usual int) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s, _, _ = strings.Cut(rest, "/")
		if _, _, err := net.SplitHostPort(s); err == nil {
			return s
		}
	}
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return ":" + s
	}
	return net.JoinHostPort(strings.Trim(s, "[]"), strconv.Itoa(usual))
}

// checkHost refuses a --public-host that is more than a host: it becomes a part of turn: and http: URLs.
func checkHost(s string) error {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return nil
	}
	host := s
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host != s && host != "" {
		return usagef("--public-host %q is more than a name or an address: did you mean %s? A URL goes into --public-url", s, host)
	}
	for _, label := range strings.Split(strings.TrimSuffix(s, "."), ".") {
		if !validLabel(label) {
			return usagef("--public-host %q is no name and no address: write it like beckon.example.org or 198.51.100.7", s)
		}
	}
	return nil
}

// parsePublicURL reads a --public-url: scheme and host alone, because the demo's own links start at the root.
func parsePublicURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case !strings.Contains(s, "://"):
		return nil, usagef("--public-url %q has no scheme: did you mean %q?", s, "https://"+strings.TrimLeft(s, "/"))
	case err != nil || u.Hostname() == "":
		return nil, usagef("--public-url %q is no URL: write it like https://beckon.example.org", s)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, usagef("--public-url %q is no web page's: use https, or http", s)
	}
	root := &url.URL{Scheme: u.Scheme, Host: u.Host}
	if strings.TrimSuffix(u.String(), "/") != root.String() {
		return nil, usagef("--public-url %q is more than a server's: did you mean %q?", s, root)
	}
	return root, nil
}

// validLabel follows RFC 1123 section 2.1, and lets underscores pass, which some local names have.
func validLabel(s string) bool {
	return len(s) > 0 && len(s) < 64 && s[0] != '-' && s[len(s)-1] != '-' && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
}

// relayAddress decides what address peers see of a relay that listens on host. given is that of the flag; with dev any address
// will do. without is how to run without a relay, if one can.
func relayAddress(given, host string, dev bool, without string, machine func() (netip.Addr, error)) (netip.Addr, error) {
	if s := given; s != "" {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" {
			return addr, usagef("--turn-relay-address %q is no address that a peer could send to: write this machine's public one, like 198.51.100.7", s)
		}
		return addr.Unmap(), nil
	}
	if host == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil && !addr.IsUnspecified():
		return addr.Unmap().WithZone(""), nil
	case err != nil && host != "":
		return addr, usagef("--turn-relay-address is missing: peers need an address, and %q is a name", host)
	}
	addr, err = machine()
	switch {
	case dev && err != nil:
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil // a machine without a network is one to develop on, too
	case err != nil:
		return addr, usagef("--turn-relay-address is missing, and this machine seems to have no address (%v): name the public one%s", err, without)
	case !dev && !public(addr):
		// A relay that nobody outside reaches would fail later, and only for the users who need it.
		return addr, usagef("--turn-relay-address is missing, and this machine's own address %s is not public: name the public one, "+
			"name %s itself if all users are on its network%s", addr, addr, without)
	}
	return addr, nil
}

// public tells whether the Internet can reach addr: neither private (RFC 1918, RFC 4193) nor carrier-grade NAT's
// (RFC 6598), loopback or link-local.
func public(addr netip.Addr) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)
	return addr.IsGlobalUnicast() && !addr.IsPrivate() && !shared.Contains(addr)
}

// machineAddress asks the system which of this machine's addresses it would use towards the Internet. Connecting a UDP
// socket chooses a route and sends nothing.
func machineAddress() (netip.Addr, error) {
	var last error
	// Addresses for documentation (RFC 5737, RFC 3849): no machine has them.
	for _, towards := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		conn, err := net.Dial("udp", towards)
		if err != nil {
			last = err
			continue
		}
		addr := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		if err := conn.Close(); err != nil {
			return addr, err
		}
		return addr, nil
	}
	return netip.Addr{}, last
}

// flagError says a configuration error of the relay in the words of the command line.
func flagError(flag string, err error) error {
	if e, ok := errors.AsType[*turnserver.ConfigError](err); ok {
		return usagef("%s %s: %s", flag, e.Problem, e.Hint)
	}
	return usagef("%s: %v", flag, err)
}
