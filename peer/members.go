package peer

import (
	"context"
	"encoding/json"

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
		connecting: make(chan struct{}),
		attributes: m.Attributes, away: m.Away,
		numbers: numbering{window: max(1, r.session.welcome.Limits.Window)},
	}
	p.here, p.left = context.WithCancelCause(r.ctx)
	p.ctx, p.end = context.WithCancelCause(p.here)
	r.peers[m.Peer] = p
	return p
}

// consider starts the connection to p if the room wants one and this side is to begin.
func (r *Room) consider(p *Peer) {
	if p.conn == nil && p.ctx.Err() == nil && r.state.connects(p.id) && r.state.offers(p.id) {
		r.start(p, true)
	}
}

// start begins to connect to p.
func (r *Room) start(p *Peer, offers bool) {
	if r.over || r.ctx.Err() != nil {
		return
	}
	c := newConnection(p.ctx, p.end, r.factory, offers, r.cfg.ConnectTimeout)
	c.log = r.log.With().Str("peer", p.id).Logger()
	m, _ := r.state.member(p.id)
	c.asks = m.Capabilities[capabilityAskToClose]
	c.local, c.remote = r.id, p.id
	c.say = func(data protocol.SignalData) {
		raw, err := json.Marshal(data)
		if err != nil {
			return // a candidate that is not JSON cannot come from Pion
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.signal(p, raw)
	}
	c.onConnected = func() {
		c.log.Info().Msg("peer connected")
		r.mu.Lock()
		defer r.mu.Unlock()
		if _, open := r.connections[c]; open {
			r.connected.push(p)
		}
	}
	p.conn = c
	r.connections[c] = struct{}{}
	close(p.connecting)
	r.goroutines.Go(func() {
		c.run()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.connections, c)
		// An application that never accepts must not keep all that ever connected.
		r.connected.remove(func(q *Peer) bool { return q == p })
		r.overflowed.Add(c.overflowed.Load())
		c.log.Info().AnErr("err", context.Cause(p.ctx)).Msg("peer connection closed")
	})
}
