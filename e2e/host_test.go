package e2e

import (
	"net"
	"net/netip"
	"testing"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

// hostIP returns an IPv4 address of this machine that is not loopback, because
// Firefox uses no loopback address for ICE, neither its own nor its peer's. A
// machine without one skips the test, or fails it where browsers are required.
func hostIP(t testing.TB) netip.Addr {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // gone since the listing
		}
		if ip, ok := firstUsable(addrs); ok {
			return ip
		}
	}
	lacking.Skip(t, "no network interface is up with an IPv4 address other than loopback, and Firefox "+
		"refuses loopback for ICE: bring one up, for example `ip link add beckon0 type dummy && "+
		"ip address add 192.0.2.1/24 dev beckon0 && ip link set beckon0 up`")
	return netip.Addr{}
}

// firstUsable picks from an interface's addresses the first IPv4 one that ICE
// would gather. Link-local ones are left out: Firefox skips them by default.
func firstUsable(addrs []net.Addr) (netip.Addr, bool) {
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		if ip := prefix.Addr().Unmap(); ip.Is4() && ip.IsGlobalUnicast() {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

func TestFirstUsable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		addrs []string
		want  string // empty: none
	}{
		{nil, ""},
		{[]string{"127.0.0.1/8", "::1/128"}, ""},
		{[]string{"fe80::1/64", "2001:db8::1/64"}, ""},
		{[]string{"169.254.3.4/16"}, ""},
		{[]string{"169.254.3.4/16", "10.1.2.3/8"}, "10.1.2.3"},
		{[]string{"2001:db8::1/64", "192.0.2.7/24", "192.0.2.8/24"}, "192.0.2.7"},
	} {
		var addrs []net.Addr
		for _, text := range c.addrs {
			ip, network, err := net.ParseCIDR(text)
			if err != nil {
				t.Fatal(err)
			}
			addrs = append(addrs, &net.IPNet{IP: ip, Mask: network.Mask})
		}
		got, ok := firstUsable(addrs)
		if ok != (c.want != "") || (ok && got.String() != c.want) {
			t.Errorf("of %q: %v, %v; want %q", c.addrs, got, ok, c.want)
		}
	}
}
