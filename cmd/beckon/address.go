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

// parseAddresses reads several.
func parseAddresses(flag string, items []string, usual int) (list []address, err error) {
	for _, s := range items {
		a, err := parseAddress(flag, strings.TrimSpace(s), usual)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// hostOf is the host of a request's Host, in the form in which hosts are compared.
func hostOf(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// checkDomain refuses what no certificate is made for by ACME with the port alone.
func checkDomain(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return usagef("--acme %q is an address, and certificates are for names: name the domain that leads here", s)
	}
	if strings.HasPrefix(s, "*.") {
		return usagef("--acme %q: a certificate for all names of a domain takes more than this port to prove: list the names, or bring one with --tls-cert", s)
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if !validLabel(label) || len(labels) < 2 {
			return usagef("--acme %q is no public name: write it like beckon.example.org", s)
		}
	}
	return nil
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

// flagError says a configuration error of the relay in the words of the command line.
func flagError(flag string, err error) error {
	if e, ok := errors.AsType[*turnserver.ConfigError](err); ok {
		return usagef("%s %s: %s", flag, e.Problem, e.Hint)
	}
	return usagef("%s: %v", flag, err)
}
