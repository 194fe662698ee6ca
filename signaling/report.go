package signaling

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Report is what a peer says of how a connection to another one opened, or did not.
type Report struct {
	// Peer is who says so. Each end of a connection reports what it has seen.
	Peer string
	// Outcome is what came of it.
	Outcome protocol.Outcome
	// Protocol is what the peer's own packets to its relay go in; "" if it uses none, or does not know.
	Protocol protocol.RelayProtocol
	// Opening is how long it took, from the start of the negotiation to an open connection, or to giving up.
	Opening time.Duration
	// Again tells that it is about a connection that was open and had lost its way: Opening counts from that.
	Again bool
}

// onReport takes what a client says of its connections. Nobody waits for an answer, so what is too much is dropped without a word.
func (c *conn) onReport(frame []byte) error {
	r, err := protocol.Decode[protocol.Report](frame)
	s := c.server
	if err != nil || s.reported == nil {
		return err
	}
	if !c.session.reports.Allow() {
		s.count.drops[DropReport].Add(1)
		return nil
	}
	s.count.reports.Add(1)
	s.reported(Report{
		Peer: c.session.peer, Outcome: r.Outcome, Protocol: r.Protocol,
		Opening: time.Duration(r.Opening) * time.Millisecond, Again: r.Again,
	})
	return nil
}
