package simulation

import (
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// heard judges a message that a player got.
func (o *oracle) heard(r *record, e peer.Event, s said) {
	m := o.messages[s]
	direct := e.Kind == peer.EventSignal
	if m == nil || direct != (s.To != "") || direct && s.To != r.name || o.names[e.Peer.ID()] != s.From {
		o.errorf("misrouted: %s heard %v in a %s of %s", r.name, s, e.Kind, e.Peer.ID())
		return
	}
	key := s.From + " to " + s.To
	heard := r.heard[key]
	if heard == nil {
		heard = &stream{seen: map[int]bool{}}
		r.heard[key] = heard
	}
	switch {
	case heard.seen[s.N]:
		o.tally.duplicated++
		o.errorf("duplicated: %v to %s", s, r.name)
		return
	case s.N < heard.last:
		o.tally.reordered++
		o.errorf("reordered: %v to %s, after %d", s, r.name, heard.last)
	}
	heard.seen[s.N] = true
	heard.last = max(heard.last, s.N)
	delete(m.missing, r)
	if direct {
		o.tally.direct++
		return
	}
	o.tally.heard++
	// The log is one order for all: whatever comes stands in it behind what came before, or in that of a later life.
	for _, at := range o.places[s] {
		if r.place.before(at) {
			r.place = at
			return
		}
	}
	o.tally.reordered++
	o.errorf("reordered: %s heard %v, which the logs have at %v, after what is at %v", r.name, s, o.places[s], r.place)
}

// left judges the news that somebody has left.
func (o *oracle) left(r, gone *record, reason protocol.LeftReason) {
	if gone == nil || !gone.alive {
		return // nil: one whose Join did not succeed
	}
	if !gone.lapsed(time.Now()) {
		o.tally.falseLeft++
		o.errorf("false left: %s hears that %s left (%s), which was not away for the grace", r.name, gone.name, reason)
	}
}

// stuck takes it that something did not become so.
func (o *oracle) stuck(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errorf("stuck: waited in vain until %s", what)
}

// flying counts the messages that were said and have not been heard by somebody who is there.
func (o *oracle) flying() (direct, room int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prune()
	for _, m := range o.open {
		if !m.from.alive || len(m.missing) == 0 {
			continue
		}
		if m.to == nil {
			room++
		} else if m.to.alive {
			direct++
		}
	}
	return direct, room
}

// bequest counts the room messages that the dead have successfully said and that not all have heard. Their senders cannot say them again, so a
// server that was killed now would take them along, as the specification says.
func (o *oracle) bequest() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prune()
	n := 0
	for _, m := range o.open {
		if m.to == nil && !m.from.alive {
			n++
		}
	}
	return n
}

// quiet tells whether all that was said is answered and heard.
func (o *oracle) quiet() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prune()
	return len(o.open) == 0
}

// prune forgets in open what is settled. o.mu must be held.
func (o *oracle) prune() {
	open := o.open[:0]
	for _, m := range o.open {
		for r := range m.missing {
			if !r.alive || m.to == nil && r.lapsed(m.begun) {
				delete(m.missing, r)
			}
		}
		if !m.answered || m.err == nil && len(m.missing) > 0 {
			open = append(open, m)
		}
	}
	clear(o.open[len(open):])
	o.open = open
}

// finish judges what must be true in the end, when everybody has left.
func (o *oracle) finish(survivors map[string]bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.messages {
		for _, r := range m.owed {
			seen := r.heard[m.From+" to "+m.To]
			switch {
			case r.lapsed(m.begun) && (m.to == nil || m.err != nil):
			case seen != nil && seen.seen[m.N]:
			case m.answered && m.err == nil && (m.to != nil || survivors[r.name]):
				// Who was told that a direct message has arrived may rely on it, whatever became of the recipient since.
				o.tally.lost++
				o.errorf("lost: %v to %s, which was resolved", m.said, r.name)
			case survivors[r.name] && survivors[m.From]:
				o.tally.lost++
				o.errorf("lost: %v to %s (answered %v: %v)", m.said, r.name, m.answered, m.err)
			}
		}
		switch {
		case m.to == nil:
			o.tally.saidToRoom++
		default:
			o.tally.saidDirect++
		}
	}
}
