package peer

import (
	"context"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// Path is the way that packets to a peer take at this moment.
type Path struct {
	// Relayed tells that they go over a TURN server, of either side.
	Relayed bool
	// Protocol is what this side's packets go in, "udp" or "tcp": to the peer, or to the relay that this side uses. (What the
	// relay speaks to the other side is another matter, and always UDP.)
	Protocol string
	// Relay is what they go in to the relay that this side uses, "udp", "tcp" or "tls"; "" if it uses none.
	Relay protocol.RelayProtocol
	// RTT is the round-trip time of the last connectivity check; 0 when none has been measured yet.
	RTT time.Duration
}

// pathAgain is how often Path looks for a way while none is selected: Pion does not say when one is.
const pathAgain = 50 * time.Millisecond

// Path returns the way to the peer, which may change. It waits until the peer is connected, or connected again; ctx bounds that.
//
// A connection can have no way at all although it is connected: from the beginning of an ICE restart, which may be the other side's, until
// a way is found or the connection is taken for lost. Path waits for the one or the other as well.
func (p *Peer) Path(ctx context.Context) (Path, error) {
	for {
		c, changed, err := p.connected(ctx)
		if err != nil {
			return Path{}, wrap(err, "path to %q", p.id)
		}
		if path, err := c.path(); err == nil {
			return path, nil
		}
		soon, cancel := context.WithTimeout(ctx, pathAgain)
		p.await(soon, changed)
		cancel()
	}
}

func (c *connection) path() (Path, error) {
	transport := c.pc.SCTP().Transport().ICETransport()
	pair, err := transport.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return Path{}, protocol.Errorf(protocol.CodeConnectionLost, "no pair of candidates is selected")
	}
	path := Path{
		Relayed:  pair.Local.Typ == webrtc.ICECandidateTypeRelay || pair.Remote.Typ == webrtc.ICECandidateTypeRelay,
		Protocol: pair.Local.Protocol.String(),
	}
	if stats, ok := transport.GetSelectedCandidatePairStats(); ok {
		path.RTT = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
		// Only the statistics know how a relay is reached: over "udp", "tcp", "dtls" or "tls". The last but one we have no word for.
		local, _ := c.pc.GetStats()[stats.LocalCandidateID].(webrtc.ICECandidateStats)
		switch relay := protocol.RelayProtocol(local.RelayProtocol); relay {
		case protocol.RelayTCP, protocol.RelayTLS:
			path.Protocol, path.Relay = "tcp", relay
		case protocol.RelayUDP:
			path.Relay = relay
		}
	}
	return path, nil
}
