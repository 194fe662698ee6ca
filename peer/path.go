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
	// Protocol is "udp" or "tcp", as the selected candidates have it. A relay that this side reaches over TCP still has a
	// candidate of "udp", which is what it speaks to the other side.
	Protocol string
	// RTT is the round-trip time of the last connectivity check; 0 when none has been measured yet.
	RTT time.Duration
}

// Path returns the way to the peer. It waits until the peer is connected; ctx bounds that.
func (p *Peer) Path(ctx context.Context) (Path, error) {
	err := p.awaitConnecting(ctx)
	if err == nil {
		err = p.conn.await(ctx, p.conn.connected)
	}
	var path Path
	if err == nil {
		path, err = p.conn.path()
	}
	if err != nil {
		return Path{}, wrap(err, "path to %q", p.id)
	}
	return path, nil
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
	}
	return path, nil
}
