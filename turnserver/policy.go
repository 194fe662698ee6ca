package turnserver

import (
	"net/netip"
	"slices"
)

// A relay is a machine inside that sends what strangers outside tell it to. So it reaches nothing by default but the
// public Internet, and there only where a peer can be. Everything in this file is pure.

// reason says why a peer was denied. The zero value is no reason: the peer is allowed.
type reason int

const (
	allowed       reason = iota
	invalid              // no address at all
	ownListener          // this server's own STUN and TURN ports, on any address of this machine
	ownAddress           // an address of this machine, loopback included
	lowPort              // below 1024: services live there, peers do not
	denyList             // Config.Deny
	hiddenIPv4           // IPv6 that a gateway turns into IPv4: a way around every IPv4 rule
	unspecified          // 0.0.0.0 and ::, which many systems route to themselves
	multicast            //
	reserved             // never assigned, broadcast included
	private              // RFC 1918, RFC 4193, and the deprecated site-local
	shared               // RFC 6598, carrier-grade NAT
	linkLocal            // metadata services of clouds live here
	cloudMetadata        // Azure's, on public space
	documentation        //
	special              // protocol assignments, benchmarking, AS112, relays of 6to4
	notGlobal            // IPv6 outside the space that is handed out
	notRelay             // with virtual ports: anything but an allocation of this server
	outOfScope           // Config.Scope
	noPermission         // what comes from a peer that the client did not ask for
	reasons              // how many there are
)

func (r reason) String() string {
	return [...]string{"allowed", "invalid", "own-listener", "own-address", "low-port", "deny-list", "hidden-ipv4", "unspecified",
		"multicast", "reserved", "private", "shared", "link-local", "cloud-metadata", "documentation", "special", "not-global",
		"not-a-relay", "scope", "no-permission"}[r]
}

// minPeerPort: RFC 6335 section 6 calls the ports below it system ports.
const minPeerPort = 1024

type rule struct {
	prefix netip.Prefix
	why    reason
}

// never are ranges in which no list can make a peer. Their order matters where they overlap: the first match names
// the reason. ::/96 (RFC 4291 IPv4-compatible) holds :: and ::1, which are looked at before.
func never() []rule {
	return rules(
		unspecified, "0.0.0.0/8",
		multicast, "224.0.0.0/4", "ff00::/8",
		reserved, "240.0.0.0/4",
		hiddenIPv4, "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32",
	)
}

// denied are the ranges that Config.Allow can open: IANA's special-purpose registries and what history taught.
func denied() []rule {
	return rules(
		private, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10",
		shared, "100.64.0.0/10",
		linkLocal, "169.254.0.0/16", "fe80::/10",
		cloudMetadata, "168.63.129.16/32",
		documentation, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20",
		special, "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15",
		special, "2001::/23", "100::/64", "5f00::/16",
	)
}

// rules reads a reason and the prefixes that follow it, again and again.
func rules(list ...any) (rs []rule) {
	var why reason
	for _, item := range list {
		switch v := item.(type) {
		case reason:
			why = v
		case string:
			rs = append(rs, rule{netip.MustParsePrefix(v), why})
		}
	}
	return rs
}

// policy decides about peers. Its fields do not change once it is made.
type policy struct {
	never, denied []rule
	global6       netip.Prefix // what IANA hands out; the rest of IPv6 is denied without being listed
	allow, deny   []netip.Prefix
	allowLocal    bool
	virtual       bool
	relays        pair[netip.Addr] // the addresses that peers are told, canonical; the zero value for none
	listeners     *portSet         // ports of this server's own sockets
}

func newPolicy(c Config, relays pair[netip.Addr], listeners *portSet) policy {
	return policy{
		never: never(), denied: denied(), global6: netip.MustParsePrefix("2000::/3"),
		allow: c.Allow, deny: c.Deny, allowLocal: c.AllowLocal,
		virtual: c.virtual(), relays: relays, listeners: listeners,
	}
}

// canonical makes equal what is equal on the wire: ::ffff:192.0.2.1 is 192.0.2.1, and a zone only names a link.
func canonical(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// permission judges an address for which a client asks permission. own are this machine's addresses. TURN permissions
// have no port, so a relay address passes here, and peer looks at the port of every packet.
func (p *policy) permission(a netip.Addr, own map[netip.Addr]bool) reason {
	a = canonical(a)
	if p.virtual {
		return p.relaysOnly(a.IsValid() && *p.relays.of(a) == a)
	}
	if r := p.forbidden(a); r != allowed {
		return r
	}
	if p.meetsAt(a) {
		return allowed
	}
	return p.address(a, own)
}

// relaysOnly is the whole policy of virtual ports: there is no way to anything but a relay, so nothing else needs a rule.
func (p *policy) relaysOnly(relay bool) reason {
	if relay {
		return allowed
	}
	return notRelay
}

// meetsAt says whether a is where two clients of this server meet, each behind its relay. That must work whatever
// range the relay address is in, except on loopback, where only development puts a relay.
func (p *policy) meetsAt(a netip.Addr) bool {
	return a == *p.relays.of(a) && (p.allowLocal || !a.IsLoopback())
}

// peer judges one packet's peer, in either direction. relay says whether that is a relay of this server, open now: nothing
// that comes from outside is.
func (p *policy) peer(ap netip.AddrPort, own map[netip.Addr]bool, relay bool) reason {
	if p.virtual {
		return p.relaysOnly(relay)
	}
	a := canonical(ap.Addr())
	if r := p.forbidden(a); r != allowed {
		return r
	}
	switch {
	case ap.Port() < minPeerPort:
		return lowPort
	case relay && p.meetsAt(a):
		return allowed
	case p.isHere(a, own) && p.listeners.has(ap.Port()):
		return ownListener // the relay must not be its own client
	}
	return p.address(a, own)
}

func (p *policy) isHere(a netip.Addr, own map[netip.Addr]bool) bool {
	return a == *p.relays.of(a) || isOwn(a, own)
}

// forbidden is what nothing can open.
func (p *policy) forbidden(a netip.Addr) reason {
	if !a.IsValid() {
		return invalid
	}
	if contains(p.deny, a) {
		return denyList
	}
	if a == netip.IPv6Unspecified() {
		return unspecified
	}
	if a == netip.IPv6Loopback() {
		return allowed // inside ::/96, and judged as an own address
	}
	for _, r := range p.never {
		if r.prefix.Contains(a) {
			return r.why
		}
	}
	if isISATAP(a) {
		return hiddenIPv4
	}
	return allowed
}

// address judges what forbidden let through and is no relay of ours. An own address is not opened by an allow list:
// who allows 10.0.0.0/8 means the neighbours, and would open this machine's services as well.
func (p *policy) address(a netip.Addr, own map[netip.Addr]bool) reason {
	if p.isHere(a, own) {
		if p.allowLocal {
			return allowed
		}
		return ownAddress
	}
	if contains(p.allow, a) {
		return allowed
	}
	for _, r := range p.denied {
		if r.prefix.Contains(a) {
			return r.why
		}
	}
	if a.Is6() && !p.global6.Contains(a) {
		return notGlobal
	}
	return allowed
}

func isOwn(a netip.Addr, own map[netip.Addr]bool) bool { return a.IsLoopback() || own[a] }

// isISATAP knows the interface identifiers of RFC 5214 section 6.1, which end in an IPv4 address under any prefix.
func isISATAP(a netip.Addr) bool {
	if !a.Is6() {
		return false
	}
	b := a.As16()
	return (b[8] == 0 || b[8] == 2) && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}
