package peer

import (
	"context"
	"net"
	"strconv"
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// StatsOptions say what Peer.Stats tells. nil and the zero value tell no addresses.
type StatsOptions struct {
	// Addresses has the two addresses between which packets go: where a person lives, roughly, so nothing to be shown or logged unasked.
	Addresses bool
}

// PeerStats are how it stands with the connection to a peer, for people to look at.
type PeerStats struct {
	// Path is the way of the packets; its zero value where there is none, as while the peer is StateReconnecting.
	Path
	// LocalAddress and RemoteAddress are "host:port" of this side and of the other, as the selected pair of candidates has them: of a relay if
	// the way leads over one. "" if they were not asked for.
	LocalAddress, RemoteAddress string
	// BytesSent and BytesReceived are what SCTP has sent and received, of all connections that there were with this peer: messages and what
	// it costs to carry them, but for encryption and IP.
	BytesSent, BytesReceived uint64
	// Buffered are the bytes that are on their way to the other side, and not acknowledged by its network stack.
	Buffered int
	// Connections is how many connections were made, one after the other; Restarts how often one that had lost its way has found another.
	Connections, Restarts int
	// Violations is how often the other side has broken the protocol of channels. Each time another connection takes the place of the one on
	// which it did; the fourth within a minute ends the peer.
	Violations int
}

// Stats returns how it stands with the connection. It waits for the first one, and for none that takes its place; ctx bounds that.
func (p *Peer) Stats(ctx context.Context, options *StatsOptions) (PeerStats, error) {
	for {
		c, state, changed := p.meeting.look()
		switch {
		case p.ctx.Err() != nil:
			return PeerStats{}, wrap(codedCause(p.ctx), "stats of %q", p.id)
		case ctx.Err() != nil:
			return PeerStats{}, wrap(aborted(ctx), "stats of %q", p.id)
		case state == StateConnected || state == StateReconnecting:
			s := p.meeting.stats()
			if state == StateConnected {
				c.detail(&s, options != nil && options.Addresses)
			}
			return s, nil
		}
		p.await(ctx, changed)
	}
}

// detail adds what is true of c alone.
func (c *connection) detail(s *PeerStats, addresses bool) {
	s.Buffered = c.buffered()
	path, err := c.path()
	if err != nil {
		return
	}
	s.Path = path
	pair, err := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if addresses && err == nil && pair != nil {
		s.LocalAddress, s.RemoteAddress = hostPort(pair.Local), hostPort(pair.Remote)
	}
}

func hostPort(c *webrtc.ICECandidate) string {
	return net.JoinHostPort(c.Address, strconv.Itoa(int(c.Port)))
}

// traffic is how many bytes the association has sent and received. One that is over knows nothing any more, so the last answer is kept.
func (c *connection) traffic() (sent, received uint64) {
	if c.isConnected() {
		c.association(func(t *webrtc.SCTPTransport) {
			s := t.Stats()
			raise(&c.bytesSent, s.BytesSent)
			raise(&c.bytesReceived, s.BytesReceived)
		})
	}
	return c.bytesSent.Load(), c.bytesReceived.Load()
}

// raise makes a count what it has become, if that is more.
func raise(count *atomic.Uint64, now uint64) {
	for {
		before := count.Load()
		if now <= before || count.CompareAndSwap(before, now) {
			return
		}
	}
}

// stats are the counts over all connections.
func (m *meeting) stats() PeerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.counts
	s.Violations = m.junction.violations.soFar()
	if !m.conn.summed {
		sent, received := m.conn.traffic()
		s.BytesSent += sent
		s.BytesReceived += received
	}
	return s
}

// count keeps what has gone over c, which has ended.
func (m *meeting) count(c *connection) {
	sent, received := c.traffic()
	m.mu.Lock()
	defer m.mu.Unlock()
	c.summed = true
	m.counts.BytesSent += sent
	m.counts.BytesReceived += received
}
