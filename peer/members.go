package peer

import (
	"context"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// follow does to the peers what changed for the members. Like all in this file, its caller holds mu.
func (r *Room) follow(changes []change) {
	for _, c := range changes {
		if c.member.Peer == r.id {
			r.followSelf(c)
			continue
		}
		p := r.peers[c.member.Peer]
		switch c.kind {
		case changeGap:
			r.answers.gap()
			r.emit(Event{Kind: EventGap})
			continue
		case changeAppeared:
			p = r.appeared(c.member)
			r.emit(Event{Kind: EventJoined, Peer: p})
			r.consider(p)
			continue
		}
		if p == nil {
			continue
		}
		switch c.kind {
		case changeAway, changeBack:
			p.away = c.member.Away
			p.attributes = c.member.Attributes
			kind := EventBack
			if p.away {
				kind = EventAway
			}
			r.emit(Event{Kind: kind, Peer: p})
		case changeUpdated:
			p.attributes = c.member.Attributes
			r.emit(Event{Kind: EventUpdated, Peer: p})
		case changeMessage:
			r.emit(Event{Kind: EventMessage, Peer: p, Data: c.event.Data})
		case changeLeft:
			delete(r.peers, p.id)
			// Who did not come back has not ended anything in order: a transfer that it cut must not look finished.
			code := protocol.CodeClosed
			if c.reason == protocol.LeftTimeout {
				code = protocol.CodeConnectionLost
			}
			p.left(protocol.Errorf(code, "the peer left (%s)", c.reason))
			r.emit(Event{Kind: EventLeft, Peer: p, Reason: c.reason})
			// In a mesh the others move up: there may be pairs now that connect.
			for _, other := range r.peers {
				r.consider(other)
			}
		}
	}
	if r.state.position >= r.acked+ackEvery {
		r.wakeWriter()
	}
}

// followSelf takes what changed for this peer as the answer to what it asked for.
func (r *Room) followSelf(c change) {
	switch c.kind {
	case changeMessage:
		if c.event.Instance == r.instance {
			r.answers.echoed(c.event.N)
		}
	case changeUpdated:
		r.answers.updated()
	case changeLeft:
		if !r.closing.Load() { // else it is the answer to our goodbye, and Close says why
			r.end(protocol.Errorf(protocol.CodeConnectionLost, "the server took this peer out of the room (%s)", c.reason))
		}
	}
}

// appeared makes the peer of a new member; nil for this one itself.
func (r *Room) appeared(m protocol.Member) *Peer {
	if m.Peer == r.id {
		return nil
	}
	p := &Peer{
		room: r, id: m.Peer, instance: m.Instance, identity: m.Identity,
		meeting:    newMeeting(),
		attributes: m.Attributes, away: m.Away,
		numbers: numbering{window: max(1, r.session.welcome.Limits.Window)},
	}
	p.here, p.left = context.WithCancelCause(r.ctx)
	p.ctx, p.end = context.WithCancelCause(p.here)
	r.peers[m.Peer] = p
	return p
}
