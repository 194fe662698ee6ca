package turnserver

import (
	"encoding/binary"
	"hash/crc32"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// What is no message of TURN gets no answer, costs Pion nothing and is counted.
func TestFrontDrops(t *testing.T) {
	t.Parallel()
	s := listen(t, func(c *Config) { c.Limits.Frame = 512 })
	request := binding()
	with := func(change func(p []byte)) []byte {
		p := slices.Clone(request)
		change(p)
		return p
	}
	printed := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.Fingerprint).Raw
	long := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.RawAttribute{Type: 0x8100, Value: make([]byte, 600)}).Raw
	for name, c := range map[string]struct {
		packet []byte
		why    dropped
	}{
		"nothing":                      {nil, dropMalformed},
		"one byte":                     {[]byte{0}, dropMalformed},
		"a header cut off":             {request[:19], dropMalformed},
		"a message cut off":            {printed[:len(printed)-4], dropMalformed},
		"a tail":                       {append(slices.Clone(request), 0, 0, 0, 0), dropMalformed},
		"no cookie":                    {with(func(p []byte) { p[4] = 0 }), dropMalformed},
		"a length that is too large":   {with(func(p []byte) { p[3] = 4 }), dropMalformed},
		"a length that is no multiple": {append(with(func(p []byte) { p[3] = 2 }), 0, 0), dropMalformed},
		"a type above 3":               {with(func(p []byte) { p[0] = 4 }), dropMalformed},
		"DTLS":                         {dtls(22), dropMalformed},
		"RTP":                          {dtls(0x80), dropMalformed},
		"a wrong fingerprint":          {fingerprinted(printed, 1), dropMalformed},
		"too long":                     {long, dropOversized},
		"an answer":                    {stun.MustBuild(stun.TransactionID, stun.BindingSuccess).Raw, dropUnexpected},
		"an error":                     {stun.MustBuild(stun.TransactionID, stun.BindingError, stun.CodeBadRequest).Raw, dropUnexpected},
		"a Data indication":            {stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodData, stun.ClassIndication)).Raw, dropUnexpected},
		"a Binding indication":         {stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodBinding, stun.ClassIndication)).Raw, dropUnexpected},
		"ChannelData that is cut off":  {[]byte{0x40, 0, 0, 5, 1, 2, 3, 4}, dropMalformed},
		"half a ChannelData header":    {[]byte{0x40, 0, 0}, dropMalformed},
	} {
		w := newWire(t, s, "udp")
		before := s.Stats().Dropped[c.why.String()]
		if _, err := w.conn.Write(c.packet); err != nil {
			t.Fatal(err)
		}
		w.binding() // the next answer is to this
		if n := s.Stats().Dropped[c.why.String()] - before; n != 1 {
			t.Errorf("%s: %d counted as %s", name, n, c.why)
		}
	}
	for name, p := range map[string][]byte{
		"a right fingerprint": fingerprinted(printed, 0),
		"an unknown optional": stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.RawAttribute{Type: 0x8100, Value: []byte{1}}).Raw,
	} {
		w := newWire(t, s, "udp")
		w.send(&stun.Message{Raw: p})
		if m := w.recv(); m.Type != stun.BindingSuccess {
			t.Errorf("%s: %v", name, m)
		}
	}
}

// fingerprinted puts another value into the FINGERPRINT that ends p.
func fingerprinted(p []byte, wrong uint32) []byte {
	p = slices.Clone(p)
	binary.BigEndian.PutUint32(p[len(p)-4:], crc32.ChecksumIEEE(p[:len(p)-8])^0x5354554e^wrong)
	return p
}

// Whoever sends requests in the name of somebody else gets that one no more than his share of answers, whatever he asks. A
// client that is authenticated is not held up by it, nor one behind a connection.
func TestStrangersOverTheWire(t *testing.T) {
	t.Parallel()
	now := time.Now() // which stands still
	s, err := listenAt(t.Context(), func() Config { c := testConfig(); c.Limits.Unauthenticated = 1; return c }(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	friend, w, liar := newWire(t, s, "udp"), newWire(t, s, "udp"), newWire(t, s, "udp")
	friend.allocate() // its 401 is the first of ten answers
	liar.nonce, liar.pass = friend.nonce, "wrong"
	for range 3 {
		w.binding()
	}
	for range 3 {
		if code, _ := liar.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeUnauthorized {
			t.Fatal(code)
		}
	}
	for range 3 {
		w.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)))
		w.recv()
	}
	for range 5 {
		w.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)))
		w.send(stun.MustBuild(stun.TransactionID, stun.BindingRequest))
		liar.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(protoUDP),
			stun.NewUsername(liar.username), stun.NewRealm(liar.realm), liar.nonce,
			stun.NewLongTermIntegrity(liar.username, liar.realm, liar.pass)))
	}
	for range 20 {
		if code, _ := friend.request(stun.MethodRefresh); code != 0 {
			t.Fatalf("an authenticated request: %d", code)
		}
	}
	for range 20 {
		newWire(t, s, "tcp").binding()
	}
	if n := s.Stats().Dropped["stranger"]; n != 15 {
		t.Errorf("%d requests without an answer, want 15", n)
	}
}

// Relays write to clients through front: that must cost no allocation.
func TestFrontDoesNotAllocate(t *testing.T) {
	e := &entry{srv: &Server{}}
	f := &front{PacketConn: sink{}, e: e}
	p, to := append([]byte{0x40, 1, 0, 100}, make([]byte, 100)...), &net.UDPAddr{}
	if n := testing.AllocsPerRun(100, func() {
		_, _ = f.WriteTo(p, to)
		_, _, _ = f.ReadFrom(p)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// sink reads a ChannelData each time.
type sink struct{ net.PacketConn }

func (sink) WriteTo(p []byte, _ net.Addr) (int, error) { return len(p), nil }

func (sink) ReadFrom(p []byte) (int, net.Addr, error) {
	return copy(p, []byte{0x40, 1, 0, 2, 0, 0}), nil, nil
}

// Our reader is in front of Pion's: what it lets through, Pion must read as the same.
func FuzzSTUNMessage(f *testing.F) {
	f.Add(checkRequest(1))
	f.Add(checkAnswer(2))
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodCreatePermission, stun.ClassRequest), peerAt("192.0.2.1:5000"),
		peerAt("[2001:db8::1]:5000"), stun.NewUsername("u"), stun.NewRealm("r"), stun.NewLongTermIntegrity("u", "r", "p"), stun.Fingerprint).Raw)
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, p []byte) {
		m, ok := parseSTUN(p)
		if !ok {
			return
		}
		theirs := &stun.Message{Raw: slices.Clone(p)}
		if err := theirs.Decode(); err != nil {
			t.Fatalf("Pion: %v", err)
		}
		if typ := theirs.Type; uint16(typ.Method) != m.method() || uint16(typ.Value()) != m.kind() || theirs.TransactionID != m.id() {
			t.Errorf("Pion reads %v, we %#x %#x", typ, m.method(), m.class())
		}
		for _, a := range theirs.Attributes {
			first, err := theirs.Get(a.Type)
			if v, ok := m.get(uint16(a.Type)); err == nil && uint16(a.Type) != 0x20 && (!ok || !slices.Equal(v, first)) {
				t.Errorf("%s: Pion has %x, we %x, %v", a.Type, first, v, ok)
			}
		}
		for _, typ := range []uint16{attrUsername, attrRealm, attrNonce, attrPeerAddress, attrChannel, attrTransport, attrIntegrity} {
			if m.has(typ) != theirs.Contains(stun.AttrType(typ)) {
				t.Errorf("%#x: we have it: %v, Pion does not", typ, m.has(typ))
			}
		}
		key := []byte("key")
		if ours, pions := m.signedBy(key), stun.MessageIntegrity(key).Check(theirs) == nil; ours != pions {
			t.Errorf("signed: we say %v, Pion %v", ours, pions)
		}
		if m.has(attrFingerprint) && m.fingerprinted() && stun.Fingerprint.Check(theirs) != nil {
			t.Error("a fingerprint that Pion refuses")
		}
		if v, ok := m.get(attrPeerAddress); ok {
			if a, ok := m.xorAddress(v); ok {
				var x stun.XORMappedAddress
				err := x.GetFromAs(theirs, stun.AttrXORPeerAddress)
				if ip, _ := netip.AddrFromSlice(x.IP); err != nil || ip != a.Addr() && ip.Unmap() != a.Addr().Unmap() || x.Port != int(a.Port()) {
					t.Errorf("peer %s, Pion has %v, %v", a, x, err)
				}
			}
		}
		g := newTestGate(PayloadMedia)
		g.toPeer(p, testPeer)
		g.fromPeer(p, testPeer)
	})
}

func FuzzUsername(f *testing.F) {
	for _, s := range []string{"1700000600:alice", "1700000600", ":", "", "1700000600:a:b", "+1:a", "1e9:a", "99999999999999999999:a", "1700000600:\xff"} {
		f.Add(s)
	}
	now := time.Unix(1700000000, 0)
	a := testAuth(now, map[string]string{"alice": "pass"})
	f.Fuzz(func(t *testing.T, s string) {
		expiry, user, ok := parseUsername(s)
		if !ok {
			return
		}
		if user == "" || len(s) > maxUsername || expiry.Unix() < 0 || expiry.Year() > 40000 {
			t.Errorf("%q: %q until %v", s, user, expiry)
		}
		if again, pass := Credentials(testSecret, user, expiry, 0); user != s {
			if e, u, ok := parseUsername(again); !ok || u != user || !e.Equal(expiry) || pass == "" {
				t.Errorf("%q comes back as %q", s, again)
			}
		}
		who, _, why := a.check(signed(s, "beckon", passwordOf(testSecret, s)), true)
		if in := now.Before(expiry) && expiry.Sub(now) <= a.ttl; in != (why == authFine) || in && who != user {
			t.Errorf("%q: %q %s", s, who, why)
		}
	})
}
