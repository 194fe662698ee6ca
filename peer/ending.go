package peer

import (
	"context"
	"time"

	"github.com/pion/webrtc/v4"
)

const (
	// flushAgain is how often Pion is asked whether something is still on its way.
	flushAgain = 2 * time.Millisecond
	// hurryAfter is how long an acknowledgement is waited for, at least, before it is asked for; see hurry.
	hurryAfter = 6 * time.Millisecond
	// partingTimeout is how long the other side, which has said goodbye, may take to end the association.
	partingTimeout = 300 * time.Millisecond
)

// close delivers what was sent, and that it is over, for as long as ctx lasts, and ends the connection and all of it.
func (c *connection) close(ctx context.Context, cause error) {
	c.leaving.Store(true)
	if c.isConnected() {
		c.junction.conclude(ctx, c)
	}
	c.flush(ctx)
	if c.sayBye(ctx) {
		c.parted.Store(true)
		c.flush(ctx)
	}
	c.end(cause)
	c.abandon()
	<-c.done
}

// abandon says that nobody will read what has come and is not read yet.
func (c *connection) abandon() { c.abandonOnce.Do(func() { close(c.abandoned) }) }

// association asks Pion about the association, but not when the connection is being closed: Pion would make the question wait
// for that.
func (c *connection) association(ask func(*webrtc.SCTPTransport)) {
	if !c.closing.TryRLock() {
		return
	}
	defer c.closing.RUnlock()
	ask(c.pc.SCTP())
}

// buffered is how many bytes are on their way to the other side, and 0 when the connection is being closed.
func (c *connection) buffered() (bytes int) {
	c.association(func(t *webrtc.SCTPTransport) { bytes = t.BufferedAmount() })
	return bytes
}

// flush waits until the other side has all that was sent, or ctx ends. Closing a peer connection does not: it drops what is
// on its way.
func (c *connection) flush(ctx context.Context) {
	if !c.isConnected() {
		return
	}
	// Pion tells per channel when its buffer is empty, and the sum only when asked.
	ticker := time.NewTicker(flushAgain)
	defer ticker.Stop()
	hurry := time.NewTicker(c.hurry())
	defer hurry.Stop()
	for c.buffered() > 0 {
		select {
		case <-ticker.C:
		case <-hurry.C:
			c.utter(controlMessage{Ping: new(uint64)})
		case <-ctx.Done():
			return
		case <-c.gone:
			return
		case <-c.ctx.Done():
			return
		}
	}
}

// hurry is when a ping is to be sent behind what is not acknowledged. SCTP's receiver acknowledges every second packet at once, and one
// that nothing follows after 200 ms (RFC 9260, section 6.2), for which a close would wait twice. Before a round trip has passed a ping
// would be no help: it might itself be the one that waits.
func (c *connection) hurry() time.Duration {
	trip := time.Duration(0)
	c.association(func(t *webrtc.SCTPTransport) {
		if stats, ok := t.Transport().ICETransport().GetSelectedCandidatePairStats(); ok {
			trip = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
		}
	})
	return max(hurryAfter, trip*3/2)
}

// awaitParting lets the other side, if it has said goodbye, end the association. Who is second waits in Pion for 400 ms, for an abort that
// it cannot send any more, and that is to be the side for which nobody waits in Close. Of two that say goodbye at once it is the one that
// does not offer.
func (c *connection) awaitParting() {
	if !c.dismissed.Load() || c.offers && c.parted.Load() {
		return
	}
	timer := time.NewTimer(partingTimeout)
	defer timer.Stop()
	select {
	case <-c.gone:
	case <-timer.C:
	}
}
