package turnserver

import (
	"net/netip"
	"strings"
)

// pair holds one thing for each address family: IPv4 first.
type pair[T any] [2]T

// of is the place for addresses like a, which is canonical.
func (p *pair[T]) of(a netip.Addr) *T {
	if a.Is4() {
		return &p[0]
	}
	return &p[1]
}

// relayAddresses settles what peers are told and, with real ports, what is bound. listeners are where this server was
// bound, in the order of the configuration. A family whose relays have no address is not served.
func (c *Config) relayAddresses(listeners []netip.AddrPort, own map[netip.Addr]bool) (told, bind pair[netip.Addr], err error) {
	if told, err = onePerFamily("RelayAddresses", c.RelayAddresses); err != nil {
		return told, bind, err
	}
	for _, a := range told {
		if a.IsValid() && (a.IsUnspecified() || a.IsMulticast()) {
			return told, bind, &ConfigError{"RelayAddresses", a.String() + " cannot be a peer's destination",
				"set the address at which peers reach this machine"}
		}
	}
	if len(c.RelayAddresses) == 0 {
		told = c.derived(listeners, own)
	}
	if !told[0].IsValid() && !told[1].IsValid() {
		return told, bind, &ConfigError{"RelayAddresses", "are not set, and no listener names an address: " + strings.Join(append(c.UDP, c.TCP...), " "),
			"set the address at which peers reach this machine"}
	}
	if bind, err = onePerFamily("RelayBind", c.RelayBind); err != nil || c.virtual() {
		return told, bind, err
	}
	anywhere := pair[netip.Addr]{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for i := range told {
		switch {
		case !told[i].IsValid() && bind[i].IsValid():
			return told, bind, &ConfigError{"RelayBind", bind[i].String() + " is of a family without a relay address",
				"add the relay address of this family, or leave it out"}
		case !told[i].IsValid(), bind[i].IsValid():
		case isOwn(told[i], own):
			bind[i] = told[i]
		default:
			bind[i] = anywhere[i]
		}
	}
	return told, bind, nil
}

func onePerFamily(field string, list []netip.Addr) (p pair[netip.Addr], err error) {
	for _, a := range list {
		a = canonical(a)
		if !a.IsValid() {
			return p, &ConfigError{field, "has an item that is no address", "leave it out"}
		}
		at := p.of(a)
		if at.IsValid() {
			return p, &ConfigError{field, at.String() + " and " + a.String() + " are of one family", "leave one of them out"}
		}
		*at = a
	}
	return p, nil
}

// derived finds relay addresses that were not configured: what the listeners name; and with virtual ports, which nobody sends
// to, whatever this machine has.
func (c *Config) derived(listeners []netip.AddrPort, own map[netip.Addr]bool) (told pair[netip.Addr]) {
	open := pair[bool]{len(listeners) == 0, len(listeners) == 0} // families in which clients come, at no certain address
	for _, l := range listeners {
		a := l.Addr()
		if at := told.of(a); a.IsUnspecified() {
			open[1] = open[1] || a.Is6()
			open[0] = true // an IPv6 listener on all addresses has the IPv4 ones too
		} else if !at.IsValid() {
			*at = a
		}
	}
	if !c.virtual() {
		return told
	}
	for i := range told {
		if !told[i].IsValid() && open[i] {
			told[i] = first(own, i == 0)
		}
	}
	if !told[0].IsValid() && !told[1].IsValid() {
		told[0] = netip.AddrFrom4([4]byte{127, 0, 0, 1}) // a machine without a network
	}
	return told
}

// first is this machine's first address of a family, public before private, and the zero value when there is none. Loopback and
// link-local addresses are left out because clients do not take them for a peer's.
func first(own map[netip.Addr]bool, v4 bool) (best netip.Addr) {
	for a := range own {
		if a.Is4() != v4 || !a.IsGlobalUnicast() {
			continue
		}
		if !best.IsValid() || best.IsPrivate() && !a.IsPrivate() || best.IsPrivate() == a.IsPrivate() && a.Less(best) {
			best = a
		}
	}
	return best
}
