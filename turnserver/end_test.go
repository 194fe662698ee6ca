package turnserver

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// user has the wire sign as another user.
func (w *wire) user(s *Server, name string) *wire {
	w.username, w.pass = s.Credentials(name, time.Hour)
	return w
}

// An end is there when End returns: nothing is relayed, the client's requests find no allocation, and it may have a new one.
func TestEnd(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode)
		a, b, other := newWire(t, s, "udp").user(s, "ada"), newWire(t, s, "tcp").user(s, "ada"), newWire(t, s, "udp").user(s, "bob")
		at, bt, ot := a.allocate(), b.allocate(), other.allocate()
		for _, w := range []*wire{a, b, other} {
			w.request(stun.MethodCreatePermission, peerAddress(ot))
		}
		if n := s.End("nobody"); n != 0 {
			t.Errorf("ended %d of nobody", n)
		}
		if n := s.End("ada"); n != 2 {
			t.Errorf("ended %d", n)
		}
		if list := s.Allocations(); len(list) != 1 || list[0].User != "bob" || s.relays.find(at) != nil || s.relays.find(bt) != nil {
			t.Errorf("left are %+v", list)
		}
		other.request(stun.MethodCreatePermission, peerAddress(at))
		a.say(ot, "too late")
		other.say(at, "too late")
		other.say(ot, "alive")
		if got := other.heard(); got != "alive" {
			t.Errorf("heard %q", got)
		}
		ended(t, b.conn)
		if code, _ := a.request(stun.MethodRefresh); code != stun.CodeAllocMismatch {
			t.Errorf("refresh: %d", code)
		}
		eventually(t, "Pion has deleted it", func() bool {
			code, _ := a.request(stun.MethodAllocate, transport(protoUDP))
			return code == 0
		})
		if n := s.End("ada"); n != 1 {
			t.Errorf("ended %d of the new ones", n)
		}
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	var later time.Duration
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(later)
	}
	cfg := testConfig()
	cfg.Users = map[string]string{"carol": "static"}
	s, err := listenAt(t.Context(), cfg, now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	open := newWire(t, s, "udp").user(s, "ada")
	open.allocate()
	unused, other := newWire(t, s, "udp").user(s, "ada"), newWire(t, s, "udp").user(s, "bob")
	if n := s.Revoke("ada"); n != 1 {
		t.Errorf("ended %d", n)
	}
	if code, _ := unused.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeUnauthorized {
		t.Error("a revoked credential opens a relay")
	}
	if n := s.Stats().AuthFailures["revoked"]; n != 1 {
		t.Errorf("counted %d", n)
	}
	other.allocate()
	// Made in the same second, and for less time.
	fresh := newWire(t, s, "udp")
	fresh.username, fresh.pass = s.Credentials("ada", time.Minute)
	fresh.allocate()
	mu.Lock()
	later = 59 * time.Minute
	mu.Unlock()
	again := newWire(t, s, "udp")
	again.username, again.pass = unused.username, unused.pass
	if code, _ := again.request(stun.MethodAllocate, transport(protoUDP)); code != stun.CodeUnauthorized {
		t.Error("a revoked credential opens a relay an hour later")
	}
}

// A request that was let in before a revocation does not open its relay after it.
func TestRevokeBetweenAuthenticationAndRelay(t *testing.T) {
	t.Parallel()
	s := listen(t)
	username, _ := s.Credentials("ada", time.Hour)
	e := &entry{srv: s, transport: overUDP, clients: map[netip.AddrPort]*relay{}}
	e.req.as = username
	s.Revoke("ada")
	if _, _, err := e.AllocatePacketConn(allocateFor("ada")); err != ErrRevoked || e.req.refusal.code != stun.CodeUnauthorized {
		t.Errorf("got %v, %d", err, e.req.refusal.code)
	}
	if st := s.Stats(); st.NoAllocation["revoked"] != 1 || st.Allocations != 0 {
		t.Errorf("stats: %+v", st)
	}
	// What it had taken is given back.
	if n := len(s.ledger.accounts); n != 0 {
		t.Errorf("%d accounts are held", n)
	}
	for port := range s.relays.families[0].ports {
		if s.relays.families[0].ports[port].Load() != nil {
			t.Errorf("port %d is taken", port)
		}
	}
}

func TestRevocations(t *testing.T) {
	t.Parallel()
	r := revocations{static: map[string]string{"carol": "x", "1234:dan": "x"}}
	now := time.Unix(1_000_000, 700)
	if got := r.lifetime("ada", now, time.Hour); got != time.Hour {
		t.Errorf("lifetime %v", got)
	}
	r.revoke("ada", now)
	r.revoke("carol", now)
	for _, c := range []struct {
		user, username string
		want           bool
	}{
		{"ada", "1003600:ada", true}, {"ada", "1000000:ada", true}, {"ada", "1003601:ada", false}, {"ada", "ada", true},
		{"bob", "1003600:bob", false}, {"carol", "carol", true}, {"carol", "1003601:carol", true}, {"1234:dan", "1234:dan", false},
	} {
		if got := r.refuses(c.user, c.username); got != c.want {
			t.Errorf("%s: %v", c.username, got)
		}
	}
	for ttl, want := range map[time.Duration]time.Duration{time.Minute: 3601 * time.Second, time.Hour: 3601 * time.Second, 2 * time.Hour: 2 * time.Hour} {
		if got := r.lifetime("ada", now, ttl); got != want {
			t.Errorf("a lifetime of %v becomes %v", ttl, got)
		}
	}
	if got := r.lifetime("carol", now, time.Minute); got != time.Minute {
		t.Errorf("a lifetime of a static user becomes %v", got)
	}
	// Two revocations in one second: what was made between them is refused, and what is made then is good.
	username := func() string {
		name, _ := Credentials(nil, "ada", now, r.lifetime("ada", now, time.Minute))
		return name
	}
	for range 3 {
		between := username()
		r.revoke("ada", now)
		if after := username(); !r.refuses("ada", between) || r.refuses("ada", after) {
			t.Errorf("%s is refused: %v, and %s of later: %v", between, r.refuses("ada", between), after, r.refuses("ada", after))
		}
	}
	r.revoke("carol", now)
	if !r.refuses("carol", "carol") {
		t.Error("a static user who is revoked twice is not")
	}
	// Without credentials of its own a server cannot know how long others live.
	foreign := revocations{}
	foreign.revoke("eve", now)
	if !foreign.refuses("eve", "1086400:eve") || foreign.refuses("eve", "1086401:eve") {
		t.Error("not a day")
	}
}

func TestRevocationsAreForgotten(t *testing.T) {
	t.Parallel()
	r := revocations{longest: time.Minute}
	now := time.Unix(1_000_000, 0)
	for i := range 10_000 {
		r.revoke(time.Duration(i).String(), now.Add(time.Duration(i)*time.Second))
	}
	if n := len(r.until); n > 400 {
		t.Errorf("%d are kept, of which 61 still refuse something", n)
	}
	if last := time.Duration(9_999).String(); !r.refuses(last, "1010050:"+last) {
		t.Error("the last one is forgotten")
	}
}

func TestAllocations(t *testing.T) {
	bothModes(t, func(t *testing.T, mode func(*Config)) {
		s := listen(t, mode)
		a, b := newWire(t, s, "udp").user(s, "ada"), newWire(t, s, "tcp").user(s, "bob")
		at, bt := a.allocate(), b.allocate()
		a.request(stun.MethodCreatePermission, peerAddress(bt))
		b.request(stun.MethodCreatePermission, peerAddress(at))
		a.say(bt, "hello")
		b.heard()
		list := s.Allocations()
		if len(list) != 2 {
			t.Fatalf("%+v", list)
		}
		for i, want := range []Allocation{
			{User: "ada", Client: addrPort(a.conn.LocalAddr()), Transport: "udp", Relay: at, ToPeers: Traffic{1, 5}},
			{User: "bob", Client: addrPort(b.conn.LocalAddr()), Transport: "tcp", Relay: bt, FromPeers: Traffic{1, 5}},
		} {
			got := list[i]
			if time.Since(got.Since) > time.Hour || got.Since.IsZero() {
				t.Errorf("since %v", got.Since)
			}
			if got.Since = (time.Time{}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		if st := s.Stats(); len(st.Kinds) != 2 || st.Kinds[0] != (Kind{"udp", 4, 1, 1}) || st.Kinds[1] != (Kind{"tcp", 4, 1, 1}) {
			t.Errorf("stats: %+v", st)
		}
		s.End("ada")
		if st := s.Stats(); st.Allocations != 1 || st.AllocationsTotal != 2 || st.Kinds[0] != (Kind{"udp", 4, 0, 1}) {
			t.Errorf("stats: %+v", st)
		}
	})
}
