package peer

import (
	"context"
	"time"

	"github.com/pion/webrtc/v4"
)

// flushAgain is how often Pion is asked whether something is still on its way.
const flushAgain = 2 * time.Millisecond

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
	for c.buffered() > 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		case <-c.gone:
			return
		case <-c.ctx.Done():
			return
		}
	}
}
