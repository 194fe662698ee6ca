package peer

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/beckon-rtc/beckon/peer/mux"
	"github.com/rs/zerolog"
)

// junction is where a peer's channels meet its connections: the channels last, some of them, and each connection brings other trunks.
type junction struct {
	peer     *Peer // set before it is given out; nil in tests of connections alone
	mux      *mux.Mux
	accepted *queue[*Channel] // that the other side has opened, on whichever connection
	newest   atomic.Pointer[connection]

	violations violations

	mu   sync.Mutex
	conn *connection // whose trunks the channels are on, nil if there is none
	link *mux.Link   // they are this
}

func newJunction(maxMessageSize int, log zerolog.Logger) *junction {
	j := &junction{accepted: newQueue[*Channel](maxUnaccepted)}
	j.mux = mux.New(mux.Config{MaxMessage: maxMessageSize, Logger: log, Accept: j.came})
	return j
}

// attach joins the channels to c's trunks. It returns nil when c has ended: then another one has taken its place, or will.
func (j *junction) attach(c *connection) *mux.Link {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c.ctx.Err() != nil {
		return nil
	}
	j.take()
	j.newest.Store(c)
	j.conn = c
	broken := func(err error) { j.violated(c, err) }
	j.link = j.mux.Attach(mux.Connection{Open: c.openTrunk, MaxFrame: c.maxSend, Fail: broken})
	return j.link
}

// detach takes the channels off c, which has ended, unless another one has done so to take them.
func (j *junction) detach(c *connection) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.conn == c {
		j.take()
	}
}

// take takes the channels off the connection that they are on: those that are not durable end with it. The caller holds mu.
func (j *junction) take() {
	if j.conn != nil {
		j.link.Detach(codedCause(j.conn.ctx))
		j.conn, j.link = nil, nil
		if j.peer != nil {
			j.peer.room.requests.sweep() // nobody waits for their answers
		}
	}
}

// conclude closes all channels, if they are on c, and waits until the other side has what was sent on them.
func (j *junction) conclude(ctx context.Context, c *connection) {
	j.mu.Lock()
	on := j.conn == c
	j.mu.Unlock()
	if on {
		j.mux.Shutdown(ctx)
	}
}

// came is called for each channel that the other side opens.
func (j *junction) came(ch *mux.Channel) bool {
	c := j.newest.Load()
	if j.offer(ch, c) {
		return true
	}
	c.overflowed.Add(1)
	c.log.Debug().Str("label", ch.Label()).Bool("request", ch.Options().Request).Msg("channel refused: too many are not accepted")
	return false
}

// offer gives a channel to whom it is for: those who accept requests, a listener for its label, or those who accept channels.
func (j *junction) offer(ch *mux.Channel, c *connection) bool {
	wrapped := wrapMux(ch, c)
	if j.peer != nil {
		if ch.Options().Request {
			return j.peer.room.requests.offer(newRequest(j.peer, ch))
		}
		if listened, taken := j.peer.room.listeners.offer(wrapped); listened {
			return taken
		}
	}
	return j.accepted.offer(wrapped)
}

// accept waits for the next channel that the other side has opened, until end.
func (j *junction) accept(ctx, end context.Context) (*Channel, error) {
	for {
		if ctx.Err() != nil {
			return nil, aborted(ctx)
		}
		ch, _, err := j.accepted.take(ctx, end)
		if err != nil {
			return nil, err
		}
		if raw, ok := ch.way.(*rawChannel); !ok || raw.whenStarted() {
			return ch, nil
		}
	}
}

// keeps tells whether channels wait to be accepted that have ended with c, or before.
func (j *junction) keeps(c *connection) bool {
	return j.accepted.some(func(ch *Channel) bool { return ch.conn == c && ch.Context().Err() != nil })
}

// forget gives up what came on channels that nobody has accepted and that have ended with c, or before.
func (j *junction) forget(c *connection) {
	j.accepted.remove(func(ch *Channel) bool {
		if ch.conn != c || ch.Context().Err() == nil {
			return false
		}
		ch.Close()
		c.overflowed.Add(1)
		return true
	})
}
