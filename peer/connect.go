package peer

import (
	"context"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Connect connects to a member and waits until it is connected. In a mesh the room does so by itself, and Connect only waits;
// with protocol.TopologyNone it is how a connection is made, from either side. ctx bounds the wait, not the connection.
//
// Errors: CodeUnknownPeer, CodeMeshFull for a member beyond the mesh's limit, CodeConnectFailed, CodeConnectionLost,
// CodeClosed when the peer left or was closed, CodeAborted.
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
	case p.meeting.current() != nil || p.ctx.Err() != nil:
	case r.state.offers(peerID):
		r.start(p, newSession())
	case time.Since(p.meeting.asked) >= r.cfg.ConnectTimeout: // it may have heard this side, and given it up since
		p.meeting.asked = time.Now()
		r.say(p, protocol.SignalData{Want: true})
	}
	return p, nil
}

// consider starts the connection to p if the room wants one and this side is to begin; one that waits until p can be reached
// goes on. The caller holds mu.
func (r *Room) consider(p *Peer) {
	switch c := p.meeting.current(); {
	case p.ctx.Err() != nil:
	case c != nil:
		c.nudge()
	case r.state.connects(p.id) && r.state.offers(p.id):
		r.start(p, newSession())
	}
}

// A session names a connection between two peers. The side that offers chooses it; on the other one it is "" until the offer.
func newSession() string { return protocol.NewInstance() }

// start begins another connection to p, in the place of the one that there is. It returns nil when the room ends. The caller
// holds mu.
func (r *Room) start(p *Peer, session string) *connection {
	if r.over || r.ctx.Err() != nil {
		return nil
	}
	if !r.verifiable(p) {
		return nil
	}
	var before error
	if old := p.meeting.current(); old != nil {
		if before = codedCause(old.ctx); before == nil {
			before = old.before
		}
		old.end(protocol.Errorf(protocol.CodeConnectionLost, "another connection takes the place of this one"))
	}
	ctx, end := context.WithCancelCause(p.ctx)
	c := newConnection(ctx, end, r.factory, r.state.offers(p.id), r.cfg.ConnectTimeout)
	c.session = session
	c.log = r.log.With().Str("peer", p.id).Logger()
	m, _ := r.state.member(p.id)
	c.asks = m.Capabilities[capabilityAskToClose]
	c.local, c.remote = r.id, p.id
	c.junction, c.turns, c.deadline = p.meeting.junction, p.meeting.turns, p.meeting.deadline
	c.before = before
	c.proving = r.provingOf(p, c)
	c.say = func(data protocol.SignalData) { r.sayOf(p, c, data) }
	c.reachable = func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.reachable(p)
	}
	c.moved = func(s State) { r.turned(p, c, s) }
	p.meeting.begin(c)
	r.connections[c] = struct{}{}
	r.goroutines.Go(func() { r.tend(p, c) })
	r.watchAddresses()
	return c
}

// tend runs a connection to its end. What comes after it begins at that end, not when all of it is closed.
func (r *Room) tend(p *Peer, c *connection) {
	c.run(func() {
		p.meeting.count(c)
		r.ended(p, c)
		if p.ctx.Err() != nil && p.meeting.current() == c {
			p.meeting.junction.mux.Close(codedCause(p.ctx)) // what outlived this connection gets no other
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.connections, c)
	if p.ctx.Err() != nil {
		// An application that never accepts must not keep all that ever connected.
		r.connected.remove(func(q *Peer) bool { return q == p })
	}
	r.overflowed.Add(c.overflowed.Load())
	c.log.Debug().Err(context.Cause(c.ctx)).Msg("peer connection closed")
}

// sayOf says something of a connection, as long as it is the current one: what is late would only be dropped.
func (r *Room) sayOf(p *Peer, c *connection, data protocol.SignalData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.meeting.current() == c && p.ctx.Err() == nil {
		data.Session = c.session
		r.say(p, data)
	}
}

func (r *Room) turned(p *Peer, c *connection, s State) {
	c.log.Debug().Str("state", string(s)).Msg("peer connection moved")
	r.mu.Lock()
	defer r.mu.Unlock()
	first, lost := p.meeting.move(c, s)
	if first && p.ctx.Err() == nil {
		c.log.Info().Msg("peer connected")
		r.connected.push(p)
	}
	if s == StateConnected {
		r.reportOpen(c, lost)
	}
}

// ended decides what the end of a connection means to the peer: another one takes its place when it was lost, and only then.
func (r *Room) ended(p *Peer, c *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.ctx.Err() != nil || p.meeting.current() != c {
		return
	}
	cause := codedCause(c.ctx)
	if Code(cause) == protocol.CodeConnectFailed && !r.over && !p.meeting.closing {
		r.reportFailed(c, p.meeting.lostSince())
	}
	code := Code(cause)
	said := c.parted.Load()
	if !p.meeting.closing {
		said = code == protocol.CodeClosed // by the other side
	}
	switch {
	case p.meeting.closing || code != protocol.CodeConnectionLost || r.over:
		if !said {
			r.giveUp(p, c.session)
		}
		p.end(forGood(cause, c.replaces || c.isConnected()))
	case c.offers:
		r.start(p, newSession())
	default:
		r.start(p, "")
		r.say(p, protocol.SignalData{Want: true, Session: c.session, Fresh: true})
	}
}

// giveUp tells the other side that nothing takes the place of that session: it would wait for nothing. The caller holds mu.
func (r *Room) giveUp(p *Peer, session string) {
	if !r.over { // else it is told that all of this side leaves
		r.say(p, protocol.SignalData{Over: true, Session: session})
	}
}

// forGood is the error of a peer that is not connected any more if it was met, or never was.
func forGood(cause error, met bool) error {
	if met && Code(cause) == protocol.CodeConnectFailed {
		return protocol.Errorf(protocol.CodeConnectionLost, "the way to the peer was lost, and no other one was found: %v", cause)
	}
	return cause
}
