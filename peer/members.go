package peer

import (
	"context"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

// happened does to the room what the delivery machine tells of it. Like all in this file, its caller holds mu.
func (r *Room) happened(effect delivery.Effect) {
	switch e := effect.(type) {
	case delivery.Gap:
		r.emit(Event{Kind: EventGap})
	case delivery.Direct:
		r.signalled(e)
	case delivery.Message:
		if p := r.find(e.Peer, e.Instance); p != nil { // there is none for the own messages: who said them knows
			r.emit(Event{Kind: EventMessage, Peer: p, Data: e.Data})
		}
	default:
		r.state.changed()
		r.moved(effect)
	}
}

// moved does what has happened to the members.
func (r *Room) moved(effect delivery.Effect) {
	switch e := effect.(type) {
	case delivery.Synced:
		r.synced()
	case delivery.Joined:
		p := r.appeared(e.Member)
		r.emit(Event{Kind: EventJoined, Peer: p})
		r.reconsider(p)
	case delivery.Away:
		r.changed(EventAway, e.Member)
	case delivery.Back:
		r.changed(EventBack, e.Member)
	case delivery.Updated:
		if e.Member.Peer == r.id {
			r.updates.seen(e.Member.Attributes)
			return
		}
		r.changed(EventUpdated, e.Member)
	case delivery.Left:
		r.departed(e)
	}
}

// find returns the peer at an address, nil if there is none.
func (r *Room) find(peer, instance string) *Peer {
	if p := r.peers[peer]; p != nil && p.instance == instance {
		return p
	}
	return nil
}

// appeared makes the peer of a new member.
func (r *Room) appeared(m protocol.Member) *Peer {
	p := &Peer{
		room: r, id: m.Peer, instance: m.Instance, identity: m.Identity,
		meeting:    newMeeting(newJunction(r.cfg.MaxMessageSize, r.log.With().Str("peer", m.Peer).Logger())),
		attributes: m.Attributes, away: m.Away,
		shown: endOf(m), attestation: m.Attestation, asked: make(chan struct{}, 1),
	}
	p.meeting.junction.peer = p
	p.here, p.left = context.WithCancelCause(r.ctx)
	p.ctx, p.end = context.WithCancelCause(p.here)
	r.peers[m.Peer] = p
	return p
}

// changed brings a peer up to date.
func (r *Room) changed(kind EventKind, m protocol.Member) {
	p := r.find(m.Peer, m.Instance)
	if p == nil {
		return
	}
	p.away, p.attributes = m.Away, m.Attributes
	r.emit(Event{Kind: kind, Peer: p})
	if kind == EventBack {
		r.reconsider(p)
	}
}

// departed takes out a peer, or ends the room if that is this one, which did not ask for it.
func (r *Room) departed(e delivery.Left) {
	if e.Member.Peer == r.id {
		if !r.closing.Load() { // else it is the answer to our goodbye, and Close says why
			r.conclude(protocol.Errorf(protocol.CodeConnectionLost, "the server took this peer out of the room (%s)", e.Reason))
		}
		return
	}
	p := r.find(e.Member.Peer, e.Member.Instance)
	if p == nil {
		return
	}
	delete(r.peers, p.id)
	r.bury(p, e.Reason)
	// In a mesh the others move up: there may be pairs now that connect.
	for _, other := range r.peers {
		r.reconsider(other)
	}
}

// bury ends a peer that is not among the peers any more.
func (r *Room) bury(p *Peer, reason protocol.LeftReason) {
	// Who did not come back, or was thrown out, has not ended anything in order: a transfer that it cut must not look finished.
	code := protocol.CodeClosed
	if reason == protocol.LeftTimeout || reason == protocol.LeftKicked {
		code = protocol.CodeConnectionLost
	}
	p.left(protocol.Errorf(code, "the peer left (%s)", reason))
	r.emit(Event{Kind: EventLeft, Peer: p, Reason: reason})
}

// reconsider starts the connection to p if there should be one. In the midst of a replay nothing is started: it tells of the past.
func (r *Room) reconsider(p *Peer) {
	if r.whole {
		r.consider(p)
	}
}

// reachable tells whether what is said to p can arrive now; what is said to others waits.
func (r *Room) reachable(p *Peer) bool {
	return r.whole && !p.away && p.here.Err() == nil
}

// synced takes it that the members are as they are now.
func (r *Room) synced() {
	r.whole = true
	self, _ := r.state.member(r.id)
	before := r.rank
	r.rank = rank{r.member.machine.Epoch(), self.Joined}
	if before.epoch == r.rank.epoch && before.joined != r.rank.joined {
		r.replaceAll()
	}
	r.updates.rejoined(self.Attributes)
	r.become(RoomJoined)
	r.updates.resumed()
	for _, p := range r.everybody(r.state.members()) {
		r.consider(p)
	}
}

// replaceAll is for a peer that was gone for so long that it has left and joined anew. The others have ended their connections
// with it, which this side may not have noticed, and will make new ones. So to it the others are new ones as well.
func (r *Room) replaceAll() {
	for _, m := range r.state.members() {
		old := r.peers[m.Peer]
		if old == nil || old.State() == StateWaiting {
			continue // there is no connection to replace
		}
		r.bury(old, protocol.LeftTimeout)
		r.emit(Event{Kind: EventJoined, Peer: r.appeared(m)})
	}
}

// become changes the room's state. The first join is no change.
func (r *Room) become(now RoomState) {
	before := r.condition
	if before == now || before == RoomClosed || before == "" && now == RoomReconnecting {
		return
	}
	if before != "" {
		r.emit(Event{Kind: EventState, State: now})
	}
	r.condition = now
}
