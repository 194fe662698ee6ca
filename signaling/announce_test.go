package signaling

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	hostCandidate  = "candidate:1 1 UDP 2130706431 198.51.100.7 50000 typ host"
	relayCandidate = "candidate:842163049 1 tcp 1677729535 2001:db8::7 9 typ relay raddr 203.0.113.9 rport 0 tcptype active ufrag abcd"
)

func addrs(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// asJSON is a signal's data as an SDK makes it.
func asJSON(t testing.TB, data protocol.SignalData) string {
	t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func trickled(t testing.TB, candidate string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0})
	if err != nil {
		t.Fatal(err)
	}
	return asJSON(t, protocol.SignalData{Candidate: raw, Session: "s"})
}

func described(t testing.TB, candidates ...string) string {
	t.Helper()
	sdp := "v=0\r\no=- 1 1 IN IP4 192.0.2.99\r\nc=IN IP4 192.0.2.98\r\n"
	for _, c := range candidates {
		sdp += "a=" + c + "\r\n"
	}
	return asJSON(t, protocol.SignalData{Description: &protocol.Description{Type: "offer", SDP: sdp + "a=end-of-candidates\r\n"}})
}

func TestCandidatesIn(t *testing.T) {
	t.Parallel()
	many := make([]string, maxCandidates+1)
	var all []netip.Addr
	for i := range many {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		many[i] = fmt.Sprintf("candidate:1 1 udp 1 %s 1 typ host", addr)
		all = append(all, addr)
	}
	for name, v := range map[string]struct {
		data string
		want []netip.Addr
	}{
		"trickled":           {trickled(t, hostCandidate), addrs("198.51.100.7")},
		"trickled, as a=":    {trickled(t, "a="+hostCandidate), addrs("198.51.100.7")},
		"described":          {described(t, hostCandidate, relayCandidate, hostCandidate), addrs("198.51.100.7", "2001:db8::7")},
		"mapped":             {trickled(t, "candidate:1 1 udp 1 ::ffff:192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 0"), addrs("192.0.2.1")},
		"with a zone":        {trickled(t, "candidate:1 1 udp 1 fe80::1%eth0 9 typ host"), addrs("fe80::1")},
		"a name":             {trickled(t, "candidate:1 1 udp 1 0b1c.local 9 typ host"), nil},
		"without a type":     {trickled(t, "candidate:1 1 udp 1 192.0.2.1 9 host"), nil},
		"two spaces":         {trickled(t, "candidate:1 1  udp 1 192.0.2.1 9 typ host"), nil},
		"cut short":          {trickled(t, "candidate:1 1 udp 1 192.0.2.1"), nil},
		"a long foundation":  {trickled(t, "candidate:"+strings.Repeat("x", 64)+" 1 udp 1 192.0.2.1 9 typ host"), nil},
		"no more candidates": {`{"candidate":null}`, nil},
		"an address alone":   {`{"text":"192.0.2.1"}`, nil},
		"too many":           {described(t, many...), all[:maxCandidates]},
	} {
		if got := candidatesIn([]byte(v.data)); !slices.Equal(got, v.want) {
			t.Errorf("%s: %v, want %v", name, got, v.want)
		}
	}
}

// FuzzCandidates: whatever peers say to each other, no more than so many plain addresses are found in it, and each stands there.
func FuzzCandidates(f *testing.F) {
	f.Add([]byte(trickled(f, hostCandidate)))
	f.Add([]byte(described(f, hostCandidate, relayCandidate)))
	f.Add([]byte("candidate:candidate:1 1 udp 1 ::ffff:1.2.3.4%x 1 typ candidate:"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found := candidatesIn(data)
		if len(found) > maxCandidates || len(found) > strings.Count(string(data), "candidate:") {
			t.Fatalf("%d addresses", len(found))
		}
		for i, addr := range found {
			if !addr.IsValid() || addr != plainAddr(addr) || slices.Contains(found[:i], addr) {
				t.Fatalf("%v in %v", addr, found)
			}
			if line := fmt.Sprintf("candidate:1 1 udp 1 %s 9 typ host", addr); !slices.Equal(candidatesIn([]byte(line)), []netip.Addr{addr}) {
				t.Fatalf("%v is not found again", addr)
			}
		}
	})
}

func (c *client) announces(room string, to *client, n uint64, data string) {
	c.t.Helper()
	c.send(protocol.Signal{Room: room, To: to.welcome.Peer, ToInstance: to.instance, N: n, Data: json.RawMessage(data)})
	next[protocol.Signal](to)
}

// What a member has announced is known to all of its rooms, and to nobody else, for as long as it is in them.
func TestAnnounced(t *testing.T) {
	overAll(t, Config{Candidates: true}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		eve, _ := w.in("coffee")
		ada.event(protocol.EventJoined)
		check := func(c *client, text string, want bool) {
			t.Helper()
			if got := w.s.Announced(c.welcome.Peer, netip.MustParseAddr(text)); got != want {
				t.Errorf("%s: %v", text, got)
			}
		}
		check(bob, "198.51.100.7", false)
		ada.announces("tea", bob, 1, trickled(t, hostCandidate))
		ada.announces("tea", bob, 2, described(t, hostCandidate, relayCandidate))
		check(ada, "198.51.100.7", true)
		check(bob, "198.51.100.7", true)
		check(bob, "::ffff:198.51.100.7", true)
		check(bob, "2001:db8::7", true)
		check(bob, "203.0.113.9", false) // whence it was relayed
		check(eve, "198.51.100.7", false)
		if w.s.Announced("nobody", local) {
			t.Error("nobody's")
		}
		bob.announces("tea", ada, 1, trickled(t, hostCandidate))
		ada.send(protocol.Leave{Room: "tea"})
		ada.event(protocol.EventLeft)
		check(bob, "198.51.100.7", true) // for bob says so as well
		check(bob, "2001:db8::7", false)
		check(ada, "198.51.100.7", false)
		eve.join(protocol.Join{Room: "tea"})
		check(eve, "198.51.100.7", true)
		eve.send(protocol.Leave{Room: "tea"})
		eve.event(protocol.EventLeft)
		check(eve, "198.51.100.7", false) // though it is still in another room
	})
}

// A member that announces on and on makes the server forget what it said first, and nobody else's.
func TestAnnouncementsAreBounded(t *testing.T) {
	inWorld(t, Config{Candidates: true, Limits: Limits{Candidates: 2}}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		bob.announces("tea", ada, 1, trickled(t, "candidate:1 1 udp 1 192.0.2.9 1 typ host"))
		for i := range 4 {
			ada.announces("tea", bob, uint64(i+1), trickled(t, fmt.Sprintf("candidate:1 1 udp 1 192.0.2.%d 1 typ host", i)))
		}
		var known []int
		for i := range 10 {
			if w.s.Announced(bob.welcome.Peer, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})) {
				known = append(known, i)
			}
		}
		if !slices.Equal(known, []int{2, 3, 9}) {
			t.Errorf("known: %v", known)
		}
	})
}

// Who may not signal announces nothing, and a server that need not know does not look.
func TestNotAnnounced(t *testing.T) {
	inWorld(t, Config{Candidates: true, Authorize: byToken}, func(t *testing.T, w *world) {
		ada, bob := w.as("ada:message"), w.as("bob:"+ordinary)
		ada.join(protocol.Join{Room: "tea"})
		bob.join(protocol.Join{Room: "tea"})
		ada.event(protocol.EventJoined)
		ada.send(protocol.Signal{Room: "tea", To: bob.welcome.Peer, ToInstance: bob.instance, N: 1, Data: json.RawMessage(trickled(t, hostCandidate))})
		ada.refused(protocol.CodeForbidden)
		if w.s.Announced(bob.welcome.Peer, netip.MustParseAddr("198.51.100.7")) {
			t.Error("announced")
		}
	})
}

func TestNobodyNeedsToKnowCandidates(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		ada.announces("tea", bob, 1, trickled(t, hostCandidate))
		if w.s.Announced(bob.welcome.Peer, netip.MustParseAddr("198.51.100.7")) {
			t.Error("announced")
		}
	})
}
