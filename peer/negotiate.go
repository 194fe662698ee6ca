package peer

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// The other side may ask for another way, or offer one, so often; and so many candidates may it have then. Each of them costs
// a check after the other, towards whatever address it names, and the candidates that find a way are among the first.
const (
	roundEvery        = 2 * time.Second
	roundBurst        = 8
	maxMoreCandidates = 64
)

// mostCandidates is how many of the other side are checked in this round.
func (c *connection) mostCandidates() int {
	if c.replaces || c.lookout.agreed {
		return maxMoreCandidates
	}
	return maxCandidates
}

// offer makes an offer, with restart one that looks for another way. Setting it, or making one with restart, starts the
// gathering; the candidates wait until the description that they belong to has been said.
func (c *connection) offer(restart bool) error {
	c.lookout.offering = true
	c.hold()
	defer c.release()
	if restart {
		c.refreshICEServers()
	}
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return err
	}
	if err := c.describe(offer, restart); err != nil {
		return err
	}
	return c.pc.SetLocalDescription(offer)
}

func (c *connection) describe(d webrtc.SessionDescription, restart bool) error {
	proof, err := c.proving.sign(d.SDP)
	if err != nil {
		return err
	}
	c.say(protocol.SignalData{Description: &protocol.Description{Type: d.Type.String(), SDP: d.SDP}, ICERestart: restart, Proof: proof})
	return nil
}

// refreshICEServers is for a restart, which asks the TURN servers anew: the credentials of the connection's making may have
// expired.
func (c *connection) refreshICEServers() {
	if err := c.pc.SetConfiguration(c.factory.configuration()); err != nil {
		c.log.Debug().Err(err).Msg("ICE servers left as they were")
	}
}

// follow does what has been heard, in its order.
func (c *connection) follow() error {
	c.mu.Lock()
	heard := c.heard
	c.heard = nil
	c.mu.Unlock()
	for _, data := range heard {
		var err error
		switch {
		case data.Want:
			c.wanted()
		case data.Description != nil:
			err = c.described(*data.Description, data.Proof)
		case data.Candidate != nil:
			err = c.remoteCandidate(data.Candidate)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wanted looks for another way because the other side asks for it, unless that is under way.
func (c *connection) wanted() {
	if now := time.Now(); !c.lookout.offering && c.rounds.AllowN(now, 1) {
		c.lookout.restartAt = now
	}
}

// described takes the other side's offer or answer, and answers an offer. Who offers is decided (protocol.Offers), so an
// offer to the side that offers, or an answer to the other, is a client gone wrong; Pion's own state says so.
func (c *connection) described(d protocol.Description, proof *protocol.Proof) error {
	offer := d.Type == webrtc.SDPTypeOffer.String()
	if offer == c.offers {
		return protocol.Errorf(protocol.CodeConnectFailed, "the peer sent an %.10q, which was not its turn", d.Type)
	}
	if offer && c.lookout.agreed {
		if !c.rounds.Allow() {
			return protocol.Errorf(protocol.CodeOverflow, "the peer offers more often than %d times at once and once in %v", roundBurst, roundEvery)
		}
		c.refreshICEServers()
	}
	c.hold()
	defer c.release()
	c.mayAdd = c.mostCandidates()
	sdp, candidates := filterCandidates(d.SDP, c.mayAdd)
	c.mayAdd -= candidates
	if err := c.proving.verify(c.ctx, sdp, proof); err != nil {
		return err
	}
	err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.NewSDPType(d.Type), SDP: sdp})
	if err != nil {
		return err
	}
	if offer {
		answer, err := c.pc.CreateAnswer(nil)
		if err != nil {
			return err
		}
		if err := c.describe(answer, false); err != nil {
			return err
		}
		if err := c.pc.SetLocalDescription(answer); err != nil {
			return err
		}
	}
	for _, kept := range c.keptForLater {
		c.add(kept)
	}
	c.keptForLater = nil
	c.settled(time.Now())
	return nil
}

// remoteCandidate adds a candidate, or keeps one that comes before the description.
func (c *connection) remoteCandidate(raw json.RawMessage) error {
	candidate, ok, err := parseCandidate(raw)
	switch {
	case err != nil:
		return err
	case !ok:
		return nil
	case c.pc.RemoteDescription() != nil:
		c.add(candidate)
	case len(c.keptForLater) >= maxCandidates:
		return protocol.Errorf(protocol.CodeConnectFailed, "the peer sent %d candidates and no description", maxCandidates)
	default:
		c.keptForLater = append(c.keptForLater, candidate)
	}
	return nil
}

// add gives a candidate to Pion. One that Pion cannot use is one way less, not the end; nor is one too many. Without a bound,
// somebody could make this side send checks to any number of addresses (RFC 8445, section 19.5.1).
//
// One of before a restart is late and leads nowhere: its user fragment is not that of the description (RFC 8839, section 5.4).
// Pion sees that only where it is said within the candidate's line.
func (c *connection) add(candidate webrtc.ICECandidateInit) {
	if f := candidate.UsernameFragment; f != nil && *f != "" && !strings.Contains(c.pc.RemoteDescription().SDP, "a=ice-ufrag:"+*f+"\r\n") {
		return
	}
	if c.mayAdd <= 0 {
		return
	}
	c.mayAdd--
	if err := c.pc.AddICECandidate(candidate); err != nil {
		c.log.Debug().Err(err).Msg("candidate left out")
	}
}

// candidate is called by Pion for each local candidate, and with nil after the last.
func (c *connection) candidate(found *webrtc.ICECandidate) {
	if c.ctx.Err() != nil {
		return
	}
	raw := json.RawMessage("null")
	if found != nil {
		var err error
		if raw, err = json.Marshal(found.ToJSON()); err != nil {
			return
		}
	}
	data := protocol.SignalData{Candidate: raw}
	stranded := found == nil && !networked()
	c.mu.Lock()
	c.stranded = stranded
	holding := c.holding
	if holding {
		c.held = append(c.held, data)
	}
	c.mu.Unlock()
	if !holding {
		c.say(data)
	}
}

// hold keeps the local candidates back until release.
func (c *connection) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// release says those that were held, before any that come now.
func (c *connection) release() {
	for {
		c.mu.Lock()
		held := c.held
		c.held = nil
		c.holding = len(held) > 0
		c.mu.Unlock()
		for _, data := range held {
			c.say(data)
		}
		if len(held) == 0 {
			return
		}
	}
}
