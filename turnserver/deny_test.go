package turnserver

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// The policy over the wire: CreatePermission and ChannelBind to what history has been attacked with.
func TestDeniedPeersOverTheWire(t *testing.T) {
	t.Parallel()
	s4 := listen(t, noLocal)
	v4 := newWire(t, s4, "udp")
	v4.allocate()
	for _, peer := range []string{"127.0.0.1:5000", "0.0.0.0:5000", "10.0.0.1:5000", "169.254.169.254:5000", "192.168.1.1:5000", "224.0.0.1:5000"} {
		mapped := peerAddress(netip.AddrPortFrom(netip.AddrFrom16(netip.MustParseAddrPort(peer).Addr().As16()), 5000))
		for _, p := range []peerAddress{peerAt(peer), mapped} {
			if code, _ := v4.request(stun.MethodCreatePermission, p); code != stun.CodeForbidden {
				t.Errorf("CreatePermission %s: %d", netip.AddrPort(p), code)
			}
		}
		channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 0, 0, 0}}
		if code, _ := v4.request(stun.MethodChannelBind, channel, peerAt(peer)); code != stun.CodeForbidden {
			t.Errorf("ChannelBind %s: %d", peer, code)
		}
	}
	if code, _ := v4.request(stun.MethodCreatePermission, peerAt("1.1.1.1:5000")); code != 0 {
		t.Errorf("a public peer: %d", code)
	}
	if n := s4.Stats().PeersDenied; n["link-local"] != 3 || n["own-address"] != 3 || n["private"] != 6 || n["unspecified"] != 3 || n["multicast"] != 3 {
		t.Errorf("counted %v", n)
	}
}

func TestDeniedPeersOverTheWireIPv6(t *testing.T) {
	t.Parallel()
	needIPv6(t)
	s := listen(t, noLocal, at("[::1]:0"))
	w := newWire(t, s, "udp")
	w.allocate()
	for _, peer := range []string{"[::1]:5000", "[::]:5000", "[64:ff9b::7f00:1]:5000", "[2002:7f00:1::]:5000", "[fe80::1]:5000", "[fd00:ec2::254]:5000", "[::127.0.0.1]:5000"} {
		if code, _ := w.request(stun.MethodCreatePermission, peerAt(peer)); code != stun.CodeForbidden {
			t.Errorf("%s: %d", peer, code)
		}
	}
}

// A permission has no port, so these pass CreatePermission; no packet may follow.
func TestDeniedPortsOverTheWire(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "udp")
	w.allocate()
	target, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	_ = target.SetDeadline(time.Now().Add(patience))
	if code, _ := w.request(stun.MethodCreatePermission, peerAt("127.0.0.1:80")); code != 0 {
		t.Fatalf("permission: %d", code)
	}
	// A Binding request that came from the relay would be answered to the relay, and count.
	w.say(s.UDPAddr(), string(binding()))
	w.say(netip.MustParseAddrPort("127.0.0.1:80"), "GET /")
	w.say(addrPort(target.LocalAddr()), "welcome")
	buf := make([]byte, 64)
	if n, _, err := target.ReadFrom(buf); err != nil || string(buf[:n]) != "welcome" {
		t.Fatalf("%q: %v", buf[:n], err)
	}
	// The packet is counted a moment after it has gone.
	eventually(t, "the packet is counted", func() bool { return s.Stats().ToPeers.Packets > 0 })
	st := s.Stats()
	if st.PeersDenied["own-listener"] != 1 || st.PeersDenied["low-port"] != 1 || st.ToPeers.Packets != 1 || st.FromPeers.Packets != 0 {
		t.Errorf("stats: %+v", st)
	}
}

func TestWriteToDeniedPeer(t *testing.T) {
	t.Parallel()
	s := listen(t, noLocal)
	sock := openRelay(t, s, "alice")
	for _, to := range []net.Addr{net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.1:5000")), &net.UDPAddr{}, &net.IPAddr{}} {
		sock.permissions.put(addrPort(to).Addr(), true)
		if _, err := sock.WriteTo([]byte("x"), to); !errors.Is(err, ErrPeerDenied) {
			t.Errorf("%v: %v", to, err)
		}
	}
}

// One packet to the broadcast address of a network is a packet to all of it, and on a public network nothing in that address
// tells. Loopback has one too, which the switch lets through the policy: it is the socket that must refuse.
func TestBroadcastIsRefusedByTheSocket(t *testing.T) {
	t.Parallel()
	s := listen(t)
	sock := openRelay(t, s, "alice")
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.255.255.255:5000"))
	sock.permissions.put(addrPort(to).Addr(), true)
	if _, err := sock.WriteTo([]byte("x"), to); !errors.Is(err, syscall.EACCES) {
		t.Errorf("got %v", err)
	}
}

// Every client may have a permission for the relay address, for that is where clients meet. On a server with an address
// of its own, a service of the same machine must not get through to a client because of that.
func TestOwnServicesCannotComeIn(t *testing.T) {
	t.Parallel()
	host := hostAddr(t)
	s := listen(t, noLocal, at(netip.AddrPortFrom(host, 0).String()))
	a, b := newWire(t, s, "udp"), newWire(t, s, "udp")
	at, bt := a.allocate(), b.allocate()
	if code, _ := a.request(stun.MethodCreatePermission, peerAddress(bt)); code != 0 {
		t.Fatal(code)
	}
	b.request(stun.MethodCreatePermission, peerAddress(at))
	service, err := net.ListenPacket("udp", netip.AddrPortFrom(host, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	if _, err := service.WriteTo([]byte("secret"), net.UDPAddrFromAddrPort(at)); err != nil {
		t.Fatal(err)
	}
	b.say(at, "hello") // behind it in the same socket
	if got := a.heard(); got != "hello" {
		t.Errorf("heard %q", got)
	}
	if n := s.Stats().PeersDenied["own-address"]; n != 1 {
		t.Errorf("counted %d", n)
	}
	a.say(addrPort(service.LocalAddr()), "attack")
	a.binding()
	if n := s.Stats().PeersDenied["own-address"]; n != 2 {
		t.Errorf("counted %d", n)
	}
}

// A peer without a permission is dropped by Pion; this is what "no permission" rests on.
func TestPeerWithoutPermissionCannotComeIn(t *testing.T) {
	t.Parallel()
	s := listen(t)
	a, b := newWire(t, s, "udp"), newWire(t, s, "udp")
	at, bt := a.allocate(), b.allocate()
	b.request(stun.MethodCreatePermission, peerAddress(at))
	b.say(at, "too early")
	b.binding()
	eventually(t, "the first packet has been refused", func() bool { return s.Stats().PeersDenied["no-permission"] == 1 })
	a.request(stun.MethodCreatePermission, peerAddress(bt))
	b.say(at, "hello")
	if got := a.heard(); got != "hello" {
		t.Errorf("heard %q", got)
	}
	if n := s.Stats().FromPeers.Packets; n != 1 {
		t.Errorf("counted %d", n)
	}
}

// An address that the machine has got since it was asked for them is denied with the first request for a permission that comes.
func TestNewOwnAddressIsDenied(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.AllowLocal = false })
	w := newWire(t, s, "udp")
	w.allocate()
	peer := peerAt("1.1.1.1:5000")
	if code, _ := w.request(stun.MethodCreatePermission, peer); code != 0 {
		t.Fatalf("before: %d", code)
	}
	s.own.mu.Lock()
	s.own.last = s.own.last.Add(-ownRefresh)
	s.own.list = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.IPv4(1, 1, 1, 1), Mask: net.CIDRMask(24, 32)}}, nil
	}
	s.own.mu.Unlock()
	if code, _ := w.request(stun.MethodCreatePermission, peer); code != stun.CodeForbidden {
		t.Errorf("after: %d", code)
	}
	if n := s.Stats().PeersDenied["own-address"]; n != 1 {
		t.Errorf("counted %d", n)
	}
}

// The list of own addresses follows the machine.
func TestOwnAddressesAreRefreshed(t *testing.T) {
	t.Parallel()
	o, err := newOwnAddrs()
	if err != nil {
		t.Fatal(err)
	}
	new := netip.MustParseAddr("192.0.2.77")
	o.list = func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.IP(new.AsSlice()).To16(), Mask: net.CIDRMask(24, 32)}}, nil
	}
	if _ = o.refresh(); o.snapshot()[new] {
		t.Error("asked again at once")
	}
	o.last = o.last.Add(-ownRefresh)
	if err := o.refresh(); err != nil || !o.snapshot()[new] {
		t.Errorf("%v %v", o.snapshot(), err)
	}
	o.last = o.last.Add(-ownRefresh)
	o.list = func() ([]net.Addr, error) { return nil, errors.New("no netlink") }
	if err := o.refresh(); err == nil || !o.snapshot()[new] {
		t.Errorf("an error lost the list: %v", o.snapshot())
	}
}
