package peer

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestNumbering(t *testing.T) {
	t.Parallel()
	s := numbering{window: 2}
	for n := uint64(1); n <= 5; n++ {
		if got := s.send(json.RawMessage(`1`)); got != n {
			t.Fatalf("signal %d has number %d", n, got)
		}
	}
	sent := func(want ...uint64) {
		t.Helper()
		got := s.ready()
		if len(got) != len(want) {
			t.Fatalf("%d signals may go, want %d", len(got), len(want))
		}
		for i, o := range got {
			if o.n != want[i] {
				t.Fatalf("signal %d goes, want %d", o.n, want[i])
			}
		}
	}
	sent(1, 2)
	sent()
	s.receipt(9) // of what was never sent
	sent()
	s.receipt(1)
	s.receipt(1)
	sent(3)
	s.receipt(3)
	sent(4, 5)
}

func TestNumberingOfWhatComes(t *testing.T) {
	t.Parallel()
	var s numbering
	for _, c := range []struct {
		n      uint64
		accept bool
		owes   uint64
	}{
		{1, true, 1},
		{1, false, 1}, // a double is acknowledged again
		{3, false, 0}, // too early
		{2, true, 2},
		{3, true, 3},
		{1, false, 3}, // receipts are cumulative
	} {
		if got := s.accept(c.n); got != c.accept {
			t.Fatalf("signal %d: accepted %v", c.n, got)
		}
		if got := s.owes(); got != c.owes {
			t.Fatalf("signal %d: owes a receipt up to %d, want %d", c.n, got, c.owes)
		}
		if s.owes() != 0 {
			t.Fatal("owes a receipt twice")
		}
	}
}

func TestStateFollowsTheLog(t *testing.T) {
	t.Parallel()
	me := protocol.Member{Peer: "me", Instance: "00000000000000aa", Joined: 1}
	bob := protocol.Member{Peer: "bob", Instance: "00000000000000bb", Joined: 2}
	s := state{self: "me", mesh: 2}
	if got := s.snapshot(protocol.Joined{Position: 2, Topology: protocol.TopologyMesh, Members: []protocol.Member{bob, me}}); len(got) != 2 {
		t.Fatalf("%d changes in the first snapshot", len(got))
	}
	reborn := bob
	reborn.Instance = "00000000000000cc"
	eve := protocol.Member{Peer: "eve", Instance: "00000000000000ee", Joined: 4}
	for _, c := range []struct {
		event protocol.Event
		want  []changeKind
	}{
		{protocol.Event{Position: 2, Kind: protocol.EventLeft, Peer: "bob"}, nil}, // old news
		{protocol.Event{Position: 3, Kind: protocol.EventAway, Peer: "bob"}, []changeKind{changeAway}},
		{protocol.Event{Position: 4, Kind: protocol.EventJoined, Peer: "eve", Member: &eve}, []changeKind{changeAppeared}},
		{protocol.Event{Position: 5, Kind: protocol.EventBack, Peer: "bob", Member: &bob}, []changeKind{changeBack}},
		{protocol.Event{Position: 6, Kind: protocol.EventBack, Peer: "bob", Member: &reborn}, []changeKind{changeLeft, changeAppeared}},
		{protocol.Event{Position: 7, Kind: protocol.EventMessage, Peer: "bob"}, []changeKind{changeMessage}},
		{protocol.Event{Position: 8, Kind: "later", Peer: "bob"}, nil},
		{protocol.Event{Position: 9, Kind: protocol.EventAway, Peer: "nobody"}, nil},
	} {
		got := s.apply(c.event)
		if len(got) != len(c.want) {
			t.Fatalf("event %d made %d changes, want %v", c.event.Position, len(got), c.want)
		}
		for i, g := range got {
			if g.kind != c.want[i] {
				t.Fatalf("event %d: change %d is %v, want %v", c.event.Position, i, g.kind, c.want[i])
			}
		}
	}
	if !s.connects("bob") || s.connects("eve") || s.mayConnect("eve") || s.position != 9 {
		t.Fatal("the mesh of two is not the first two")
	}
	s.apply(protocol.Event{Position: 10, Kind: protocol.EventLeft, Peer: "bob"})
	if !s.connects("eve") {
		t.Fatal("nobody moved up")
	}
}

func TestSecondComponentIsDropped(t *testing.T) {
	t.Parallel()
	const one = `candidate:0 1 UDP 2122252543 192.0.2.1 50001 typ host`
	const two = `candidate:0 2 UDP 2122252542 192.0.2.1 50002 typ host`
	for raw, want := range map[string]bool{
		`{"candidate":"` + one + `","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}`: true,
		`{"candidate":"` + two + `","sdpMid":"0","sdpMLineIndex":0}`:                         false,
		`{"candidate":""}`: false,
		`null`:             false,
	} {
		if _, ok, err := parseCandidate(json.RawMessage(raw)); ok != want || err != nil {
			t.Errorf("%s: ok %v, %v", raw, ok, err)
		}
	}
	if _, _, err := parseCandidate(json.RawMessage(`"x"`)); Code(err) != protocol.CodeBadFrame {
		t.Errorf("a string is a candidate: %v", err)
	}
	sdp := "v=0\r\na=" + one + "\r\na=" + two + "\r\na=end-of-candidates\r\n"
	if got, left := filterCandidates(sdp, 2); left != 1 || got != "v=0\r\na="+one+"\r\na=end-of-candidates\r\n" {
		t.Errorf("%d are left in %q", left, got)
	}
	if got, left := filterCandidates(strings.Repeat("a="+one+"\r\n", 3), 2); left != 2 || strings.Count(got, one) != 2 {
		t.Errorf("%d are left in %q", left, got)
	}
}

func TestQueueDropsTheOldest(t *testing.T) {
	t.Parallel()
	q := newQueue[int](2)
	for i := range 5 {
		if full := q.push(i); full != (i >= 2) {
			t.Fatalf("push %d: full %v", i, full)
		}
	}
	ended, end := context.WithCancelCause(context.Background())
	end(protocol.Errorf(protocol.CodeClosed, "over"))
	for _, want := range []struct{ item, dropped int }{{3, 3}, {4, 0}} { // what is left comes before the end
		item, dropped, err := q.take(context.Background(), ended)
		if item != want.item || dropped != want.dropped || err != nil {
			t.Fatalf("got %d after %d, %v; want %v", item, dropped, err, want)
		}
	}
	if _, _, err := q.take(context.Background(), ended); Code(err) != protocol.CodeClosed {
		t.Fatalf("got %v at the end", err)
	}
}

// Unaccepted is how many peers wait for Room.Accept.
func Unaccepted(r *Room) int {
	r.connected.mu.Lock()
	defer r.connected.mu.Unlock()
	return len(r.connected.items)
}
