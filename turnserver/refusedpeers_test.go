package turnserver

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/pion/stun/v4"
)

func numbered(n uint16) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{byte(n >> 8), byte(n), 0, 0}}
}

// rawPeer is a peer address exactly as given, see peerAddress.
func rawPeer(a netip.Addr, port uint16) stun.Setter { return peerAddress(netip.AddrPortFrom(a, port)) }

// permitted asks for permissions and channels to addresses, one after the other, and says each different answer once.
func (r *rig) permitted(addrs ...string) string {
	r.t.Helper()
	var seen []string
	note := func(outcome string) {
		if !slices.Contains(seen, outcome) {
			seen = append(seen, outcome)
		}
	}
	for i, a := range addrs {
		addr := netip.MustParseAddr(a)
		note(r.ask(stun.MethodCreatePermission, rawPeer(addr, 5000)))
		note(r.ask(stun.MethodChannelBind, numbered(uint16(0x4000+i)), rawPeer(addr, 5000)))
	}
	return strings.Join(seen, ", ")
}

// refusedPeers4 are the IPv4 ranges, each by its first and last address, as themselves and as IPv4-mapped ones.
func refusedPeers4() refusedGroup {
	g := refusedGroup{title: "Peers by IPv4 address", says: "CreatePermission and ChannelBind, to the first and the last address of the range, " +
		"written as four bytes and as an IPv4-mapped address of sixteen (::ffff:0:0/96)."}
	for _, c := range []struct{ what, prefix, last, why string }{
		{"this network", "0.0.0.0/8", "0.255.255.255", "unspecified"},
		{"private", "10.0.0.0/8", "10.255.255.255", "private"},
		{"shared by carriers", "100.64.0.0/10", "100.127.255.255", "shared"},
		{"loopback", "127.0.0.0/8", "127.255.255.255", "own-address"},
		{"link-local, where clouds have their metadata", "169.254.0.0/16", "169.254.255.255", "link-local"},
		{"the metadata service of most clouds", "169.254.169.254/32", "169.254.169.254", "link-local"},
		{"private", "172.16.0.0/12", "172.31.255.255", "private"},
		{"protocol assignments", "192.0.0.0/24", "192.0.0.255", "special"},
		{"documentation", "192.0.2.0/24", "192.0.2.255", "documentation"},
		{"AS112", "192.31.196.0/24", "192.31.196.255", "special"},
		{"AMT", "192.52.193.0/24", "192.52.193.255", "special"},
		{"6to4 relays", "192.88.99.0/24", "192.88.99.255", "special"},
		{"private", "192.168.0.0/16", "192.168.255.255", "private"},
		{"AS112", "192.175.48.0/24", "192.175.48.255", "special"},
		{"benchmarks", "198.18.0.0/15", "198.19.255.255", "special"},
		{"documentation", "198.51.100.0/24", "198.51.100.255", "documentation"},
		{"documentation", "203.0.113.0/24", "203.0.113.255", "documentation"},
		{"multicast", "224.0.0.0/4", "239.255.255.255", "multicast"},
		{"reserved, and the broadcast address", "240.0.0.0/4", "255.255.255.255", "reserved"},
		{"Azure's metadata service, on public space", "168.63.129.16/32", "168.63.129.16", "cloud-metadata"},
	} {
		prefix := netip.MustParsePrefix(c.prefix)
		g.list = append(g.list, refusedCase{
			name: c.prefix + " (" + c.what + ")", want: both("403"), counter: [modes]string{"PeersDenied." + c.why, "PeersDenied.not-a-relay"},
			run: func(r *rig) string {
				if !prefix.Contains(netip.MustParseAddr(c.last)) {
					return "the last address is not of the range"
				}
				r.allocate()
				first := prefix.Addr().String()
				return r.permitted(first, c.last, "::ffff:"+first, "::ffff:"+c.last)
			},
		})
	}
	g.list = append(g.list, refusedCase{
		name: "any other public address", want: onlyVirtual("403"), counter: onlyVirtual("PeersDenied.not-a-relay"),
		run: func(r *rig) string { r.allocate(); return r.permitted("1.1.1.1", "8.8.8.8", "93.184.216.34") },
	}, refusedCase{
		name: "a public address that is on the deny list and on the allow list", want: onlySockets("403"), counter: onlySockets("PeersDenied.deny-list"),
		config: func(c *Config) {
			c.Allow, c.Deny = []netip.Prefix{netip.MustParsePrefix("9.0.0.0/8")}, []netip.Prefix{netip.MustParsePrefix("9.9.9.0/24")}
		},
		run: func(r *rig) string { r.allocate(); return r.permitted("9.9.9.9", "::ffff:9.9.9.9") },
	}, refusedCase{
		name: "multicast that is on the allow list", want: onlySockets("403"), counter: onlySockets("PeersDenied.multicast"),
		config: func(c *Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} },
		run:    func(r *rig) string { r.allocate(); return r.permitted("224.0.0.1") },
	}, refusedCase{
		name: "an address of the machine, though its network is on the allow list", want: onlySockets("403"), counter: onlySockets("PeersDenied.own-address"),
		config: func(c *Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} },
		run:    func(r *rig) string { r.allocate(); return r.permitted("127.0.0.1", hostAddr(r.t).String()) },
	}, refusedCase{
		name: "a denied address behind an allowed one in the same CreatePermission, and then a Send to the allowed one", want: both("403, silence"),
		counter: [modes]string{"PeersDenied.link-local", "PeersDenied.not-a-relay"},
		run: func(r *rig) string {
			allowed := "1.1.1.1:5000"
			if r.mode == inMemory {
				allowed = virtualAddresses[0].String() + ":5000"
			}
			r.allocate()
			code := r.ask(stun.MethodCreatePermission, peerAt(allowed), peerAt("169.254.169.254:5000"))
			before := flatten(r.s.Stats())
			r.say(netip.MustParseAddrPort(allowed), "\x00 a permission was left behind")
			r.binding()
			for name, n := range flatten(r.s.Stats()) { // a packet that got past the permission is relayed, or wasDropped and counted
				if n > before[name] && (strings.HasPrefix(name, "ToPeers") || strings.HasPrefix(name, "Dropped") || strings.HasPrefix(name, "PeersDenied")) {
					return code + ", " + name
				}
			}
			return code + ", " + wasSilence
		},
	}, refusedCase{
		name: "an IPv6 address from an IPv4 relay", want: both("443"),
		run: func(r *rig) string { r.allocate(); return r.permitted("2606:4700:4700::1111", "::1") },
	})
	return g
}

// refusedPeers6 are the IPv6 ranges, and what hides an IPv4 address in an IPv6 one.
func refusedPeers6() refusedGroup {
	g := refusedGroup{title: "Peers by IPv6 address", says: "CreatePermission and ChannelBind, from a relay of that family."}
	for _, c := range []struct {
		what, why string
		addrs     []string
	}{
		{"::1 (loopback)", "own-address", []string{"::1"}},
		{":: (unspecified)", "unspecified", []string{"::"}},
		{"::/96 (IPv4-compatible: of loopback, metadata, private)", "hidden-ipv4", []string{"::127.0.0.1", "::169.254.169.254", "::10.0.0.1"}},
		{"::ffff:0:0:0/96 (IPv4-translated)", "hidden-ipv4", []string{"::ffff:0:127.0.0.1", "::ffff:0:169.254.169.254"}},
		{"64:ff9b::/96 (NAT64)", "hidden-ipv4", []string{"64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::10.0.0.1"}},
		{"64:ff9b:1::/48 (NAT64 of one's own)", "hidden-ipv4", []string{"64:ff9b:1::10.0.0.1", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"}},
		{"2002::/16 (6to4)", "hidden-ipv4", []string{"2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:a00:1::1"}},
		{"2001::/32 (Teredo)", "hidden-ipv4", []string{"2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"}},
		{"ISATAP, under any prefix", "hidden-ipv4", []string{"2001:470::5efe:127.0.0.1", "2001:470::200:5efe:10.0.0.1"}},
		{"fc00::/7 (unique local)", "private", []string{"fc00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}},
		{"fd00:ec2::254 (a cloud's metadata service)", "private", []string{"fd00:ec2::254"}},
		{"fe80::/10 (link-local; a message has no place for a zone)", "link-local", []string{"fe80::1", "febf::1"}},
		{"fec0::/10 (site-local)", "private", []string{"fec0::1", "feff::1"}},
		{"ff00::/8 (multicast)", "multicast", []string{"ff02::1", "ff0e::1"}},
		{"100::/64 (discard)", "special", []string{"100::1"}},
		{"2001::/23 (protocol assignments)", "special", []string{"2001:1::1", "2001:1ff::1"}},
		{"2001:db8::/32 (documentation)", "documentation", []string{"2001:db8::2", "2001:db8:ffff::1"}},
		{"3fff::/20 (documentation)", "documentation", []string{"3fff::1", "3fff:fff::1"}},
		{"5f00::/16 (segment routing)", "special", []string{"5f00::1"}},
		{"what nobody has been given", "not-global", []string{"4000::1", "1000::1", "e000::1"}},
	} {
		g.list = append(g.list, refusedCase{
			name: c.what, want: both("403"), counter: [modes]string{"PeersDenied." + c.why, "PeersDenied.not-a-relay"},
			run: func(r *rig) string {
				r.allocate6()
				return r.permitted(c.addrs...)
			},
		})
	}
	g.list = append(g.list, refusedCase{
		name: "any other public address", want: onlyVirtual("403"), counter: onlyVirtual("PeersDenied.not-a-relay"),
		run: func(r *rig) string { r.allocate6(); return r.permitted("2606:4700:4700::1111") },
	}, refusedCase{
		name: "an IPv4 address, and an IPv4-mapped one, from an IPv6 relay", want: both("443"),
		run: func(r *rig) string {
			r.allocate6()
			return r.permitted("1.1.1.1", "::ffff:1.1.1.1", "::ffff:127.0.0.1")
		},
	})
	return g
}

// allocate6 opens a relay of IPv6. With sockets, a machine without IPv6 has none, and the test is skipped.
func (r *rig) allocate6() {
	r.t.Helper()
	if r.mode == bySocket {
		needIPv6(r.t)
	}
	if got := r.ask(stun.MethodAllocate, transport(protoUDP), requested(2)); got != wasSuccess {
		r.t.Fatalf("an IPv6 relay: %s", got)
	}
}
