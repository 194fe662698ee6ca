package turnserver

import (
	"net/netip"
	"strconv"
	"strings"
)

// ParsePrefixes reads the items of an allow or a deny list: networks like "10.0.0.0/8" and single addresses. The first
// item that is not one stops it with a *ConfigError that names the item, because a rule that silently does not hold
// is worse than a server that does not start.
func ParsePrefixes(items []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, item := range items {
		p, err := parsePrefix(item)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func parsePrefix(item string) (netip.Prefix, error) {
	s := strings.TrimSpace(item) // a blank after a comma is no typo
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		p := netip.PrefixFrom(a, a.BitLen())
		return p, checkPrefix(item, p)
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, &ConfigError{"prefix", strconv.Quote(item) + " is not a network", "write it like 10.0.0.0/8 or 2001:db8::/32, or one address without a zone"}
	}
	return p, checkPrefix(item, p)
}

// checkPrefix also guards the lists of a Config that were not made by ParsePrefixes.
func checkPrefix(item string, p netip.Prefix) error {
	quoted := strconv.Quote(item)
	switch {
	case !p.IsValid():
		return &ConfigError{"prefix", quoted + " is not a network", "make it with ParsePrefixes"}
	case p.Addr().Is4In6():
		// Peers are compared in their IPv4 form, so such a rule would never match.
		return &ConfigError{"prefix", quoted + " is an IPv4 address in IPv6 form", "write the IPv4 network"}
	case p.Masked() != p:
		// Either the length or the address is not what was meant, and guessing wrong opens a network.
		return &ConfigError{"prefix", quoted + " has bits behind its length", "did you mean " + p.Masked().String() + "?"}
	}
	return nil
}
