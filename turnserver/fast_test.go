package turnserver

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// bind binds a channel to a peer.
func (w *wire) bind(number uint16, to netip.AddrPort) {
	w.t.Helper()
	value := binary.BigEndian.AppendUint16(nil, number)
	if code, m := w.request(stun.MethodChannelBind, peerAddress(to), stun.RawAttribute{Type: stun.AttrChannelNumber, Value: append(value, 0, 0)}); code != 0 {
		w.t.Fatalf("bind: %d %v", code, m)
	}
}

func channelMessage(number uint16, data string) []byte {
	b := binary.BigEndian.AppendUint16(nil, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, -len(data)&3)...) // over a stream it must be padded, and else it may be
}

// put sends data to a channel.
func (w *wire) put(number uint16, data string) {
	w.t.Helper()
	if _, err := w.conn.Write(channelMessage(number, data)); err != nil {
		w.t.Fatal(err)
	}
}

// next is what comes next, by a channel ("4001 data") or without one ("data").
func (w *wire) next() string {
	w.t.Helper()
	b := make([]byte, 2048)
	n, err := w.conn.Read(b)
	if err != nil {
		w.t.Fatal(err)
	}
	if number, size, ok := readHeader(b[:n]); ok {
		return fmt.Sprintf("%x %s", number, b[4:4+size])
	}
	m := &stun.Message{Raw: b[:n]}
	if err := m.Decode(); err != nil {
		w.t.Fatal(err)
	}
	data, err := m.Get(stun.AttrData)
	if err != nil {
		w.t.Fatalf("not data: %v", m)
	}
	return string(data)
}

func (w *wire) expect(want string) {
	w.t.Helper()
	if got := w.next(); got != want {
		w.t.Fatalf("got %.100q, want %.100q", got, want)
	}
}

// couple opens a relay for each of two clients, who bind a channel to each other: 4001 is a's and 4002 is b's.
func couple(t *testing.T, s *Server, networks ...string) (a, b *wire, at, bt netip.AddrPort) {
	t.Helper()
	a, b = newWire(t, s, networks[0]), newWire(t, s, networks[1])
	at, bt = a.allocate(), b.allocate()
	a.bind(0x4001, bt)
	b.bind(0x4002, at)
	return a, b, at, bt
}

func TestFromClientToClient(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		for _, networks := range [][]string{{"udp", "udp"}, {"tcp", "udp"}, {"udp", "tcp"}} {
			s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
			a, b, at, bt := couple(t, s, networks...)
			for _, size := range []int{1, 2, 3, 4, 1000, 1500, 1, 1596} {
				text := strings.Repeat("x", size)
				a.put(0x4001, text)
				b.expect("4002 " + text)
				b.put(0x4002, text)
				a.expect("4001 " + text)
			}
			for _, r := range []*relay{s.relays.find(at), s.relays.find(bt)} {
				if to, from := r.toPeers.snapshot(), r.fromPeers.snapshot(); to != (Traffic{8, 4107}) || from != to {
					t.Errorf("%v: %+v and %+v relayed", networks, to, from)
				}
			}
		}
	})
}

func TestEmptyChannelData(t *testing.T) {
	t.Parallel()
	s := listen(t)
	a, b, _, _ := couple(t, s, "udp", "udp")
	a.put(0x4001, "")
	b.expect("4002 ")
}

func TestFromClientToPeerOutside(t *testing.T) {
	t.Parallel()
	s := listen(t)
	a := newWire(t, s, "udp")
	at := a.allocate()
	peer, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	a.bind(0x4001, addrPort(peer.LocalAddr()))
	buf := make([]byte, 2000)
	for i := range 50 {
		text := strings.Repeat(string(rune('a'+i%26)), 1+i*30)
		a.put(0x4001, text)
		if n, err := peer.Read(buf); err != nil || string(buf[:n]) != text {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		if _, err := peer.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		a.expect("4001 " + text)
	}
}

// TestChannelWithoutPermission: a channel lives for 10 minutes and the permission that came with it for 5 (RFC 8656 section 12).
func TestChannelWithoutPermission(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		for i, network := range []string{"udp", "tcp"} {
			s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
			a, b, at, bt := couple(t, s, network, "udp")
			a.put(0x4001, "before")
			b.expect("4002 before")

			s.relays.find(at).permissions.put(bt.Addr(), false)
			a.put(0x4001, "x")
			a.binding() // answered after that was dropped
			s.relays.find(at).permissions.put(bt.Addr(), true)
			s.relays.find(bt).permissions.put(at.Addr(), false)
			a.put(0x4001, "y")
			a.binding()
			s.relays.find(bt).permissions.put(at.Addr(), true)
			a.put(0x4001, "after")
			b.expect("4002 after")
			if n := s.Stats().PeersDenied["no-permission"]; n != 2 {
				t.Errorf("%d: %d denied", i, n)
			}
		}
	})
}

func TestPayloadOfChannels(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadData })
		a, b, _, _ := couple(t, s, "udp", "udp")
		a.put(0x4001, "\x16 DTLS with who has passed no check")
		a.put(0x4001, "GET / HTTP/1.1")
		check := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
		a.put(0x4001, string(check.Raw))
		b.expect("4002 " + string(check.Raw))
		answer := stun.MustBuild(stun.NewTransactionIDSetter(check.TransactionID), stun.BindingSuccess, stun.NewShortTermIntegrity("password"))
		b.put(0x4002, string(answer.Raw))
		a.expect("4001 " + string(answer.Raw))
		a.put(0x4001, "\x16 DTLS")
		b.expect("4002 \x16 DTLS")
		if denied := s.Stats().PayloadDenied; denied["unchecked-peer"] != 1 || denied["foreign"] != 1 {
			t.Errorf("denied: %v", denied)
		}
	})
}

func TestQuotaOfChannels(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload, c.Quotas.Identity.Bytes = PayloadAny, 2500 })
		a, b, _, _ := couple(t, s, "udp", "udp") // one user, who pays for both relays
		text := strings.Repeat("x", 1000)
		a.put(0x4001, text)
		b.expect("4002 " + text)
		a.put(0x4001, text)
		a.put(0x4001, "short")
		if b.expect("4002 short"); s.Stats().QuotaReached["identity-bytes"] != 1 {
			t.Errorf("%v", s.Stats().QuotaReached)
		}
	})
}

func TestEndOfChannels(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
		a, b, at, bt := couple(t, s, "udp", "udp")
		a.put(0x4001, "before")
		b.expect("4002 before")
		for _, r := range s.relays.all() { // as who ends one finds it
			if r.at == bt && r.Close() != nil {
				t.Fatal("not closed")
			}
		}
		before := s.relays.find(at).fromPeers.snapshot()
		a.put(0x4001, "to nobody")
		b.put(0x4002, "from nobody")
		a.binding()
		b.binding()
		if after := s.relays.find(at).fromPeers.snapshot(); after != before {
			t.Errorf("%+v after %+v", after, before)
		}
	})
}

// TestBrokenChannelData is what says more than it has, and what says less: that is padding.
func TestBrokenChannelData(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
		a, b, _, _ := couple(t, s, "udp", "udp")
		for _, broken := range []string{"", "\x40", "\x40\x01\x00", "\x40\x01\x00\x01", "\x40\x01\xff\xffxx", "\x40\x03\x00\x01x", "\x7f\xff\x00\x01x", "\x80\x01\x00\x01x"} {
			if _, err := a.conn.Write([]byte(broken)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.conn.Write([]byte("\x40\x01\x00\x02okpadding of any length")); err != nil {
			t.Fatal(err)
		}
		b.expect("4002 ok")
	})
}

func TestChannelsTellPortsApart(t *testing.T) {
	t.Parallel()
	s := listen(t)
	a, b, at, bt := couple(t, s, "udp", "udp")
	r := s.relays.find(at)
	if r.channels.number(0x4001) == nil || r.channels.peer(bt) != r.channels.number(0x4001) || r.channels.number(0x4002) != nil {
		t.Error("the table is not what was bound")
	}
	// What is told of a client that is not the relay's is about one that had the port before.
	e := r.entry.events()
	e.OnChannelDeleted(b.conn.LocalAddr(), nil, "", "", "", r.addr, nil, 0x4001)
	if r.channels.number(0x4001) == nil {
		t.Error("removed for another client")
	}
	e.OnChannelDeleted(a.conn.LocalAddr(), nil, "", "", "", r.addr, nil, 0x4001)
	e.OnChannelDeleted(a.conn.LocalAddr(), nil, "", "", "", r.addr, nil, 0x4001)
	if r.channels.number(0x4001) != nil || r.channels.peer(bt) != nil {
		t.Error("not removed")
	}
}

// TestNothingIsAllocated counts for the whole program, so it must run alone.
func TestNothingIsAllocated(t *testing.T) {
	for name, mode := range map[string]func(*Config){"real": func(*Config) {}, "virtual": virtual} {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadAny })
		a, b, _, _ := couple(t, s, "udp", "udp")
		message, buf := channelMessage(0x4001, strings.Repeat("x", 1000)), make([]byte, 2048)
		relay := func() {
			for range 100 {
				_, _ = a.conn.Write(message)
				if n, err := b.conn.Read(buf); n != 1004 || err != nil {
					t.Fatal(n, err)
				}
			}
		}
		relay()
		if n := testing.AllocsPerRun(10, relay); n > 10 { // timers of others run, too
			t.Errorf("%s: %v allocations for 100 datagrams", name, n)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add([]byte("\x40\x01\x00\x02ok"))
	f.Add([]byte("\x40\x01\xff\xffno"))
	f.Add([]byte("\x00\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, d []byte) {
		number, size, ok := readHeader(d)
		if ok && (number < 0x4000 || number > 0x7fff || channelHeader+size > len(d)) {
			t.Errorf("%#x, %d bytes of %d", number, size, len(d))
		}
	})
}

// TestFastOverIPv6 has relays of one family and clients of the other, and a listener of both.
func TestFastOverIPv6(t *testing.T) {
	needIPv6(t)
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) {
			c.UDP, c.TCP, c.RelayAddresses = []string{"[::]:0"}, nil, []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
			c.Payload, c.AllowLocal = PayloadAny, true
		})
		for _, addresses := range [][2]string{{"127.0.0.1", "::1"}, {"::1", "127.0.0.1"}, {"::1", "::1"}} {
			var ends [2]*wire
			var relays [2]netip.AddrPort
			for i, address := range addresses {
				conn, err := net.Dial("udp", netip.AddrPortFrom(netip.MustParseAddr(address), s.UDPAddr().Port()).String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
				_ = conn.SetDeadline(time.Now().Add(patience))
				user, pass := s.Credentials("alice", time.Hour)
				ends[i] = &wire{t: t, conn: conn, username: user, pass: pass, realm: "beckon"}
				code, m := ends[i].request(stun.MethodAllocate, transport(protoUDP), stun.RawAttribute{Type: stun.AttrRequestedAddressFamily, Value: []byte{2, 0, 0, 0}})
				var a stun.XORMappedAddress
				if code != 0 || a.GetFromAs(m, stun.AttrXORRelayedAddress) != nil {
					t.Fatalf("allocate: %d %v", code, m)
				}
				ip, _ := netip.AddrFromSlice(a.IP)
				relays[i] = netip.AddrPortFrom(ip, uint16(a.Port))
			}
			ends[0].bind(0x4001, relays[1])
			ends[1].bind(0x4002, relays[0])
			for i := range 5 {
				ends[0].put(0x4001, fmt.Sprint("there ", i))
				ends[1].expect(fmt.Sprint("4002 there ", i))
				ends[1].put(0x4002, fmt.Sprint("back ", i))
				ends[0].expect(fmt.Sprint("4001 back ", i))
			}
		}
	})
}
