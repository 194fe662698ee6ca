package peer

import "github.com/beckon-rtc/beckon/signaling/protocol"

const (
	// maxSession are the bytes of a session's name.
	maxSession = 64
	// maxEarly are the candidates that are kept until the first description of their session comes.
	maxEarly = 64
)

// negotiated takes what p's side said of their connections. Which one it is about, and what is late, is decided here; the rest
// is the connection's. The caller holds mu.
func (r *Room) negotiated(p *Peer, data protocol.SignalData) {
	if !r.state.mayConnect(p.id) || len(data.Session) > maxSession {
		return
	}
	c := p.meeting.current()
	current := c != nil && data.Session == c.session
	switch {
	case p.ctx.Err() != nil || p.meeting.closing:
		// A peer that is closed stays so. Who asks for more would wait for an answer; but one that is just being closed still delivers.
		if asks := data.Want || data.Description != nil; asks && (p.ctx.Err() != nil || !current || data.Fresh) {
			r.giveUp(p, data.Session)
		}
	case data.Unverified:
		r.unverifiedBy(p)
	case data.Over:
		if current || c != nil && c.session == "" || c == nil && !p.meeting.asked.IsZero() {
			if _, state, _ := p.meeting.look(); c != nil && state != StateConnected && c.hasBegun() {
				r.reportFailed(c, p.meeting.lostSince()) // each side tells what it has seen
			}
			gone := protocol.Errorf(protocol.CodeConnectFailed, "the other side gave the connection up")
			p.end(forGood(gone, c != nil && (c.replaces || c.isConnected())))
		}
	case data.Want:
		if r.state.offers(p.id) {
			r.wanted(p, c, data)
		}
	case data.Session == "": // of no connection
	case current:
		c.answered = c.answered || data.Description != nil
		c.hear(data)
	case r.state.offers(p.id): // late
	case data.Description != nil:
		r.offered(p, c, data)
	case data.Candidate != nil:
		r.keepEarly(p, data)
	}
}

// wanted makes the offer that p asks for, if the one that it needs is not on its way.
func (r *Room) wanted(p *Peer, c *connection, data protocol.SignalData) {
	switch {
	case c == nil:
		r.start(p, newSession()) // whatever p has, this side has it no longer
	case data.Session == "":
		if c.answered {
			r.start(p, newSession()) // it has had this one, and has it no longer
		}
	case data.Session != c.session: // a newer one has been offered
	case data.Fresh:
		r.start(p, newSession())
	default:
		c.hear(data)
	}
}

// offered takes an offer of another session than the current one.
func (r *Room) offered(p *Peer, c *connection, data protocol.SignalData) {
	if data.ICERestart {
		r.say(p, protocol.SignalData{Want: true})
		return
	}
	if c == nil || c.session != "" {
		c = r.start(p, data.Session)
	}
	if c == nil {
		return
	}
	c.session = data.Session // of one that waited for it, too
	early := p.meeting.early
	p.meeting.early = nil
	for _, candidate := range early {
		if candidate.Session == data.Session {
			c.hear(candidate)
		}
	}
	c.hear(data)
}

// keepEarly keeps a candidate until its description comes. A session never comes back, so those of another one are late.
func (r *Room) keepEarly(p *Peer, data protocol.SignalData) {
	early := p.meeting.early
	if len(early) > 0 && early[0].Session != data.Session {
		early = nil
	}
	if len(early) < maxEarly {
		early = append(early, data)
	}
	p.meeting.early = early
}
