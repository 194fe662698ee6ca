package turnserver

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v4"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

// requested is REQUESTED-ADDRESS-FAMILY.
func requested(f byte) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrRequestedAddressFamily, Value: []byte{f, 0, 0, 0}}
}

const (
	familyIPv4 = 1
	familyIPv6 = 2
)

// allocateIn opens a relay of a family, zero for whatever the server gives who does not ask.
func (w *wire) allocateIn(f byte) netip.AddrPort {
	w.t.Helper()
	attrs := []stun.Setter{transport(protoUDP)}
	if f != 0 {
		attrs = append(attrs, requested(f))
	}
	code, m := w.request(stun.MethodAllocate, attrs...)
	var a stun.XORMappedAddress
	if code != 0 || a.GetFromAs(m, stun.AttrXORRelayedAddress) != nil {
		w.t.Fatalf("allocate: %d %v", code, m)
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(a.Port))
}

func hasIPv6() bool {
	pc, err := net.ListenPacket("udp", "[::1]:0")
	if err == nil {
		_ = pc.Close()
	}
	return err == nil
}

func needIPv6(t *testing.T) {
	t.Helper()
	if !hasIPv6() {
		lacking.Skip(t, "this machine has no IPv6 on loopback (::1): switch it on, on Linux as root with `sysctl net.ipv6.conf.lo.disable_ipv6=0`")
	}
}

// Each client gets the family that it asks for and IPv4 when it asks for none, whichever family it comes over: two who come
// over two families must find relays that reach each other.
func TestBothFamilies(t *testing.T) {
	needIPv6(t)
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		v4, v6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")
		s := listen(t, func(c *Config) {
			c.UDP, c.TCP = []string{"127.0.0.1:0", "[::1]:0"}, []string{"127.0.0.1:0", "[::1]:0"}
			c.RelayAddresses = []netip.Addr{v6, v4}
		}, mode)
		for i := range 2 { // by the listener
			for _, network := range []string{"udp", "tcp"} {
				listener := s.UDPAddrs()[i]
				if network == "tcp" {
					listener = s.TCPAddrs()[i]
				}
				pair := func(f byte) (a, b *wire, at, bt netip.AddrPort) {
					a, b = newWireAt(t, s, network, listener), newWire(t, s, "udp")
					return a, b, a.allocateIn(f), b.allocateIn(f)
				}
				for f, want := range map[byte]netip.Addr{0: v4, familyIPv4: v4, familyIPv6: v6} {
					a, b, at, bt := pair(f)
					if at.Addr() != want || bt.Addr() != want {
						t.Errorf("family %d: %s and %s", f, at, bt)
					}
					a.request(stun.MethodCreatePermission, peerAddress(bt))
					b.request(stun.MethodCreatePermission, peerAddress(at))
					a.say(bt, "hello")
					if got := b.heard(); got != "hello" {
						t.Errorf("heard %q", got)
					}
				}
			}
		}
		if st := s.Stats(); st.Allocations != 24 || len(st.Kinds) != 4 || st.NoAllocation["family"] != 0 {
			t.Errorf("stats: %+v", st)
		}
	})
}

// RFC 8656 sections 7.2, 9.2 and 12.2: a family that is not served, a peer of the other family.
func TestFamilyMismatch(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode)
		w := newWire(t, s, "udp")
		if code, _ := w.request(stun.MethodAllocate, transport(protoUDP), requested(familyIPv6)); code != stun.CodeAddrFamilyNotSupported {
			t.Errorf("an IPv6 relay of a server without: %d", code)
		}
		if code, _ := w.request(stun.MethodAllocate, transport(protoUDP), requested(9)); code != stun.CodeAddrFamilyNotSupported {
			t.Errorf("no family: %d", code)
		}
		if n := s.Stats().NoAllocation["family"]; n != 1 {
			t.Errorf("counted %d", n)
		}
		w.allocate()
		if code, _ := w.request(stun.MethodCreatePermission, peerAt("[2606:4700::1]:5000")); code != stun.CodePeerAddrFamilyMismatch {
			t.Errorf("CreatePermission: %d", code)
		}
		channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 0, 0, 0}}
		if code, _ := w.request(stun.MethodChannelBind, channel, peerAt("[2606:4700::1]:5000")); code != stun.CodePeerAddrFamilyMismatch {
			t.Errorf("ChannelBind: %d", code)
		}
		if code, _ := w.request(stun.MethodRefresh, requested(familyIPv6)); code != stun.CodePeerAddrFamilyMismatch {
			t.Errorf("Refresh: %d", code)
		}
	})
}

// A server with IPv6 relays only gives them to all who do not ask, also to those who come over IPv4.
func TestIPv6RelaysOnly(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, func(c *Config) { c.RelayAddresses = addrs("2001:db8::7") })
	for _, network := range []string{"udp", "tcp"} {
		w := newWire(t, s, network)
		if at := w.allocateIn(0); at.Addr() != netip.MustParseAddr("2001:db8::7") {
			t.Errorf("%s: relay at %s", network, at)
		}
		if code, _ := w.request(stun.MethodRefresh); code != 0 {
			t.Errorf("%s: refresh: %d", network, code)
		}
	}
	w := newWire(t, s, "udp")
	if code, _ := w.request(stun.MethodAllocate, transport(protoUDP), requested(familyIPv4)); code != stun.CodeAddrFamilyNotSupported || s.Stats().NoAllocation["family"] != 1 {
		t.Errorf("an IPv4 relay: %d", code)
	}
}

func TestRelayAddressesAreFound(t *testing.T) {
	t.Parallel()
	own := map[netip.Addr]bool{}
	for _, a := range addrs("10.0.0.9", "10.0.0.5", "127.0.0.1", "::1", "fe80::5", "192.168.0.4", "8.8.4.4", "8.8.4.5", "fd00::5", "2a00::1") {
		own[a] = true
	}
	private := map[netip.Addr]bool{netip.MustParseAddr("10.0.0.5"): true, netip.MustParseAddr("fd00::5"): true}
	real := PortRange{50000, 60000}
	for name, c := range map[string]struct {
		listeners string
		told      string
		ports     PortRange
		own       map[netip.Addr]bool
		want      string // the two addresses, or what the error says
		bind      string
	}{
		"named":                     {listeners: "8.8.4.5:1", own: own, want: "8.8.4.5 invalid IP"},
		"named, both":               {listeners: "[2a00::1]:1 10.0.0.5:1 8.8.4.4:1", own: own, want: "10.0.0.5 2a00::1"},
		"anywhere":                  {listeners: "[::]:1", own: own, want: "8.8.4.4 2a00::1"},
		"anywhere, IPv4":            {listeners: "0.0.0.0:1", own: own, want: "8.8.4.4 invalid IP"},
		"anywhere, private":         {listeners: "[::]:1", own: private, want: "10.0.0.5 fd00::5"},
		"no listeners":              {own: own, want: "8.8.4.4 2a00::1"},
		"no listeners, no network":  {want: "127.0.0.1 invalid IP"},
		"one named, one anywhere":   {listeners: "10.0.0.5:1 [::]:1", own: own, want: "10.0.0.5 2a00::1"},
		"told":                      {listeners: "[::]:1", told: "203.0.113.7", own: own, want: "203.0.113.7 invalid IP"},
		"told, both":                {told: "2001:db8::1 ::ffff:203.0.113.7", own: own, want: "203.0.113.7 2001:db8::1"},
		"real, named":               {listeners: "8.8.4.4:1", ports: real, own: own, want: "8.8.4.4 invalid IP", bind: "8.8.4.4 invalid IP"},
		"real, told and own":        {listeners: "[::]:1", told: "8.8.4.4 2a00::1", ports: real, own: own, want: "8.8.4.4 2a00::1", bind: "8.8.4.4 2a00::1"},
		"real, told and not own":    {listeners: "[::]:1", told: "203.0.113.7 2001:db8::1", ports: real, own: own, want: "203.0.113.7 2001:db8::1", bind: "0.0.0.0 ::"},
		"real, anywhere":            {listeners: "[::]:1", ports: real, own: own, want: "RelayAddresses"},
		"real, without a listener":  {ports: real, own: own, want: "RelayAddresses"},
		"told, and nobody can send": {told: "::", own: own, want: "RelayAddresses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Ports: c.ports}
			for _, a := range strings.Fields(c.told) {
				cfg.RelayAddresses = append(cfg.RelayAddresses, netip.MustParseAddr(a))
			}
			var listeners []netip.AddrPort
			for _, l := range strings.Fields(c.listeners) {
				listeners = append(listeners, netip.MustParseAddrPort(l))
			}
			told, bind, err := cfg.relayAddresses(listeners, c.own)
			if err != nil {
				wantConfigError(t, err, c.want)
				return
			}
			if got := told[0].String() + " " + told[1].String(); got != c.want {
				t.Errorf("told %s, want %s", got, c.want)
			}
			if got := bind[0].String() + " " + bind[1].String(); c.bind != "" && got != c.bind {
				t.Errorf("bind %s, want %s", got, c.bind)
			}
		})
	}
}
