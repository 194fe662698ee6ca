package peer

import (
	"context"
	"encoding/json"
	"math"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// controlMessage is what is said on the control channel, one of its fields at a time. Fields of later versions are ignored.
type controlMessage struct {
	// Close asks to reset the stream with this id.
	Close *uint16 `json:"close,omitempty"`
	// Ping asks whether the other side is there, and Pong says so.
	Ping *uint64 `json:"ping,omitempty"`
	Pong *uint64 `json:"pong,omitempty"`
	// Bye says that the connection is closed on purpose, and all that was sent before has been delivered.
	Bye bool `json:"bye,omitempty"`
}

// controlOpened is called by Pion when the association is there.
func (c *connection) controlOpened(control *webrtc.DataChannel) {
	if !c.genuine() {
		return
	}
	raw, err := detach(control)
	if err != nil {
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the control channel did not open: %v", err))
		return
	}
	c.maxSend = int(min(c.pc.SCTP().GetCapabilities().MaxMessageSize, math.MaxInt32))
	c.link = c.junction.attach(c)
	close(c.attached) // before a goodbye can come, which may be the last that does
	ch := newRaw(c, controlLabel, ChannelOptions{})
	ch.sink = c.command
	c.control = ch // before anything comes on it that is to be answered
	ch.start(raw)
	close(c.connected)
	c.moved(StateConnected)
	c.nudge()
}

func (c *connection) isConnected() bool {
	select {
	case <-c.connected:
		return true
	default:
		return false
	}
}

// command does what came on the control channel. It is called by that channel's pump, and must not wait for writes: those of
// the other side may wait for this one to read.
func (c *connection) command(m message) {
	var said controlMessage
	if !m.text || json.Unmarshal(m.data, &said) != nil {
		return
	}
	switch {
	case said.Ping != nil:
		c.utter(controlMessage{Pong: said.Ping})
	case said.Bye:
		c.dismissed.Store(true)
		c.end(protocol.Errorf(protocol.CodeClosed, "the other side closed the connection"))
	case said.Close != nil:
		c.askedToClose(*said.Close)
	}
}

// utter sends pings and pongs without waiting for the window. Of those that wait for it the newest is kept, which answers, or
// asks, for all.
func (c *connection) utter(m controlMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Ping != nil {
		c.unsaid.Ping = new(*m.Ping)
	}
	if m.Pong != nil {
		c.unsaid.Pong = m.Pong
	}
	if !c.uttering && !c.over {
		c.uttering = true
		c.goroutines.Go(c.speak)
	}
}

// speak writes what is unsaid, until there is nothing more.
func (c *connection) speak() {
	for {
		c.mu.Lock()
		next := c.unsaid
		c.unsaid = controlMessage{}
		c.uttering = next != controlMessage{}
		c.mu.Unlock()
		switch {
		case next.Ping != nil && next.Pong != nil:
			c.write(c.ctx, controlMessage{Pong: next.Pong})
			c.write(c.ctx, controlMessage{Ping: next.Ping})
		case next != controlMessage{}:
			c.write(c.ctx, next)
		default:
			return
		}
	}
}

// write says something on the control channel, which is open.
func (c *connection) write(ctx context.Context, m controlMessage) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.control.write(ctx, text, true)
}

// sayBye tells the other side that this is an end and no loss, if it can still be told.
func (c *connection) sayBye(ctx context.Context) bool {
	return c.isConnected() && ctx.Err() == nil && c.ctx.Err() == nil && c.write(ctx, controlMessage{Bye: true}) == nil
}
