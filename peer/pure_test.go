package peer

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

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
