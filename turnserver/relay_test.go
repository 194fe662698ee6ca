package turnserver

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// exchange sends payloads of telling sizes from one relay to the other, both ways. Pion's client begins with Send
// indications and changes to channels. (Over TCP it holds back a ChannelData of less than five bytes until the next
// message; for those see TestSmallChannelDataOverTCP.)
func exchange(t *testing.T, a, b net.PacketConn) {
	t.Helper()
	// A relay takes packets of a peer only once its client has asked for that peer.
	for _, pair := range [][2]net.PacketConn{{a, b}, {b, a}} {
		if _, err := pair[0].WriteTo([]byte("hole"), pair[1].LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	for _, size := range []int{5, 6, 7, 8, 200, 1200, 1400} {
		for _, way := range []struct{ from, to net.PacketConn }{{a, b}, {b, a}} {
			want := bytes.Repeat([]byte{byte(size)}, size)
			if _, err := way.from.WriteTo(want, way.to.LocalAddr()); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			got := make([]byte, 2000)
			for {
				n, from, err := way.to.ReadFrom(got)
				if err != nil {
					t.Fatalf("%d bytes: %v", size, err)
				}
				if string(got[:n]) == "hole" {
					continue
				}
				if !bytes.Equal(got[:n], want) || from.String() != way.from.LocalAddr().String() {
					t.Fatalf("got %d bytes from %s, want %d from %s", n, from, size, way.from.LocalAddr())
				}
				break
			}
		}
	}
}

func TestRelayToRelay(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, via := range [][2]string{{"udp", "udp"}, {"tcp", "tcp"}, {"udp", "tcp"}} {
			t.Run(addr+" "+via[0]+" "+via[1], func(t *testing.T) {
				if addr != "127.0.0.1:0" {
					needIPv6(t)
				}
				bothModes(t, func(t *testing.T, mode func(*Config)) {
					s := listen(t, at(addr), mode)
					exchange(t, relayed(t, s, via[0]), relayed(t, s, via[1]))
					st := s.Stats()
					if st.Allocations != 2 || st.AllocationsTotal != 2 || st.ToPeers.Packets < 14 || st.FromPeers.Bytes < 2*2826 {
						t.Errorf("stats: %+v", st)
					}
				})
			})
		}
	}
}

// A relay is one at the relay address only: somebody else's port of the same number is somebody else's.
func TestPortElsewhereIsNoRelay(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode)
		r := openRelay(t, s, "alice")
		for at, want := range map[netip.AddrPort]*relay{
			r.at: r,
			netip.AddrPortFrom(netip.MustParseAddr("8.8.8.8"), r.at.Port()):      nil,
			netip.AddrPortFrom(netip.MustParseAddr("2001:4860::8"), r.at.Port()): nil,
			netip.AddrPortFrom(r.at.Addr(), r.at.Port()^1):                       nil,
			{}: nil,
		} {
			if got := s.relays.find(at); got != want {
				t.Errorf("%s is %v, want %v", at, got, want)
			}
		}
	})
}

// A plain peer, neither on this server nor on loopback only: what a relay is for.
func TestRelayToPlainPeer(t *testing.T) {
	t.Parallel()
	s := listen(t)
	peer, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	_ = peer.SetDeadline(time.Now().Add(patience))
	relay := relayed(t, s, "udp")
	if _, err := relay.WriteTo([]byte("ping"), peer.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	n, from, err := peer.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "ping" || from.String() != relay.LocalAddr().String() {
		t.Fatalf("%q from %v: %v", buf[:n], from, err)
	}
	if _, err := peer.WriteTo([]byte("pong"), from); err != nil {
		t.Fatal(err)
	}
	if n, _, err = relay.ReadFrom(buf); err != nil || string(buf[:n]) != "pong" {
		t.Fatalf("%q: %v", buf[:n], err)
	}
}

// The same without the dev switch.
func TestLoopbackIsForbiddenWithoutTheSwitch(t *testing.T) {
	t.Parallel()
	s := listen(t, noLocal)
	for _, network := range []string{"udp", "tcp"} {
		a, b := relayed(t, s, network), relayed(t, s, network)
		_, err := a.WriteTo([]byte("hello"), b.LocalAddr())
		var refused *stun.TurnError
		if !errors.As(err, &refused) || refused.ErrorCodeAttr.Code != stun.CodeForbidden {
			t.Errorf("%s: want 403, got %v", network, err)
		}
	}
	if s.Stats().PeersDenied["own-address"] == 0 {
		t.Errorf("not counted: %+v", s.Stats().PeersDenied)
	}
}

// On a server with an address of its own two clients meet without any switch, although that address is its own.
func TestRelaysMeetOnOwnAddress(t *testing.T) {
	t.Parallel()
	s := listen(t, noLocal, at(netip.AddrPortFrom(hostAddr(t), 0).String()))
	exchange(t, relayed(t, s, "udp"), relayed(t, s, "tcp"))
}

// Behind a one-to-one NAT the address that peers are told is not on this machine.
func TestRelaysMeetOnForeignAddress(t *testing.T) {
	t.Parallel()
	for _, bind := range []string{"", "127.0.0.1"} {
		s := listen(t, noLocal, func(c *Config) {
			c.RelayAddresses = addrs("203.0.113.7")
			if bind != "" {
				c.RelayBind = addrs(bind)
			}
		})
		a, b := relayed(t, s, "udp"), relayed(t, s, "udp")
		if host, _, _ := net.SplitHostPort(a.LocalAddr().String()); host != "203.0.113.7" {
			t.Fatalf("peers are told %s", host)
		}
		exchange(t, a, b)
	}
}

func TestFamilyAndEvenPortRefused(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "udp")
	v6 := stun.RawAttribute{Type: stun.AttrRequestedAddressFamily, Value: []byte{2, 0, 0, 0}}
	if code, _ := w.request(stun.MethodAllocate, transport(protoUDP), v6); code != stun.CodeAddrFamilyNotSupported {
		t.Errorf("IPv6 relay: %d", code)
	}
	even := stun.RawAttribute{Type: stun.AttrEvenPort, Value: []byte{0x80}}
	if code, _ := w.request(stun.MethodAllocate, transport(protoUDP), even); code != stun.CodeInsufficientCapacity {
		t.Errorf("EVEN-PORT: %d", code)
	}
	w.allocate()
	if n := s.Stats().NoAllocation; n["family"] != 1 || n["even-port"] != 1 {
		t.Errorf("counted %v", n)
	}
}

// RFC 6062 over the wire: no TCP allocation, no Connect from a UDP allocation, and the listener serves on.
func TestTCPRelayRefused(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		s := listen(t)
		w := newWire(t, s, network)
		if code, _ := w.request(stun.MethodAllocate, transport(protoTCP)); code != stun.CodeUnsupportedTransProto {
			t.Errorf("%s: Allocate with TCP: %d", network, code)
		}
		w.allocate()
		black := peerAt("127.0.0.1:9999") // with a stock relay this Connect holds the listener until it fails
		if code, _ := w.request(stun.MethodConnect, black); code != stun.CodeAllocMismatch {
			t.Errorf("%s: Connect: %d", network, code)
		}
		id := stun.RawAttribute{Type: stun.AttrConnectionID, Value: []byte{0, 0, 0, 1}}
		if code, _ := w.request(stun.MethodConnectionBind, id); code != stun.CodeBadRequest {
			t.Errorf("%s: ConnectionBind: %d", network, code)
		}
		w.binding()
		relayed(t, s, network)
		if n, m := s.Stats().NoAllocation["tcp-relay"], s.Stats().Requests["tcp-relay"]; n != 1 || m != 2 {
			t.Errorf("%s: counted %d and %d", network, n, m)
		}
	}
	e := &entry{srv: &Server{}}
	if _, _, err := e.AllocateListener(turn.AllocateListenerConfig{}); !errors.Is(err, ErrTCPRelay) {
		t.Error(err)
	}
	if _, err := e.AllocateConn(turn.AllocateConnConfig{}); !errors.Is(err, ErrTCPRelay) {
		t.Error(err)
	}
}

// freePorts finds n ports in a row that nobody uses now, below those that the kernel hands out by itself.
func freePorts(t *testing.T, n int) PortRange {
	t.Helper()
	var found PortRange
	ok := PortRange{20000, 30000}.shuffled(func(port uint16) bool {
		for i := range n {
			pc, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", int(port)+i))
			if err != nil {
				return false
			}
			_ = pc.Close()
		}
		found = PortRange{port, port + uint16(n-1)}
		return true
	})
	if !ok {
		lacking.Skip(t, fmt.Sprintf("there are no %d free UDP ports in a row between 20000 and 30000: end what uses them", n))
	}
	return found
}

// Not parallel: another socket of this process could take one of the ports.
func TestEveryPortOfTheRangeIsFound(t *testing.T) {
	ports := freePorts(t, 12)
	seen := map[uint16]bool{}
	for _, port := range []uint16{ports.Min, ports.Min + 5} { // those of somebody else
		pc, err := net.ListenPacket("udp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		seen[port] = true
	}
	s := listen(t, func(c *Config) { c.Ports = ports })
	var all []*wire
	for range 10 {
		w := newWire(t, s, "udp")
		port := w.allocate().Port()
		if port < ports.Min || port > ports.Max || seen[port] {
			t.Fatalf("port %d of %v, seen %v", port, ports, seen)
		}
		seen[port] = true
		all = append(all, w)
	}
	late := newWire(t, s, "udp")
	if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeInsufficientCapacity {
		t.Fatalf("one relay too many: %d", code)
	}
	if st := s.Stats(); st.NoAllocation["ports"] != 1 || st.Allocations != 10 {
		t.Errorf("stats: %+v", st)
	}
	end := stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 0, 0}}
	if code, _ := all[7].request(stun.MethodRefresh, end); code != 0 {
		t.Fatalf("refresh: %d", code)
	}
	late.allocate()
}

// What does not fit Pion's buffer would reach the client cut, so it does not reach it at all.
func TestOversizedDatagramIsDropped(t *testing.T) {
	t.Parallel()
	s := listen(t)
	a, b := newWire(t, s, "udp"), newWire(t, s, "udp")
	at, bt := a.allocate(), b.allocate()
	a.request(stun.MethodCreatePermission, peerAddress(bt))
	peer, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	for _, size := range []int{1601, 1600, 5000, 1400} {
		if _, err := peer.Write(bytes.Repeat([]byte("x"), size)); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.heard(); got != strings.Repeat("x", 1400) {
		t.Fatalf("heard %d bytes", len(got))
	}
	if n := s.Stats().Oversized; n != 3 {
		t.Errorf("counted %d", n)
	}
}

// Errors of a socket must not end its reader. A deadline in the past is an error that a test can cause.
func TestReadErrorsAreSurvived(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "udp")
	at := w.allocate()
	peer, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	w.request(stun.MethodCreatePermission, peerAddress(addrPort(peer.LocalAddr())))

	for _, sock := range []*net.UDPConn{s.udp[0], s.relays.find(at).sock} {
		before := s.Stats().ReadErrors
		_ = sock.SetReadDeadline(time.Unix(1, 0))
		if _, err := peer.Write([]byte("still here")); err != nil { // what a relay's socket has is read again and again
			t.Fatal(err)
		}
		eventually(t, "three read errors", func() bool { return s.Stats().ReadErrors >= before+3 })
		_ = sock.SetReadDeadline(time.Time{})
		if got := w.heard(); got != "still here" {
			t.Fatalf("heard %q", got)
		}
	}
	w.binding()
}

// Pion tells of an allocation's end a moment late: the client may have the next one by then, and keeps it.
func TestLateEndOfAnAllocation(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	old, next := openRelay(t, s, "alice"), openRelay(t, s, "alice")
	e := next.entry
	old.entry = e
	e.remove(old)
	if e.relayOf(next.client) != next {
		t.Error("the new one went with the old one")
	}
	e.remove(next)
	if e.relayOf(next.client) != nil {
		t.Error("it stays")
	}
}
