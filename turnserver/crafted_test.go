package turnserver

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// Pion reads a nonce as a number, so that zeros in front leave it what it is. Longer than any attribute may be, it once came back in
// the answer to a stranger, where it ended the process; and reading one takes the square of its length.
func TestLongNonce(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	w := newWire(t, s, "udp")
	w.request(stun.MethodRefresh)
	nonce := string(w.nonce)
	for _, zeros := range []int{1, maxNonce - len(nonce), maxNonce - len(nonce) + 1, 764, 1300} {
		w.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(protoUDP),
			stun.NewUsername("1:nobody"), stun.NewRealm("beckon"),
			stun.RawAttribute{Type: stun.AttrNonce, Value: []byte(strings.Repeat("0", zeros) + nonce)},
			stun.NewLongTermIntegrity("1:nobody", "beckon", "wrong")))
		want := stun.CodeUnauthorized
		if zeros+len(nonce) > maxNonce {
			want = stun.CodeStaleNonce
		}
		var code stun.ErrorCodeAttribute
		if m := w.recv(); code.GetFrom(m) != nil || code.Code != want || len(m.Raw) > 200 {
			t.Errorf("%d zeros: %v", zeros, m)
		}
	}
}

// What follows MESSAGE-INTEGRITY is nobody's word, and Pion would take it for the client's: it would install permissions that nobody
// had judged.
func TestBehindTheIntegrity(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		inside, outside := netip.MustParseAddr("1.1.1.1"), netip.MustParseAddr("8.8.8.8")
		s := listen(t, func(c *Config) {
			c.RelayAddresses = []netip.Addr{inside}
			c.Scope = func(_ string, peer netip.Addr) bool { return peer == inside }
		}, mode)
		w := newWire(t, s, "udp")
		r := s.relays.find(w.allocate())
		m := signedBy(stun.MethodCreatePermission, w.username, w.realm, w.pass, string(w.nonce), peerAddress(netip.AddrPortFrom(inside, 5000)))
		m.Add(0x7abc, []byte("must be understood"))
		if err := peerAddress(netip.AddrPortFrom(outside, 5000)).AddTo(m); err != nil {
			t.Fatal(err)
		}
		if err := stun.Fingerprint.AddTo(m); err != nil {
			t.Fatal(err)
		}
		w.send(m)
		if m := w.recv(); m.Type.Class != stun.ClassSuccessResponse {
			t.Errorf("answered %v", m)
		}
		if !r.permissions.has(inside) || r.permissions.has(outside) {
			t.Errorf("permission inside %t, outside %t", r.permissions.has(inside), r.permissions.has(outside))
		}
	})
}

// The answer to an Allocate comes again with its repetition, and the lifetime in it is the one that was left then. A client that asks
// for permissions in the very moment in which its allocation ends could otherwise end the process (turns.go).
func TestRepetitionDoesNotProlong(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	w := newWire(t, s, "udp")
	w.request(stun.MethodRefresh) // a nonce
	allocate := signedBy(stun.MethodAllocate, w.username, w.realm, w.pass, string(w.nonce), transport(protoUDP), lifetimeAttr(600))
	w.send(allocate)
	first := w.recv()
	if code, _ := w.request(stun.MethodRefresh, lifetimeAttr(1)); code != 0 {
		t.Fatalf("Refresh: %d", code)
	}
	w.send(allocate)
	if again := w.recv(); again.Type.Class != stun.ClassSuccessResponse || !bytes.Equal(again.Raw[:20], first.Raw[:20]) {
		t.Fatalf("the repetition: %v", again)
	}
	if code, _ := w.request(stun.MethodCreatePermission, peerAt("1.1.1.1:5000")); code != stun.CodeAllocMismatch {
		t.Errorf("CreatePermission in the last moment: %d", code)
	}
	eventually(t, "it has ended", func() bool { return s.Stats().Allocations == 0 })
}

// A client that ends its allocation and asks for the next one in one breath keeps the next one: Pion's reader of the first would
// delete what it finds under the client's address.
func TestNextAllocationAtOnce(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual)
	w := newWire(t, s, "udp")
	w.allocate()
	for range 200 {
		for _, m := range []*stun.Message{
			signedBy(stun.MethodRefresh, w.username, w.realm, w.pass, string(w.nonce), lifetimeAttr(0)),
			signedBy(stun.MethodAllocate, w.username, w.realm, w.pass, string(w.nonce), transport(protoUDP)),
		} {
			w.send(m)
		}
		for range 2 {
			if m := w.recv(); m.Type.Class != stun.ClassSuccessResponse {
				t.Fatalf("answered %v", m)
			}
		}
		if code, m := w.request(stun.MethodRefresh); code != 0 {
			t.Fatalf("the next allocation is gone: %d %v", code, m)
		}
	}
}

// However many relays have clients that do not read, what waits for them is bounded, and each may still have a little.
func TestWaitingPacketsAreBounded(t *testing.T) {
	t.Parallel()
	s := listen(t, virtual, func(c *Config) { c.Payload = PayloadAny })
	from := openRelay(t, s, "alice")
	var to []*relay
	for range sharedPackets/s.cfg.Limits.Queue + 8 {
		r := openRelay(t, s, "bob")
		permit(from, r)
		to = append(to, r)
	}
	for _, r := range to {
		for range s.cfg.Limits.Queue + 1 {
			r.deliver(from, []byte("unread"))
		}
		if len(r.inbox) < ownPackets {
			t.Errorf("one has %d", len(r.inbox))
		}
	}
	if n := s.packets.out.Load(); n < sharedPackets || n > int64(sharedPackets+len(to)*ownPackets) {
		t.Errorf("%d wait", n)
	}
	for _, r := range to {
		_ = r.Close()
		_, _, _ = r.ReadFrom(nil)
		r.deliver(from, []byte("too late"))
	}
	if n := s.packets.out.Load(); n != 0 {
		t.Errorf("%d wait for nobody", n)
	}
}
