package turnserver

import (
	"net/netip"
	"testing"
)

var (
	ownV4     = netip.MustParseAddr("8.8.4.4") // this machine, on a public address
	ownV6     = netip.MustParseAddr("2a00::1")
	realPorts = Config{Ports: PortRange{49152, 65535}}
	mine      = map[netip.Addr]bool{ownV4: true, ownV6: true, netip.MustParseAddr("10.0.0.5"): true}
)

func testPolicy(change func(*Config)) policy {
	cfg := realPorts
	if change != nil {
		change(&cfg)
	}
	return newPolicy(cfg, pair[netip.Addr]{ownV4}, newPortSet(3478, 5349))
}

func mustPrefixes(items ...string) []netip.Prefix {
	list, err := ParsePrefixes(items)
	if err != nil {
		panic(err)
	}
	return list
}

// Every range that is denied by default: first, last and something famous in it, and the neighbours that are not.
func TestDeniedByDefault(t *testing.T) {
	t.Parallel()
	p := testPolicy(nil)
	for want, addrs := range map[reason][]string{
		allowed: {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
			"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
			"203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15", "168.63.129.17",
			"2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111", "3ffe::1", "3fff:1000::1"},
		unspecified:   {"0.0.0.0", "0.0.0.1", "0.255.255.255", "::"},
		ownAddress:    {"127.0.0.1", "127.0.0.0", "127.255.255.255", "127.1.2.3", "::1", "2a00::1", "10.0.0.5"},
		private:       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "fc00::", "fdff:ffff::1", "fd00:ec2::254", "fec0::1", "feff::1"},
		shared:        {"100.64.0.0", "100.127.255.255", "100.100.100.200"},
		linkLocal:     {"169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0"},
		special:       {"192.0.0.0", "192.0.0.170", "192.0.0.255", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "198.18.0.0", "198.19.255.255", "2001:2::1", "2001:20::1", "2001:1ff::1", "100::1", "5f00::1"},
		documentation: {"192.0.2.0", "192.0.2.255", "198.51.100.7", "203.0.113.0", "203.0.113.255", "2001:db8::1", "2001:db8:ffff::1", "3fff::1", "3fff:fff::1"},
		multicast:     {"224.0.0.0", "224.0.0.251", "239.255.255.255", "ff00::", "ff02::fb", "ff02::1%eth0", "ffff::"},
		reserved:      {"240.0.0.0", "255.255.255.254", "255.255.255.255"},
		cloudMetadata: {"168.63.129.16"},
		notGlobal:     {"1::1", "1fff::1", "4000::1", "8000::1", "e000::1", "fe00::1", "100:0:0:1::1"},
		hiddenIPv4: {"::7f00:1", "::2", "::ffff", "::127.0.0.1", "::8.8.8.8", // IPv4-compatible
			"::ffff:0:7f00:1", "::ffff:0:808:808", // SIIT
			"64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "64:ff9b:1:ffff::a00:1", // NAT64
			"2002::1", "2002:7f00:1::", "2002:a00:1::1", // 6to4
			"2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", // Teredo
			"2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1", "2a00:1:2:3:0:5efe:808:808"}, // ISATAP
	} {
		for _, s := range addrs {
			a := netip.MustParseAddr(s)
			if got := p.permission(a, mine); got != want {
				t.Errorf("%s: %s, want %s", s, got, want)
			}
			if got := p.peer(netip.AddrPortFrom(a, 5000), mine, false); got != want {
				t.Errorf("%s, a packet: %s, want %s", s, got, want)
			}
			if !a.Is4() {
				continue
			}
			mapped := netip.AddrFrom16(a.As16()) // ::ffff:a.b.c.d, as Pion hands over every IPv4
			if got := p.permission(mapped, mine); got != want {
				t.Errorf("%s: %s, want %s", mapped, got, want)
			}
		}
	}
	if got := p.permission(netip.Addr{}, mine); got != invalid {
		t.Errorf("no address: %s", got)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	p := testPolicy(func(c *Config) {
		c.Allow = mustPrefixes("10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "198.51.100.0/24")
		c.Deny = mustPrefixes("10.9.0.0/16", "1.2.3.4", "2606::/16", "203.0.113.9")
	})
	for s, want := range map[string]reason{
		"10.0.0.1": allowed, "192.168.1.1": allowed, "198.51.100.2": allowed, "fd12::1": allowed, "169.254.1.1": allowed,
		// Deny beats allow, in every disguise.
		"10.9.1.1": denyList, "::ffff:10.9.1.1": denyList, "1.2.3.4": denyList, "2606:4700::1": denyList, "203.0.113.9": denyList,
		// What no list opens.
		"127.0.0.1": ownAddress, "::1": ownAddress, "10.0.0.5": ownAddress, "::ffff:10.0.0.5": ownAddress, "2a00::1": ownAddress,
		"0.0.0.0": unspecified, "::": unspecified, "224.0.0.1": multicast, "ff02::1": multicast, "255.255.255.255": reserved,
		"64:ff9b::7f00:1": hiddenIPv4, "2002:a00:1::": hiddenIPv4, "::127.0.0.1": hiddenIPv4,
	} {
		if got := p.permission(netip.MustParseAddr(s), mine); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	relay := func(at netip.AddrPort) bool { return at.Port() == 50000 }
	plain, local := testPolicy(nil), testPolicy(func(c *Config) { c.AllowLocal = true })
	loopback := newPolicy(realPorts, pair[netip.Addr]{netip.MustParseAddr("127.0.0.1")}, newPortSet(3478))
	for _, c := range []struct {
		p    *policy
		peer string
		want reason
	}{
		{&plain, "1.1.1.1:1023", lowPort}, {&plain, "1.1.1.1:1024", allowed}, {&plain, "1.1.1.1:0", lowPort},
		{&plain, "8.8.4.4:50000", allowed}, {&plain, "[::ffff:8.8.4.4]:50000", allowed}, // relay to relay
		{&plain, "8.8.4.4:50001", ownAddress},            // not a relay now
		{&plain, "[2a00::1]:50000", ownAddress},          // not where relays are
		{&plain, "10.0.0.5:50000", ownAddress},           //
		{&plain, "8.8.4.4:3478", ownListener},            // itself
		{&plain, "1.1.1.1:3478", allowed},                // somebody else's
		{&local, "8.8.4.4:3478", ownListener},            // the switch does not open it
		{&local, "127.0.0.1:3478", ownListener},          //
		{&local, "127.8.8.8:5349", ownListener},          //
		{&local, "[::1]:5349", ownListener},              //
		{&local, "[::ffff:127.0.0.1]:3478", ownListener}, //
		{&local, "127.0.0.1:5000", allowed}, {&local, "[::1]:5000", allowed}, {&local, "10.0.0.5:5000", allowed}, {&local, "8.8.4.4:5000", allowed},
		{&local, "127.0.0.1:80", lowPort}, {&local, "10.0.0.6:5000", private}, {&local, "0.0.0.0:5000", unspecified}, {&local, "[::]:5000", unspecified},
		{&loopback, "127.0.0.1:50000", ownAddress}, // only development puts a relay there
	} {
		peer := netip.MustParseAddrPort(c.peer)
		if got := c.p.peer(peer, mine, relay(peer)); got != c.want {
			t.Errorf("%s: %s, want %s", c.peer, got, c.want)
		}
	}
	if got := plain.permission(ownV4, mine); got != allowed {
		t.Errorf("permission for the relay address: %s", got)
	}
	if got := loopback.permission(netip.MustParseAddr("127.0.0.1"), mine); got != ownAddress {
		t.Errorf("permission for a relay address on loopback: %s", got)
	}
	// Behind a one-to-one NAT the address that peers are told is none of this machine's, and leads here all the same.
	elsewhere := testPolicy(func(c *Config) { c.AllowLocal = true })
	if got := elsewhere.peer(netip.MustParseAddrPort("8.8.4.4:3478"), nil, false); got != ownListener {
		t.Errorf("the server's own port at the relay address: %s", got)
	}
	deny := testPolicy(func(c *Config) { c.AllowLocal, c.Deny = true, mustPrefixes("8.8.4.4", "127.0.0.0/8") })
	for _, s := range []string{"8.8.4.4:50000", "127.0.0.1:5000"} {
		peer := netip.MustParseAddrPort(s)
		if got := deny.peer(peer, mine, relay(peer)); got != denyList {
			t.Errorf("%s: %s", s, got)
		}
	}
}

func TestEveryReasonHasAName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for r := range reasons {
		if seen[r.String()] {
			t.Errorf("%s twice", r)
		}
		seen[r.String()] = true
	}
}

func BenchmarkPolicy(b *testing.B) {
	p := testPolicy(nil)
	peer := netip.MustParseAddrPort("1.1.1.1:5000")
	for b.Loop() {
		if p.peer(peer, mine, false) != allowed {
			b.Fatal("denied")
		}
	}
}
