package turnserver

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Two clients meet at ports that no socket has, and nothing of the server's machine is bound for it.
func TestVirtualPortsHaveNoSockets(t *testing.T) { // not parallel: it looks at ports
	s := listen(t, virtual)
	a, b := newWire(t, s, "udp"), newWire(t, s, "tcp")
	at, bt := a.allocate(), b.allocate()
	for _, relay := range []netip.AddrPort{at, bt} {
		if relay.Addr() != netip.MustParseAddr("127.0.0.1") || relay.Port() < 1024 {
			t.Errorf("relay at %s", relay)
		}
		free(t, true, relay)
	}
	for _, r := range s.relays.all() {
		if r.sock != nil {
			t.Errorf("%s has a socket", r.at)
		}
	}
	a.request(stun.MethodCreatePermission, peerAddress(bt))
	b.request(stun.MethodCreatePermission, peerAddress(at))
	a.say(bt, "there")
	if got := b.heard(); got != "there" {
		t.Errorf("heard %q", got)
	}
	b.say(at, "and back")
	if got := a.heard(); got != "and back" {
		t.Errorf("heard %q", got)
	}
}

// Nothing but relays of this server can be asked for, whatever the lists open, and nothing that a client sends leaves memory.
func TestVirtualPortsReachNothingElse(t *testing.T) {
	t.Parallel()
	target, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	s := listen(t, virtual, func(c *Config) { c.Allow, c.AllowLocal = mustPrefixes("0.0.0.0/0", "::/0"), true })
	w := newWire(t, s, "udp")
	own := w.allocate()
	for _, peer := range []string{"127.0.0.2:5000", "1.1.1.1:5000", "10.0.0.1:5000", "169.254.169.254:5000", "0.0.0.0:5000", "224.0.0.1:5000"} {
		if code, _ := w.request(stun.MethodCreatePermission, peerAt(peer)); code != stun.CodeForbidden {
			t.Errorf("permission for %s: %d", peer, code)
		}
	}
	if code, _ := w.request(stun.MethodCreatePermission, peerAddress(own)); code != 0 {
		t.Fatalf("permission for the relay address: %d", code)
	}
	before := s.Stats().PeersDenied["not-a-relay"]
	w.say(addrPort(target.LocalAddr()), "attack")
	w.say(s.UDPAddr(), string(binding()))
	w.binding()
	if st := s.Stats(); st.PeersDenied["not-a-relay"] != before+2 || st.ToPeers.Packets != 0 || before != 6 {
		t.Errorf("stats: %+v", st)
	}
	r := openRelay(t, s, "bob")
	for _, to := range []net.Addr{target.LocalAddr(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("[::1]:5000")), &net.UDPAddr{}, &net.IPAddr{}} {
		if _, err := r.WriteTo([]byte("x"), to); !errors.Is(err, ErrPeerDenied) {
			t.Errorf("%v: %v", to, err)
		}
	}
	_ = target.SetReadDeadline(time.Unix(1, 0)) // what has been sent is there: loopback does not wait
	if n, _, err := target.ReadFrom(make([]byte, 64)); err == nil {
		t.Errorf("%d bytes got out", n)
	}
}

// What is sent to the address that peers are told does not come in: there is no way from a socket to a virtual port.
func TestNothingComesInFromOutside(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	a, b := newWire(t, s, "udp"), newWire(t, s, "udp")
	at, bt := a.allocate(), b.allocate()
	a.request(stun.MethodCreatePermission, peerAddress(bt))
	b.request(stun.MethodCreatePermission, peerAddress(at))
	stranger, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	_, _ = stranger.Write([]byte("hello"))
	b.say(at, "it is me")
	if got := a.heard(); got != "it is me" {
		t.Errorf("heard %q", got)
	}
}

func TestVirtualPortsAreRandom(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	seen := map[uint16]bool{}
	low, high := false, false
	for range 64 {
		port := openRelay(t, s, "alice").at.Port()
		if port < 1024 || seen[port] || s.ports.has(port) {
			t.Errorf("port %d", port)
		}
		seen[port] = true
		low, high = low || port < 32768, high || port >= 32768
	}
	if !low || !high { // one in 2^63 runs
		t.Errorf("64 ports on one side: %v", seen)
	}
}

// Every port is found, and the one more is refused by name: ten random tries would have given up long before.
func TestLastVirtualPortIsFound(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	f, other := s.relays.families[0], &relay{}
	for port := 1024; port < 1<<16; port++ {
		if port != 40000 {
			f.ports[port].Store(other)
		}
	}
	r := openRelay(t, s, "alice")
	if r.at.Port() != 40000 {
		t.Errorf("got %s", r.at)
	}
	late := newWire(t, s, "udp")
	if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeInsufficientCapacity {
		t.Errorf("one too many: %d", code)
	}
	if n := s.Stats().NoAllocation["ports"]; n != 1 {
		t.Errorf("counted %d", n)
	}
	_ = r.Close()
	late.allocate()
}

// A listener's number could be free in a full range only.
func TestVirtualPortIsNoListenersNumber(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	f, other := s.relays.families[0], &relay{}
	for port := 1024; port < 1<<16; port++ {
		if !s.ports.has(uint16(port)) {
			f.ports[port].Store(other)
		}
	}
	e := &entry{srv: s, transport: overUDP}
	if _, _, err := e.AllocatePacketConn(allocateFor("alice")); !errors.Is(err, ErrNoPorts) {
		t.Errorf("got %v", err)
	}
}

// A client that does not read holds nobody up and fills no memory.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, func(c *Config) { c.Limits.Queue = 2 })
	a, b := openRelay(t, s, "alice"), openRelay(t, s, "bob")
	permit(a, b)
	for _, data := range []string{"one", "two", "three", "four"} {
		if n, err := a.WriteTo([]byte(data), b.addr); n != len(data) || err != nil {
			t.Fatal(n, err)
		}
	}
	if st := s.Stats(); st.QueueFull != 2 || st.ToPeers != (Traffic{4, 15}) {
		t.Errorf("stats: %+v", st)
	}
	buf := make([]byte, relayBuffer)
	for _, want := range []string{"one", "two"} {
		if n, from, err := b.ReadFrom(buf); err != nil || string(buf[:n]) != want || from.String() != a.at.String() {
			t.Errorf("%q from %v: %v", buf[:n], from, err)
		}
	}
	if st := s.Stats(); st.FromPeers != (Traffic{2, 6}) {
		t.Errorf("stats: %+v", st)
	}
	if _, err := a.WriteTo(make([]byte, relayBuffer), b.addr); err != nil || s.Stats().Oversized != 1 {
		t.Errorf("too large: %v, %+v", err, s.Stats())
	}
}

// What has come before the end is not relayed after it.
func TestNothingIsReadAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	a, b := openRelay(t, s, "alice"), openRelay(t, s, "bob")
	permit(a, b)
	if _, err := a.WriteTo([]byte("x"), b.addr); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	if n, _, err := b.ReadFrom(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if _, err := a.WriteTo([]byte("x"), b.addr); !errors.Is(err, ErrPeerDenied) {
		t.Errorf("an ended relay is found: %v", err)
	}
	if s.relays.find(b.at) != nil {
		t.Error("it is in the table")
	}
}

// A packet costs no allocation on its way from one relay to the other.
func TestDeliveryDoesNotAllocate(t *testing.T) {
	s := listen(t, virtual)
	a, b := openRelay(t, s, "alice"), openRelay(t, s, "bob")
	permit(a, b)
	data, buf := make([]byte, 1200), make([]byte, relayBuffer)
	if n := testing.AllocsPerRun(200, func() {
		_, _ = a.WriteTo(data, b.addr)
		_, _, _ = b.ReadFrom(buf)
	}); n > 1 { // with -race a pool forgets every fourth on purpose; an address or an error per packet would be two
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDelivery(b *testing.B) {
	cfg := testConfig()
	virtual(&cfg)
	s, err := Listen(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	x, y := openRelay(b, s, "alice"), openRelay(b, s, "bob")
	permit(x, y)
	data, buf := make([]byte, 1200), make([]byte, relayBuffer)
	for b.Loop() {
		_, _ = x.WriteTo(data, y.addr)
		_, _, _ = y.ReadFrom(buf)
	}
}
