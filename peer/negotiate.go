package peer

import (
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// offer makes an offer. It is sent before it is set, because setting it starts the gathering: so the candidates come after
// the description that they belong to.
func (c *connection) offer() error {
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	c.describe(offer)
	return c.pc.SetLocalDescription(offer)
}

func (c *connection) describe(d webrtc.SessionDescription) {
	c.say(protocol.SignalData{Description: &protocol.Description{Type: d.Type.String(), SDP: d.SDP}})
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
		case data.Description != nil:
			err = c.described(*data.Description)
		case data.Candidate != nil:
			err = c.remoteCandidate(data.Candidate)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// described takes the other side's offer or answer, and answers an offer. Who offers is decided (protocol.Offers), so an
// offer to the side that offers, or an answer to the other, is a client gone wrong; Pion's own state says so.
func (c *connection) described(d protocol.Description) error {
	offer := d.Type == webrtc.SDPTypeOffer.String()
	if offer == c.offers {
		return protocol.Errorf(protocol.CodeConnectFailed, "the peer sent an %.10q, which was not its turn", d.Type)
	}
	sdp, candidates := filterCandidates(d.SDP, maxCandidates-c.candidates)
	c.candidates += candidates
	err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.NewSDPType(d.Type), SDP: sdp})
	if err != nil {
		return err
	}
	if offer {
		answer, err := c.pc.CreateAnswer(nil)
		if err != nil {
			return err
		}
		c.describe(answer)
		if err := c.pc.SetLocalDescription(answer); err != nil {
			return err
		}
	}
	for _, kept := range c.keptForLater {
		c.add(kept)
	}
	c.keptForLater = nil
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
func (c *connection) add(candidate webrtc.ICECandidateInit) {
	if c.candidates >= maxCandidates {
		return
	}
	c.candidates++
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
	c.say(protocol.SignalData{Candidate: raw})
}
