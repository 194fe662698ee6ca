package turnserver

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/stun/v4"
)

// The gate stands in both directions of both relays.
func TestPayloadBetweenRelays(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) { c.Payload = PayloadData })
		a, b := openRelay(t, s, "ada"), openRelay(t, s, "bob")
		permit(a, b)
		buf := make([]byte, relayBuffer)
		pass := func(from, to *relay, data []byte) {
			t.Helper()
			if _, err := from.WriteTo(data, to.addr); err != nil {
				t.Fatal(err)
			}
			if n, _, err := to.ReadFrom(buf); err != nil || string(buf[:n]) != string(data) {
				t.Fatalf("% x, %v", buf[:n], err)
			}
		}
		for _, data := range []string{"GET / HTTP/1.1", "", string(dtls(22)), "\x80\x00"} {
			if _, err := a.WriteTo([]byte(data), b.addr); !errors.Is(err, ErrPayload) {
				t.Errorf("%q: %v", data, err)
			}
		}
		pass(a, b, checkRequest(1))
		pass(b, a, checkAnswer(1))
		pass(a, b, dtls(22))
		pass(b, a, dtls(23))
		if got := s.Stats().PayloadDenied; got["foreign"] != 2 || got["unchecked-peer"] != 1 || got["media"] != 1 {
			t.Errorf("counted %v", got)
		}
	})
}

func TestQuotaOfAllocations(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode, func(c *Config) {
			c.Quotas.Room.Allocations = 2
			c.Accounts = func(user string) Account { return Account{Rooms: []string{strings.TrimRight(user, "0123456789")}} }
		})
		first := newWire(t, s, "udp").user(s, "tea1")
		first.allocate()
		newWire(t, s, "tcp").user(s, "tea2").allocate()
		late := newWire(t, s, "udp").user(s, "tea3")
		if code, _ := late.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeAllocQuotaReached {
			t.Errorf("a third in the room: %d", code)
		}
		newWire(t, s, "udp").user(s, "cake1").allocate()
		if st := s.Stats(); st.NoAllocation["quota"] != 1 || st.QuotaReached["room-allocations"] != 1 {
			t.Errorf("stats: %+v", st)
		}
		s.End("tea1")
		late.allocate()
	})
}

// A thousand allocations from one address, with nothing configured.
func TestAllocationsOfOneAddress(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, func(c *Config) { c.Limits.AddressAllocations = 3 })
	for range 3 {
		newWire(t, s, "udp").allocate()
	}
	for range 5 {
		if code, _ := newWire(t, s, "udp").request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeAllocQuotaReached {
			t.Errorf("one more than the limit: %d", code)
		}
	}
	if got := s.Stats().QuotaReached["address-allocations"]; got != 5 || (Limits{}).withDefaults().AddressAllocations != 512 {
		t.Errorf("counted %d", got)
	}
}

// Bytes are charged to both ends, each for its own relay, in both directions; at the bound packets are dropped and who asked is told.
func TestQuotaOfBytes(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		var mu sync.Mutex
		var told []string
		s := listen(t, mode, func(c *Config) {
			c.Quotas.Identity.Bytes = 100
			c.Accounts = func(user string) Account {
				if user == "rich" {
					return Account{Identity: "somebody else"}
				}
				return Account{}
			}
			c.Limited = func(user string, l Limited) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, user+" "+l.Quota+" "+l.What+" "+l.Name)
			}
		})
		a, b := openRelay(t, s, "ada"), openRelay(t, s, "rich")
		permit(a, b)
		buf := make([]byte, relayBuffer)
		for range 2 { // 60 of the 100
			if _, err := a.WriteTo(make([]byte, 30), b.addr); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.WriteTo(make([]byte, 40), a.addr); err != nil { // all 100 of both
			t.Fatal(err)
		}
		if _, err := a.WriteTo(make([]byte, 1), b.addr); !errors.Is(err, ErrQuota) {
			t.Errorf("one too many: %v", err)
		}
		if n, _, err := a.ReadFrom(buf); n != 40 || err != nil {
			t.Error(n, err)
		}
		if got := s.Stats().QuotaReached["identity-bytes"]; got != 1 {
			t.Errorf("counted %d", got)
		}
		eventually(t, "it is told", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(told) == 1 && told[0] == "ada identity bytes ada"
		})
	})
}

// What strangers send to a relay costs its client nothing.
func TestStrangersAreNotCharged(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Quotas.Identity.Bytes = 10 })
	a, b := openRelay(t, s, "ada"), openRelay(t, s, "bob")
	a.permissions.put(b.at.Addr(), true)
	for range 3 {
		if _, err := a.WriteTo([]byte("12"), b.addr); err != nil { // of a's own
			t.Fatal(err)
		}
	}
	if err := b.incoming(netip.MustParseAddrPort("127.0.0.1:5000"), make([]byte, 10), true); !errors.Is(err, ErrPeerDenied) {
		t.Errorf("got %v", err)
	}
	b.permissions.put(a.at.Addr(), true)
	if err := b.incoming(a.at, make([]byte, 10), false); err != nil {
		t.Errorf("its bytes are gone: %v", err)
	}
	if n := s.Stats().PeersDenied["no-permission"]; n != 4 {
		t.Errorf("counted %d", n)
	}
}

// The relay knows the permissions that Pion has, and forgets them with Pion.
func TestPermissionsFollowPion(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "udp")
	r := func() *relay { return s.relays.find(w.allocate()) }()
	channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 0, 0, 0}}
	w.request(stun.MethodCreatePermission, peerAt("127.0.0.1:5000"), peerAt("1.1.1.1:5000"))
	w.request(stun.MethodChannelBind, channel, peerAt("1.1.1.2:5000"))
	for _, a := range addrs("127.0.0.1", "1.1.1.1", "1.1.1.2") {
		if !r.permissions.has(a) {
			t.Errorf("not for %s", a)
		}
	}
	if r.permissions.has(netip.MustParseAddr("1.1.1.3")) {
		t.Error("for everybody")
	}
	e := r.entry
	e.permission(w.conn.LocalAddr(), r.addr, []byte{1, 1, 1, 1}, false)
	if r.permissions.has(netip.MustParseAddr("1.1.1.1")) || !r.permissions.has(netip.MustParseAddr("127.0.0.1")) {
		t.Error("not taken away, or all of them")
	}
	// The end of an allocation whose port another client has by now.
	e.permission(s.udp[0].LocalAddr(), r.addr, []byte{127, 0, 0, 1}, false)
	if !r.permissions.has(netip.MustParseAddr("127.0.0.1")) {
		t.Error("taken away by another client")
	}
}

func TestScope(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, func(c *Config) {
			c.RelayAddresses = addrs("1.1.1.1")
			c.Scope = func(user string, peer netip.Addr) bool {
				return user == "ada" && peer == netip.MustParseAddr("1.1.1.1")
			}
		}, mode)
		in, out := newWire(t, s, "udp").user(s, "ada"), newWire(t, s, "tcp").user(s, "bob")
		in.allocate()
		out.allocate()
		if code, _ := in.request(stun.MethodCreatePermission, peerAt("1.1.1.1:5000")); code != 0 {
			t.Errorf("in scope: %d", code)
		}
		if code, _ := out.request(stun.MethodCreatePermission, peerAt("1.1.1.1:5000")); code != stun.CodeForbidden {
			t.Errorf("out of scope: %d", code)
		}
		channel := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, 0, 0, 0}}
		if code, _ := out.request(stun.MethodChannelBind, channel, peerAt("1.1.1.1:5000")); code != stun.CodeForbidden {
			t.Errorf("ChannelBind out of scope: %d", code)
		}
		// It opens nothing that the policy denies.
		if code, _ := in.request(stun.MethodCreatePermission, peerAt("224.0.0.1:5000")); code != stun.CodeForbidden {
			t.Errorf("multicast: %d", code)
		}
		if n := s.Stats().PeersDenied["scope"]; n != 2 {
			t.Errorf("counted %d", n)
		}
	})
}

// However many ask at once, as many get a relay as may have one: the place is taken before the relay is opened.
func TestQuotaHoldsInARush(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, func(c *Config) { c.Quotas.Identity.Allocations = 5 })
	var all []*wire
	for range 10 {
		for _, network := range []string{"udp", "tcp"} {
			w := newWire(t, s, network)
			_, _ = w.request(stun.MethodRefresh) // which brings the nonce
			all = append(all, w)
		}
	}
	var got [2]atomic.Int64
	var wg sync.WaitGroup
	for _, w := range all {
		wg.Go(func() {
			switch code, _ := w.request(stun.MethodAllocate, transport(protoUDP)); code {
			case 0:
				got[0].Add(1)
			case stun.CodeAllocQuotaReached:
				got[1].Add(1)
			}
		})
	}
	wg.Wait()
	if got[0].Load() != 5 || got[1].Load() != 15 || s.Stats().Allocations != 5 {
		t.Errorf("%d opened, %d refused", got[0].Load(), got[1].Load())
	}
}
