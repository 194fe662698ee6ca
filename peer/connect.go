package peer

import (
	"context"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Connect connects to a member and waits until it is connected. In a mesh the room does so by itself, and Connect only waits;
// with protocol.TopologyNone it is how a connection is made, from either side. ctx bounds the wait, not the connection.
//
// Errors: CodeUnknownPeer, CodeMeshFull for a member beyond the mesh's limit, CodeConnectFailed, CodeClosed when the peer left
// or was closed, CodeAborted.
func (r *Room) Connect(ctx context.Context, peerID string) (*Peer, error) {
	p, err := r.connect(peerID)
	if err == nil {
		err = p.awaitConnected(ctx)
	}
	if err != nil {
		return nil, wrap(err, "connect to %q", peerID)
	}
	return p, nil
}

func (r *Room) connect(peerID string) (*Peer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return nil, codedCause(r.ctx)
	}
	p := r.peers[peerID]
	switch {
	case p == nil:
		return nil, protocol.Errorf(protocol.CodeUnknownPeer, "no such peer is in the room")
	case !r.state.mayConnect(peerID):
		return nil, protocol.Errorf(protocol.CodeMeshFull, "the first %d members of the mesh connect, and one of the two is not among them", r.state.mesh)
	case p.conn != nil || p.ctx.Err() != nil:
	case r.state.offers(peerID):
		r.start(p, true)
	case !p.asked:
		p.asked = true
		r.say(p, protocol.SignalData{Want: true})
	}
	return p, nil
}

// negotiated takes what p's side said of the connection. The caller holds mu.
func (r *Room) negotiated(p *Peer, data protocol.SignalData) {
	// A peer that is closed stays so; what is still on its way to it has no meaning any more.
	if p.ctx.Err() != nil || !r.state.mayConnect(p.id) {
		return
	}
	offers := r.state.offers(p.id)
	// A candidate that comes before its description begins the connection as well, which keeps it.
	negotiates := data.Description != nil || data.Candidate != nil
	if p.conn == nil && (data.Want && offers || negotiates && !offers) {
		r.start(p, offers)
	}
	if p.conn != nil && !data.Want {
		p.conn.hear(data)
	}
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
		r.mu.Lock()
		defer r.mu.Unlock()
		r.say(p, data)
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
