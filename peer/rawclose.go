package peer

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A data channel is closed by resetting its stream, each side its own direction (RFC 8831, section 6.7). Nothing may be sent
// behind the reset, because to the receiver it would begin a new channel: Pion's stops accepting channels for good when a
// stream begins with anything but an open message, or waits for one for ever.
//
// But Pion answers a reset with its own inside the read that learns of it, while a write of ours may be waiting for the window
// in the same stream and goes on when it opens. So between two Go peers the side that closes does not reset: it asks the other
// to, on the control channel. That one stops its writes, resets, and the answer comes from the side that has nothing left to
// send. Browsers close a channel in one step and need no asking.

// capabilityAskToClose tells the others that this side wants to be asked.
const capabilityAskToClose = "askToClose"

// askedTimeout is how long the other side may take to reset a channel after it was asked. Then it is reset all the same.
const askedTimeout = 5 * time.Second

// shutdown closes the channel from this side.
func (ch *rawChannel) shutdown(cause error) {
	ch.closeOnce.Do(func() {
		ch.end(cause)
		ch.abandon()
		ch.conn.spawn(func() {
			select {
			case <-ch.started:
			case <-ch.conn.ctx.Done():
				return
			}
			if ch.raw == nil {
				return
			}
			ch.stopWrites()
			if ch.askToClose() {
				timer := time.NewTimer(askedTimeout)
				defer timer.Stop()
				select {
				case <-ch.ended:
				case <-ch.conn.ctx.Done():
				case <-timer.C:
				}
			}
			ch.resetInTurn()
		})
	})
}

// askToClose asks the other side to reset, and tells whether it could.
func (ch *rawChannel) askToClose() bool {
	c := ch.conn
	if !c.asks {
		return false
	}
	return c.isConnected() && c.write(c.ctx, controlMessage{Close: new(ch.raw.StreamIdentifier())}) == nil
}

// stopWrites returns when no write is under way, and none will be again. The channel's context has ended.
func (ch *rawChannel) stopWrites() {
	ch.shutWrites()
	ch.writing <- struct{}{}
	<-ch.writing
}

// resetInTurn resets the stream when no other reset of ours is under way, and returns when the other side has answered it with
// its own. SCTP allows one request at a time (RFC 6525, section 5.1.1) and Pion does not hold to that: a browser then takes the
// first, when it is repeated, for an old one, and its channel never closes.
func (ch *rawChannel) resetInTurn() {
	select {
	case ch.conn.resetting <- struct{}{}:
		defer func() { <-ch.conn.resetting }()
	case <-ch.conn.ctx.Done(): // nothing is sent any more
	}
	ch.resetOnce.Do(func() { ch.raw.Close() })
	timer := time.NewTimer(askedTimeout)
	defer timer.Stop()
	select {
	case <-ch.ended:
	case <-ch.conn.ctx.Done():
	case <-timer.C:
	}
}

// askedToClose is called by the control channel's pump.
func (c *connection) askedToClose(stream uint16) {
	c.mu.Lock()
	ch := c.channels[stream]
	c.mu.Unlock()
	if ch == nil || ch.sink != nil {
		return // it has been reset already, or is the control channel itself
	}
	ch.end(protocol.Errorf(protocol.CodeClosed, "the other side closed the channel"))
	c.spawn(func() {
		ch.stopWrites()
		ch.resetInTurn()
	})
}

func (c *connection) register(ch *rawChannel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.channels[ch.raw.StreamIdentifier()] = ch
}

// unregister forgets ch, unless its stream belongs to another channel already.
func (c *connection) unregister(ch *rawChannel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id := ch.raw.StreamIdentifier(); c.channels[id] == ch {
		delete(c.channels, id)
	}
}
