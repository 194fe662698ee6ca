package peer

import (
	"context"

	"github.com/beckon-rtc/beckon/peer/mux"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// A trunk is told from other data channels by its protocol.
const (
	trunkLabel    = "beckon"
	trunkProtocol = "beckon.v1"
)

// trunk is a data channel that package mux writes to. What comes on it goes to mux, which never waits for the application, so that all trunks
// are read always and none of them fills the window that they share.
type trunk struct{ raw *rawChannel }

var _ mux.Trunk = trunk{}

// WriteFrame implements mux.Trunk. That a write fails says only that the association has ended: whether it was lost, or ended in order, is
// told in a moment by what reads it, and decides whether another connection takes the place of this one.
func (t trunk) WriteFrame(ctx context.Context, frame []byte) error {
	err := t.raw.write(ctx, frame, false)
	if Code(err) != protocol.CodeClosed {
		return err
	}
	select {
	case <-t.raw.ctx.Done():
		return codedCause(t.raw.ctx)
	case <-ctx.Done():
		return aborted(ctx)
	}
}

// openTrunk opens one for package mux. On a lane it does not wait for the other side: the stream is ordered and reliable from its first
// message on. Any other is not before the acknowledgement what it is to be, so that is waited for.
func (c *connection) openTrunk(ctx context.Context, class mux.Class, receive func(frame []byte)) (mux.Trunk, error) {
	ch := newRaw(c, trunkLabel, ChannelOptions{
		Unordered: class.Unordered, MaxRetransmits: class.MaxRetransmits, MaxPacketLifeTime: class.MaxPacketLifeTime,
		Protocol: trunkProtocol,
	})
	ch.trunk, ch.sink = true, c.framesOf(receive)
	if err := ch.begin(ctx); err != nil {
		return nil, err
	}
	if !ch.options.stream() {
		if err := ch.awaitOpened(ctx); err != nil {
			return nil, err
		}
	}
	select {
	case <-ch.started:
	case <-ctx.Done():
		return nil, aborted(ctx)
	}
	if ch.ctx.Err() != nil {
		return nil, codedCause(ch.ctx)
	}
	return trunk{ch}, nil
}

// offered is called by Pion for each data channel that the other side opens, one after the other, before its OnOpen.
func (c *connection) offered(dc *webrtc.DataChannel) {
	if !c.genuine() {
		return
	}
	if dc.Protocol() == trunkProtocol {
		c.offeredTrunk(dc)
		return
	}
	c.offeredRaw(dc)
}

// offeredTrunk reads a trunk of the other side's as soon as this one's channels are attached: until then what comes waits in the stream.
func (c *connection) offeredTrunk(dc *webrtc.DataChannel) {
	ch := newRaw(c, dc.Label(), optionsOf(dc))
	ch.trunk = true
	close(ch.opened)
	dc.OnOpen(func() {
		raw, err := detach(dc)
		if err != nil {
			ch.fail(err)
			return
		}
		c.spawnTrunk(func() {
			if link := c.awaitAttached(); link != nil {
				ch.ready(raw)
				receive := link.Accept(trunk{ch}, ch.options.class())
				ch.sink = c.framesOf(receive)
				ch.pump()
			}
		})
	})
}

// framesOf is what takes what comes on a trunk. Frames are binary: with a text, and all that comes behind it, nothing can be begun.
func (c *connection) framesOf(receive func(frame []byte)) func(message) {
	garbled := false
	return func(m message) {
		switch {
		case garbled:
		case m.text:
			garbled = true
			c.junction.violated(c, protocol.Errorf(protocol.CodeBadFrame, "a frame of the other side: it is a text, and frames are binary"))
		default:
			receive(m.data)
		}
	}
}

// awaitAttached returns the link, or nil when there will be none.
func (c *connection) awaitAttached() *mux.Link {
	select {
	case <-c.attached:
	case <-c.ctx.Done():
	}
	select {
	case <-c.attached: // and if it has ended since: what came before is still read
		return c.link
	default:
		return nil
	}
}

// spawnTrunk is spawn for what reads a trunk. It returns false when the connection has been drained.
func (c *connection) spawnTrunk(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.drained {
		return false
	}
	c.trunks.Add(1)
	c.goroutines.Go(func() {
		defer c.trunks.Done()
		f()
	})
	return true
}

// drain waits until all that has come on trunks is with package mux. The connection has ended, so nothing is waited for but that.
func (c *connection) drain() {
	c.mu.Lock()
	c.drained = true
	c.mu.Unlock()
	c.trunks.Wait()
}
