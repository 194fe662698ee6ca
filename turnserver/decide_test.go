package turnserver

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func lifetimeAttr(seconds uint32) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrLifetime, Value: binary.BigEndian.AppendUint32(nil, seconds)}
}

// wantRefused says that an answer is an error as RFC 8489 section 9.2.4 wants it after authentication: signed.
func wantRefused(t *testing.T, what string, w *wire, got stun.ErrorCode, m *stun.Message, want stun.ErrorCode) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
	if err := stun.NewLongTermIntegrity(w.username, w.realm, w.pass).Check(m); err != nil {
		t.Errorf("%s: %v: %v", what, err, m)
	}
}

// A client that has no allocation, since the server was restarted for example, is told so at once: it would otherwise repeat
// each request for 8 s, and one with Pion's ICE does nothing else meanwhile.
func TestRequestsWithoutAnAllocation(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		s := listen(t)
		peer := newWire(t, s, network)
		at := peer.allocate()
		w := newWire(t, s, network)
		ask := func(when string, want stun.ErrorCode) {
			t.Helper()
			for name, set := range map[stun.Method][]stun.Setter{
				stun.MethodRefresh:          nil,
				stun.MethodCreatePermission: {peerAddress(at)},
				stun.MethodChannelBind:      {channelAttr(0x4001), peerAddress(at)},
			} {
				code, m := w.request(name, set...)
				wantRefused(t, name.String()+" over "+network+" "+when, w, code, m, want)
			}
		}
		ask("without an allocation", stun.CodeAllocMismatch)
		if n := s.Stats().Requests["no-allocation"]; n != 3 {
			t.Errorf("counted %d over %s, want 3", n, network)
		}
		w.allocate()
		ask("with one", 0)
		code, m := w.request(stun.MethodAllocate, transport(protoUDP))
		wantRefused(t, "a second Allocate", w, code, m, stun.CodeAllocMismatch)
		if code, _ := w.request(stun.MethodRefresh, lifetimeAttr(0)); code != 0 {
			t.Errorf("the allocation's end over %s: %d", network, code)
		}
		ask("after its end", stun.CodeAllocMismatch)
	}
}

// An allocation is its user's: one who got hold of the same address and port cannot touch it.
func TestAnotherUsersAllocation(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "udp")
	at := w.allocate()
	thief := *w
	thief.username, thief.pass = s.Credentials("mallory", time.Hour)
	for method, set := range map[stun.Method][]stun.Setter{
		stun.MethodRefresh:          {lifetimeAttr(0)},
		stun.MethodCreatePermission: {peerAddress(at)},
		stun.MethodChannelBind:      {channelAttr(0x4001), peerAddress(at)},
	} {
		code, m := thief.request(method, set...)
		wantRefused(t, method.String(), &thief, code, m, stun.CodeWrongCredentials)
	}
	// A fresh credential of the same user is good: that is how sessions outlive theirs.
	w.username, w.pass = s.Credentials("alice", 2*time.Hour)
	if code, _ := w.request(stun.MethodRefresh); code != 0 {
		t.Errorf("a new credential of the same user: %d", code)
	}
}

// One denied peer, and none is let in, wherever it stands. Pion would leave those before it.
func TestCreatePermissionIsAtomic(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Deny = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")} })
	good, evil := peerAt("127.0.0.1:5000"), peerAt("127.0.0.2:5000")
	v6 := peerAt("[::1]:5000")
	broken := stun.RawAttribute{Type: stun.AttrXORPeerAddress, Value: []byte{0, 1, 0, 0}}
	w := newWire(t, s, "udp")
	w.allocate()
	r := s.relays.all()[0]
	for name, c := range map[string]struct {
		peers []stun.Setter
		want  stun.ErrorCode
	}{
		"last":         {[]stun.Setter{good, peerAt("127.0.0.3:1"), evil}, stun.CodeForbidden},
		"first":        {[]stun.Setter{evil, good}, stun.CodeForbidden},
		"other family": {[]stun.Setter{good, v6}, stun.CodePeerAddrFamilyMismatch},
		"malformed":    {[]stun.Setter{good, broken}, stun.CodeBadRequest},
		"none":         {nil, stun.CodeBadRequest},
	} {
		code, m := w.request(stun.MethodCreatePermission, c.peers...)
		wantRefused(t, name, w, code, m, c.want)
		if r.permissions.has(netip.AddrPort(good).Addr()) {
			t.Fatalf("%s: the good one was let in", name)
		}
	}
	if code, _ := w.request(stun.MethodCreatePermission, good, peerAt("127.0.0.3:1")); code != 0 || !r.permissions.has(netip.AddrPort(good).Addr()) {
		t.Errorf("two good ones: %d", code)
	}
	if n := s.Stats(); n.PeersDenied["deny-list"] != 2 || n.Requests["peer-denied"] != 2 || n.Requests["peer-family"] != 1 || n.Requests["malformed"] != 2 {
		t.Errorf("counted %v %v", n.PeersDenied, n.Requests)
	}
}

func TestChannelBindRefused(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Deny = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")} })
	w := newWire(t, s, "udp")
	w.allocate()
	fine := peerAt("127.0.0.1:5000")
	for name, c := range map[string]struct {
		set  []stun.Setter
		want stun.ErrorCode
	}{
		"denied peer":       {[]stun.Setter{channelAttr(0x4000), peerAt("127.0.0.2:5000")}, stun.CodeForbidden},
		"system port":       {[]stun.Setter{channelAttr(0x4000), peerAt("127.0.0.1:53")}, stun.CodeForbidden},
		"our own UDP port":  {[]stun.Setter{channelAttr(0x4000), peerAddress(s.UDPAddr())}, stun.CodeForbidden},
		"our own TCP port":  {[]stun.Setter{channelAttr(0x4000), peerAddress(s.TCPAddr())}, stun.CodeForbidden},
		"other family":      {[]stun.Setter{channelAttr(0x4000), peerAt("[::1]:5000")}, stun.CodePeerAddrFamilyMismatch},
		"below the numbers": {[]stun.Setter{channelAttr(0x3fff), fine}, stun.CodeBadRequest},
		"above the numbers": {[]stun.Setter{channelAttr(0x8000), fine}, stun.CodeBadRequest},
		"no number":         {[]stun.Setter{fine}, stun.CodeBadRequest},
		"no peer":           {[]stun.Setter{channelAttr(0x4000)}, stun.CodeBadRequest},
	} {
		code, m := w.request(stun.MethodChannelBind, c.set...)
		wantRefused(t, name, w, code, m, c.want)
	}
	for _, number := range []uint16{0x4000, 0x7fff} { // Debian's turnutils_uclient picks from all of these
		if code, _ := w.request(stun.MethodChannelBind, channelAttr(number), peerAddress(netip.AddrPortFrom(netip.AddrPort(fine).Addr(), number))); code != 0 {
			t.Errorf("%#x: %d", number, code)
		}
	}
	code, m := w.request(stun.MethodChannelBind, channelAttr(0x4000), peerAt("127.0.0.1:5001"))
	wantRefused(t, "a number in use", w, code, m, stun.CodeBadRequest) // Pion's answer, and our signature
}

func channelAttr(n uint16) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrChannelNumber, Value: binary.BigEndian.AppendUint32(nil, uint32(n)<<16)}
}

// Every permission and channel is memory of the server's for minutes.
func TestPeersOfOneAllocationAreBounded(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Limits.Peers = 3 })
	w := newWire(t, s, "udp")
	w.allocate()
	if code, _ := w.request(stun.MethodCreatePermission, peerAt("127.0.0.1:1"), peerAt("127.0.0.1:2"), peerAt("127.0.0.2:1")); code != 0 {
		t.Fatalf("two addresses: %d", code)
	}
	code, m := w.request(stun.MethodCreatePermission, peerAt("127.0.0.3:1"), peerAt("127.0.0.4:1"))
	wantRefused(t, "two more, and room for one", w, code, m, stun.CodeInsufficientCapacity)
	for i := range uint16(3) {
		peer := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 5000+i)
		if code, _ := w.request(stun.MethodChannelBind, channelAttr(0x4000+i), peerAddress(peer)); code != 0 {
			t.Errorf("channel %d: %d", i, code)
		}
	}
	code, m = w.request(stun.MethodChannelBind, channelAttr(0x4003), peerAt("127.0.0.1:5003"))
	wantRefused(t, "one channel too many", w, code, m, stun.CodeInsufficientCapacity)
	if code, _ := w.request(stun.MethodChannelBind, channelAttr(0x4001), peerAt("127.0.0.1:5001")); code != 0 {
		t.Errorf("a channel is refreshed: %d", code)
	}
	if n := s.Stats().Requests["too-many-peers"]; n != 2 {
		t.Errorf("counted %d", n)
	}
}

func TestAllocateRefused(t *testing.T) {
	t.Parallel()
	s := listen(t)
	w := newWire(t, s, "udp")
	even := stun.RawAttribute{Type: stun.AttrEvenPort, Value: []byte{0x80}}
	token := stun.RawAttribute{Type: stun.AttrReservationToken, Value: []byte("12345678")}
	family := func(v ...byte) stun.Setter {
		return stun.RawAttribute{Type: stun.AttrRequestedAddressFamily, Value: v}
	}
	for name, c := range map[string]struct {
		set    []stun.Setter
		want   stun.ErrorCode
		phrase string
	}{
		"no transport":        {nil, stun.CodeBadRequest, ""},
		"a short transport":   {[]stun.Setter{stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17}}}, stun.CodeBadRequest, ""},
		"TCP":                 {[]stun.Setter{transport(protoTCP)}, stun.CodeUnsupportedTransProto, "RFC 6062"},
		"SCTP":                {[]stun.Setter{transport(132)}, stun.CodeUnsupportedTransProto, ""},
		"EVEN-PORT":           {[]stun.Setter{transport(protoUDP), even}, stun.CodeInsufficientCapacity, "EVEN-PORT"},
		"RESERVATION-TOKEN":   {[]stun.Setter{transport(protoUDP), token}, stun.CodeInsufficientCapacity, "EVEN-PORT"},
		"both":                {[]stun.Setter{transport(protoUDP), even, token}, stun.CodeBadRequest, ""},
		"a family not served": {[]stun.Setter{transport(protoUDP), family(2, 0, 0, 0)}, stun.CodeAddrFamilyNotSupported, "family"},
		"no such family":      {[]stun.Setter{transport(protoUDP), family(3, 0, 0, 0)}, stun.CodeAddrFamilyNotSupported, ""},
		"a short family":      {[]stun.Setter{transport(protoUDP), family(1)}, stun.CodeBadRequest, ""},
		"DONT-FRAGMENT":       {[]stun.Setter{transport(protoUDP), stun.RawAttribute{Type: stun.AttrDontFragment}}, stun.CodeUnknownAttribute, ""},
	} {
		code, m := w.request(stun.MethodAllocate, c.set...)
		wantRefused(t, name, w, code, m, c.want)
		var e stun.ErrorCodeAttribute
		if err := e.GetFrom(m); err != nil || !strings.Contains(string(e.Reason), c.phrase) {
			t.Errorf("%s: %q names no %q", name, e.Reason, c.phrase)
		}
	}
	if n := s.Stats().AllocationsTotal; n != 0 {
		t.Errorf("%d allocations", n)
	}
	w.allocate()
}

// What says 401 says what to try again with, and nothing that the client made up.
func TestUnauthorized(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Users = map[string]string{"static": "pass"} })
	good, pass := s.Credentials("alice", time.Hour)
	far, farPass := Credentials(testSecret, "alice", time.Now(), 8*24*time.Hour)
	old, oldPass := Credentials(testSecret, "alice", time.Now(), -time.Second)
	for name, c := range map[string]struct{ user, pass, realm, count string }{
		"wrong password":  {good, "wrong", "beckon", "password"},
		"foreign realm":   {good, pass, "evil\r\nrealm", "realm"},
		"expired":         {old, oldPass, "beckon", "expired"},
		"far in future":   {far, farPass, "beckon", "future"},
		"nobody":          {"mallory", "pass", "beckon", "username"},
		"static, wrongly": {"static", "Pass", "beckon", "password"},
	} {
		w := &wire{t: t, conn: dial(t, s, "udp"), username: c.user, pass: c.pass, realm: c.realm}
		code, m := w.request(stun.MethodAllocate, transport(protoUDP))
		var realm stun.Realm
		var nonce stun.Nonce
		if code != stun.CodeUnauthorized || realm.GetFrom(m) != nil || realm.String() != "beckon" {
			t.Errorf("%s: %d in %q", name, code, realm)
		}
		if err := nonce.GetFrom(m); err != nil || !bytes.Equal(nonce, w.nonce) {
			t.Errorf("%s: nonce %q, %v", name, nonce, err)
		}
		if m.Contains(stun.AttrMessageIntegrity) || m.Contains(stun.AttrUsername) {
			t.Errorf("%s: %v", name, m)
		}
		if n := s.Stats().AuthFailures[c.count]; n == 0 {
			t.Errorf("%s: not counted as %s", name, c.count)
		}
	}
	w := &wire{t: t, conn: dial(t, s, "udp"), username: "static", pass: "pass", realm: "beckon"}
	w.allocate()
}

// A client that got no answer asks again with the same transaction id, and must find everything as it was.
func TestRetransmissions(t *testing.T) {
	t.Parallel()
	s := listen(t)
	peer := newWire(t, s, "udp")
	at := peer.allocate()
	w := newWire(t, s, "udp")
	w.request(stun.MethodRefresh) // for a nonce
	for _, method := range []stun.Method{stun.MethodAllocate, stun.MethodCreatePermission, stun.MethodChannelBind, stun.MethodRefresh} {
		set := []stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}
		switch method {
		case stun.MethodAllocate:
			set = append(set, transport(protoUDP))
		case stun.MethodCreatePermission:
			set = append(set, peerAddress(at))
		case stun.MethodChannelBind:
			set = append(set, channelAttr(0x4001), peerAddress(at))
		}
		m := stun.MustBuild(append(set, stun.NewUsername(w.username), stun.NewRealm(w.realm), w.nonce,
			stun.NewLongTermIntegrity(w.username, w.realm, w.pass))...)
		w.send(m)
		first := slices.Clone(w.recv().Raw)
		for range 2 {
			w.send(m)
			if again := w.recv().Raw; !bytes.Equal(again, first) || first[0] != 1 || first[1]&0x10 != 0 {
				t.Errorf("%s: %x, then %x", method, first, again)
			}
		}
	}
	if n := s.Stats(); n.AllocationsTotal != 2 || n.Allocations != 2 {
		t.Errorf("%d allocations, %d ever", n.Allocations, n.AllocationsTotal)
	}
}

// A nonce cannot be made by a client nor foreseen (CVE-2025-69217 was a generator with a known state), and one that is not the
// server's is answered with one that is.
func TestNonces(t *testing.T) {
	t.Parallel()
	s, other := listen(t), listen(t)
	nonceOf := func(s *Server) stun.Nonce {
		w := newWire(t, s, "udp")
		w.request(stun.MethodRefresh)
		return w.nonce
	}
	own, foreign := nonceOf(s), nonceOf(other)
	if bytes.Equal(own, foreign) || len(own) < 20 {
		t.Errorf("two servers say %q and %q", own, foreign)
	}
	forged := slices.Clone(own)
	forged[len(forged)-1] ^= 1
	for name, nonce := range map[string]stun.Nonce{
		"another server's": foreign, "a forged one": forged, "none": stun.Nonce("x"), "empty": {}, "cut": own[:len(own)-1],
		"long": bytes.Repeat(own, 5),
	} {
		w := newWire(t, s, "udp")
		w.nonce = nonce
		code, m := w.request(stun.MethodAllocate, transport(protoUDP))
		var fresh stun.Nonce
		if code != stun.CodeStaleNonce || fresh.GetFrom(m) != nil || bytes.Equal(fresh, nonce) {
			t.Errorf("%s: %d with %q", name, code, fresh)
		}
		w.nonce = slices.Clone(fresh)
		w.allocate()
	}
}

// The quotas over the wire, by name.
func TestQuotasOverTheWire(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Limits.AddressAllocations = 2 })
	newWire(t, s, "udp").allocate()
	newWire(t, s, "tcp").allocate()
	w := newWire(t, s, "udp")
	code, m := w.request(stun.MethodAllocate, transport(protoUDP))
	wantRefused(t, "a third from one address", w, code, m, stun.CodeAllocQuotaReached)
	var e stun.ErrorCodeAttribute
	if err := e.GetFrom(m); err != nil || string(e.Reason) != "quota reached: address-allocations" {
		t.Errorf("%q, %v", e.Reason, err)
	}
	if n := s.Stats(); n.NoAllocation["quota"] != 1 || n.QuotaReached["address-allocations"] != 1 {
		t.Errorf("counted %v %v", n.NoAllocation, n.QuotaReached)
	}
}
