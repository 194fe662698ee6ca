package turnserver

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/stun/v4"
)

// checkRequest is a check as ICE agents send it, and checkAnswer what passes it.
func checkRequest(id byte) []byte {
	return stun.MustBuild(txID(id), stun.BindingRequest, stun.NewUsername("them:us"), stun.NewShortTermIntegrity("theirs"), stun.Fingerprint).Raw
}

func checkAnswer(id byte) []byte {
	return stun.MustBuild(txID(id), stun.BindingSuccess, &stun.XORMappedAddress{IP: []byte{192, 0, 2, 1}, Port: 5000},
		stun.NewShortTermIntegrity("theirs"), stun.Fingerprint).Raw
}

func txID(b byte) stun.Setter { return stun.NewTransactionIDSetter([12]byte{b}) }

func dtls(first byte) []byte { return []byte{first, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0} }

var testPeer = netip.MustParseAddrPort("192.0.2.1:5000")

func TestGatePayload(t *testing.T) {
	t.Parallel()
	var (
		request    = checkRequest(1)
		indication = stun.MustBuild(txID(2), stun.NewType(stun.MethodBinding, stun.ClassIndication), stun.Fingerprint).Raw
		failure    = stun.MustBuild(txID(3), stun.BindingError, stun.CodeRoleConflict).Raw
		allocate   = stun.MustBuild(txID(4), stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw
		ping       = stun.MustBuild(txID(5), stun.NewType(0x080, stun.ClassRequest), stun.Fingerprint).Raw
		long       = append(checkRequest(6), 0, 0, 0, 0)
		cookie     = checkRequest(7)
		attribute  = checkRequest(8)
		rtp        = []byte{0x80, 111, 0, 1}
		dns        = []byte{0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 0, 0, 1, 0, 1}
		dnsLow     = append([]byte{0, 1}, dns[2:]...) // whose id begins like STUN
		ntp        = append([]byte{0x23}, make([]byte, 47)...)
	)
	cookie[5]++
	attribute[23] = 0xff // the first attribute is longer than the message
	for _, c := range []struct {
		name        string
		packet      []byte
		data, media verdict
	}{
		{"a check", request, carried, carried},
		{"a keepalive", indication, carried, carried},
		{"a refused check", failure, carried, carried},
		{"Chromium's short check", ping, carried, carried},
		{"TURN to another server", allocate, methodSTUN, methodSTUN},
		{"STUN with a tail", long, malformedSTUN, malformedSTUN},
		{"STUN without the cookie", cookie, malformedSTUN, malformedSTUN},
		{"an attribute beyond the end", attribute, malformedSTUN, malformedSTUN},
		{"one zero", []byte{0}, malformedSTUN, malformedSTUN},
		{"nothing", nil, foreign, foreign},
		{"4", dtls(4), foreign, foreign},
		{"19", dtls(19), foreign, foreign},
		{"20", dtls(20), uncheckedPeer, uncheckedPeer},
		{"63", dtls(63), uncheckedPeer, uncheckedPeer},
		{"64, a channel in a relay", dtls(64), foreign, foreign},
		{"127", dtls(127), foreign, foreign},
		{"128", rtp, mediaOff, uncheckedPeer},
		{"191", dtls(191), mediaOff, uncheckedPeer},
		{"192, QUIC", dtls(192), foreign, foreign},
		{"DNS", dns, mediaOff, uncheckedPeer}, // its id begins like RTP
		{"DNS with a low id", dnsLow, malformedSTUN, malformedSTUN},
		{"NTP", ntp, uncheckedPeer, uncheckedPeer}, // begins like DTLS 1.3
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), foreign, foreign},
	} {
		for mode, want := range map[Payload]verdict{PayloadData: c.data, PayloadMedia: c.media, PayloadAny: carried} {
			out, in := newTestGate(mode), newTestGate(mode)
			if got := out.toPeer(c.packet, testPeer); got != want {
				t.Errorf("%s, %s, to the peer: %s, want %s", mode, c.name, got, want)
			}
			if got := in.fromPeer(c.packet, testPeer); got != want {
				t.Errorf("%s, %s, from the peer: %s, want %s", mode, c.name, got, want)
			}
		}
	}
}

func newTestGate(mode Payload) *gate { return newGate(mode, new(atomic.Uint64)) }

// What opens the way for DTLS, and what only looks like it.
func TestGateCheck(t *testing.T) {
	t.Parallel()
	unsigned := stun.MustBuild(txID(1), stun.BindingSuccess, stun.Fingerprint).Raw
	keepalive := stun.MustBuild(txID(1), stun.NewType(stun.MethodBinding, stun.ClassIndication), stun.NewShortTermIntegrity("theirs")).Raw
	refusal := stun.MustBuild(txID(1), stun.BindingError, stun.CodeRoleConflict, stun.NewShortTermIntegrity("theirs")).Raw
	elsewhere := netip.AddrPortFrom(testPeer.Addr(), testPeer.Port()+1)
	type step struct {
		from   bool
		packet []byte
		peer   netip.AddrPort
	}
	to, from := false, true
	for _, c := range []struct {
		name  string
		steps []step
		want  bool
	}{
		{"nothing", nil, false},
		{"the peer answers", []step{{to, checkRequest(1), testPeer}, {from, checkAnswer(1), testPeer}}, true},
		{"the client answers", []step{{from, checkRequest(1), testPeer}, {to, checkAnswer(1), testPeer}}, true},
		{"answered twice", []step{{to, checkRequest(1), testPeer}, {from, checkAnswer(1), testPeer}, {from, checkAnswer(1), testPeer}}, true},
		{"a request alone", []step{{to, checkRequest(1), testPeer}}, false},
		{"the client answers what nobody asked", []step{{to, checkAnswer(1), testPeer}}, false},
		{"the client answers itself", []step{{to, checkRequest(1), testPeer}, {to, checkAnswer(1), testPeer}}, false},
		{"the peer answers itself", []step{{from, checkRequest(1), testPeer}, {from, checkAnswer(1), testPeer}}, false},
		{"the answer to another request", []step{{to, checkRequest(1), testPeer}, {from, checkAnswer(2), testPeer}}, false},
		{"another port answers", []step{{to, checkRequest(1), testPeer}, {from, checkAnswer(1), elsewhere}}, false},
		{"another port was asked", []step{{to, checkRequest(1), elsewhere}, {from, checkAnswer(1), testPeer}}, false},
		{"a STUN server answers", []step{{to, checkRequest(1), testPeer}, {from, unsigned, testPeer}}, false},
		{"an indication", []step{{to, checkRequest(1), testPeer}, {from, keepalive, testPeer}}, false},
		{"a refusal", []step{{to, checkRequest(1), testPeer}, {from, refusal, testPeer}}, false},
	} {
		g := newTestGate(PayloadMedia)
		for _, s := range c.steps {
			judge := g.toPeer
			if s.from {
				judge = g.fromPeer
			}
			if v := judge(s.packet, s.peer); v != carried {
				t.Errorf("%s: a check was refused: %s", c.name, v)
			}
		}
		want := uncheckedPeer
		if c.want {
			want = carried
		}
		for _, p := range [][]byte{dtls(22), {0x80, 0}} {
			if v := g.toPeer(p, testPeer); v != want {
				t.Errorf("%s: %x to the peer: %s, want %s", c.name, p[0], v, want)
			}
			if v := g.fromPeer(p, testPeer); v != want {
				t.Errorf("%s: %x from the peer: %s, want %s", c.name, p[0], v, want)
			}
		}
		if g.checked(testPeer) != c.want || g.checked(netip.AddrPortFrom(testPeer.Addr(), 1)) {
			t.Errorf("%s: checked", c.name)
		}
	}
}

// Peers past the cap make room for each other, the one that was checked longest ago first.
func TestGateBounded(t *testing.T) {
	t.Parallel()
	g := newTestGate(PayloadData)
	peer := func(i int) netip.AddrPort { return netip.AddrPortFrom(testPeer.Addr(), uint16(2000+i)) }
	check := func(i int) {
		g.toPeer(checkRequest(byte(i)), peer(i))
		g.fromPeer(checkAnswer(byte(i)), peer(i))
	}
	for i := range gatePeers {
		check(i)
	}
	check(0) // consent, so that 1 is now the oldest
	check(gatePeers)
	for i := range gatePeers + 1 {
		if got := g.checked(peer(i)); got != (i != 1) {
			t.Errorf("peer %d checked: %v", i, got)
		}
	}
	if n := len(*g.passed.Load()); n != gatePeers || g.forgot.Load() != 1 {
		t.Errorf("%d peers kept, %d forgotten", n, g.forgot.Load())
	}
}

// A stranger that sends requests without end cannot keep the client's own checks from being answered.
func TestGateFlood(t *testing.T) {
	t.Parallel()
	g := newTestGate(PayloadData)
	g.toPeer(checkRequest(1), testPeer)
	for i := range 10 * gateAsked {
		g.fromPeer(checkRequest(byte(i)), netip.AddrPortFrom(testPeer.Addr(), uint16(i)+1))
	}
	g.fromPeer(checkAnswer(1), testPeer)
	if !g.checked(testPeer) {
		t.Error("the answer found no request")
	}
}

func TestGateDoesNotAllocate(t *testing.T) {
	g := newTestGate(PayloadMedia)
	request, answer, data := checkRequest(1), checkAnswer(1), dtls(23)
	g.toPeer(request, testPeer)
	g.fromPeer(answer, testPeer)
	other := netip.MustParseAddrPort("[2001:db8::1]:5000")
	for name, f := range map[string]func(){
		"request": func() { g.toPeer(request, testPeer) },
		"answer":  func() { g.fromPeer(answer, testPeer) },
		"dtls":    func() { g.toPeer(data, testPeer); g.fromPeer(data, testPeer) },
		"refused": func() { g.toPeer(data, other) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Both directions at once, for the race detector; and what they agree on in the end.
func TestGateConcurrent(t *testing.T) {
	t.Parallel()
	g := newTestGate(PayloadData)
	var wg sync.WaitGroup
	for d := range 4 {
		wg.Go(func() {
			for i := range 500 {
				peer := netip.AddrPortFrom(testPeer.Addr(), uint16(3000+i%70))
				id := byte(i)
				if d%2 == 0 {
					g.toPeer(checkRequest(id), peer)
					g.toPeer(checkAnswer(id), peer)
				} else {
					g.fromPeer(checkRequest(id), peer)
					g.fromPeer(checkAnswer(id), peer)
				}
				g.toPeer(dtls(23), peer)
			}
		})
	}
	wg.Wait()
	if n := len(*g.passed.Load()); n > gatePeers {
		t.Errorf("%d peers", n)
	}
}

func TestPayloadNames(t *testing.T) {
	t.Parallel()
	for _, p := range []Payload{PayloadData, PayloadMedia, PayloadAny} {
		if got, err := ParsePayload(p.String()); got != p || err != nil {
			t.Errorf("%s: %s, %v", p, got, err)
		}
	}
	if _, err := ParsePayload("all"); fmt.Sprint(err) != `turnserver: payload: "all" is not known: choose data, media or any` {
		t.Error(err)
	}
	for v := range verdicts {
		if v.String() == "" {
			t.Errorf("verdict %d has no name", v)
		}
	}
}

func BenchmarkGate(b *testing.B) {
	g := newTestGate(PayloadData)
	for i := range 8 {
		peer := netip.AddrPortFrom(testPeer.Addr(), testPeer.Port()+uint16(i))
		g.toPeer(checkRequest(byte(i)), peer)
		g.fromPeer(checkAnswer(byte(i)), peer)
	}
	data := dtls(23)
	for b.Loop() {
		if g.toPeer(data, testPeer) != carried {
			b.Fatal("refused")
		}
	}
}
