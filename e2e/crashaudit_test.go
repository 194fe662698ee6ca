//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// totals are what the accounts of all members come to.
type totals struct {
	direct, room, heard, channel int // messages; heard are those to the room, once for each who heard it
	lost, duplicated, reordered  int

	kills       int
	negotiating int // kills that struck a negotiation: both had joined, and were connected only afterwards
	pairs       int // that they struck
	talking     int // kills that struck a message over the server: it was said before, and settled only afterwards
	underway    int // messages that they struck
	faults      []string
}

func (s *totals) String() string {
	return fmt.Sprintf("%d kills, %d of them while %d pairs negotiated, %d with %d messages under way; "+
		"%d direct messages, %d to the room (heard %d times), %d over data channels: lost %d, duplicated %d, reordered %d",
		s.kills, s.negotiating, s.pairs, s.talking, s.underway, s.direct, s.room, s.heard, s.channel, s.lost, s.duplicated, s.reordered)
}

func (s *totals) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// audit compares, for each pair of members, what the one sent with what the other heard, and tells what is wrong.
func audit(accounts map[string]account, kills []time.Time) *totals {
	s := &totals{kills: len(kills)}
	for from, a := range accounts {
		for _, what := range a.Surprises {
			s.fault("%s saw %s", from, what)
		}
		s.room += len(a.Sent["room"])
		for to, b := range accounts {
			if from != to {
				s.pair(a, b)
			}
		}
	}
	for _, kill := range kills {
		pairs, messages := struck(accounts, kill.UnixMicro())
		s.pairs += pairs
		s.underway += messages
		if pairs > 0 {
			s.negotiating++
		}
		if messages > 0 {
			s.talking++
		}
	}
	return s
}

// pair compares what a sent with what b heard of it.
func (s *totals) pair(a, b account) {
	if a.States[b.Name] != "connected" {
		s.fault("for %s, %s is %q in the end, want it connected", a.Name, b.Name, a.States[b.Name])
	}
	for sequence, sent := range a.Sent {
		way, rest, _ := strings.Cut(sequence, "/")
		to, stream, _ := strings.Cut(rest, "/")
		switch {
		case way == "direct" && to == b.Name:
			s.direct += len(sent)
			s.compare(a, b, "direct/"+a.Name+"/"+stream, 1, len(sent))
		case way == "channel" && to == b.Name:
			s.channel += len(sent)
			s.compare(a, b, "channel/"+a.Name, 1, len(sent))
		case way == "room":
			// What was said before the other was there it need not hear, but may.
			first, heard := a.FirstFor[b.Name], b.Heard["room/"+a.Name]
			if len(heard) > 0 {
				first = min(first, heard[0])
			}
			s.heard += len(heard)
			s.compare(a, b, "room/"+a.Name, first, len(sent))
		}
	}
}

// compare finds fault with what b heard of a sequence unless it is first, first+1 … last.
func (s *totals) compare(a, b account, sequence string, first, last int) {
	heard := b.Heard[sequence]
	missing := make(map[int]bool)
	for n := first; n <= last; n++ {
		missing[n] = true
	}
	wrong, newest := false, 0
	for _, n := range heard {
		switch {
		case !missing[n]:
			s.duplicated++
			wrong = true
		case n < newest:
			s.reordered++
			wrong = true
		}
		delete(missing, n)
		newest = max(newest, n)
	}
	s.lost += len(missing)
	if wrong || len(missing) > 0 {
		s.fault("from %s to %s came of %s %v, want %d to %d", a.Name, b.Name, sequence, heard, first, last)
	}
}

// struck counts what was under way at a time.
func struck(accounts map[string]account, at int64) (pairs, messages int) {
	for from, a := range accounts {
		for to, connected := range a.Connected {
			b := accounts[to]
			if from < to && max(a.Joined, b.Joined) < at && at < max(connected, b.Connected[from]) {
				pairs++
			}
		}
		for sequence, sent := range a.Sent {
			for _, m := range sent {
				if m[0] < at && at < m[1] && !strings.HasPrefix(sequence, "channel/") {
					messages++
				}
			}
		}
	}
	return pairs, messages
}

// TestAudit has accounts that are wrong in one way each.
func TestAudit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change                              func(ada, bob *account)
		faults, lost, duplicated, reordered int
	}{
		"nothing":            {func(_, _ *account) {}, 0, 0, 0, 0},
		"lost":               {func(_, bob *account) { bob.Heard["direct/ada/0"] = []int{1, 3} }, 1, 1, 0, 0},
		"the last lost":      {func(_, bob *account) { bob.Heard["channel/ada"] = []int{1, 2} }, 1, 1, 0, 0},
		"nothing heard":      {func(_, bob *account) { delete(bob.Heard, "direct/ada/0") }, 1, 3, 0, 0},
		"twice":              {func(_, bob *account) { bob.Heard["room/ada"] = []int{2, 3, 3} }, 1, 0, 1, 0},
		"never said":         {func(_, bob *account) { bob.Heard["room/ada"] = []int{2, 3, 4} }, 1, 0, 1, 0},
		"out of order":       {func(_, bob *account) { bob.Heard["direct/ada/0"] = []int{2, 1, 3} }, 1, 0, 0, 1},
		"more than it must":  {func(_, bob *account) { bob.Heard["room/ada"] = []int{1, 2, 3} }, 0, 0, 0, 0},
		"less than it must":  {func(_, bob *account) { bob.Heard["room/ada"] = []int{3} }, 1, 1, 0, 0},
		"not connected":      {func(ada, _ *account) { ada.States["bob"] = "closed" }, 1, 0, 0, 0},
		"something happened": {func(_, bob *account) { bob.Surprises = []string{"ada left"} }, 1, 0, 0, 0},
	} {
		three := [][2]int64{{1, 2}, {3, 10}, {11, 12}}
		ada := account{Name: "ada", Joined: 1, Connected: map[string]int64{"bob": 4}, States: map[string]string{"bob": "connected"},
			Sent:     map[string][][2]int64{"direct/bob/0": three, "room": three, "channel/bob": three},
			FirstFor: map[string]int{"bob": 2}}
		all := []int{1, 2, 3}
		bob := account{Name: "bob", Joined: 2, Connected: map[string]int64{"ada": 8}, States: map[string]string{"ada": "connected"},
			Heard: map[string][]int{"direct/ada/0": all, "room/ada": {2, 3}, "channel/ada": all}}
		c.change(&ada, &bob)
		kills := []time.Time{time.UnixMicro(7), time.UnixMicro(9), time.UnixMicro(20)}
		s := audit(map[string]account{"ada": ada, "bob": bob}, kills)
		if len(s.faults) != c.faults || s.lost != c.lost || s.duplicated != c.duplicated || s.reordered != c.reordered {
			t.Errorf("%s: %v; faults %q", name, s, s.faults)
		}
		if s.negotiating != 1 || s.pairs != 1 || s.talking != 2 || s.underway != 4 {
			t.Errorf("%s: %v", name, s)
		}
	}
}
