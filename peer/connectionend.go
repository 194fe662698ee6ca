package peer

import (
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// late is the error of a peer that is not connected in time.
func (c *connection) late() error {
	switch {
	case c.before != nil:
		return protocol.Errorf(protocol.CodeConnectFailed, "not connected within %v; what ended the connection before: %v", c.timeout, c.before)
	case !c.offers && !c.lookout.agreed:
		return protocol.Errorf(protocol.CodeConnectFailed, "the peer made no offer within %v", c.timeout)
	}
	return protocol.Errorf(protocol.CodeConnectFailed, "no way to the peer was found within %v; is there a TURN server?", c.timeout)
}

// fault gives what ended run a code. Whatever is tried on a peer connection that somebody else has closed fails, which is a loss.
func (c *connection) fault(err error) error {
	switch {
	case c.pc != nil && c.pc.ConnectionState() == webrtc.PeerConnectionStateClosed:
		return protocol.Errorf(protocol.CodeConnectionLost, "the peer connection was closed: %v", err)
	case Code(err) == "":
		return protocol.Errorf(protocol.CodeConnectFailed, "%v", err)
	}
	return err
}

// iceChanged is called by Pion.
func (c *connection) iceChanged(s webrtc.ICEConnectionState) {
	c.log.Debug().Stringer("state", s).Msg("peer ice")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ice = s
	c.nudge()
}

// stateChanged is called by Pion. It is about ends for which there is no other callback: a way that is lost can be found again.
func (c *connection) stateChanged(s webrtc.PeerConnectionState) {
	switch {
	case s == webrtc.PeerConnectionStateClosed: // by the application; when run closes it the end has come before
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the peer connection was closed"))
	case s == webrtc.PeerConnectionStateFailed && c.pc.SCTP().Transport().State() == webrtc.DTLSTransportStateFailed:
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the DTLS handshake with the peer did not succeed"))
	}
}

// associationEnded is called by Pion.
func (c *connection) associationEnded(error) {
	c.goneOnce.Do(func() { close(c.gone) })
	if !c.leaving.Load() {
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the connection ended without a goodbye"))
	}
}
