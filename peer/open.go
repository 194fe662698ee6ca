package peer

import (
	"context"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// openChannel opens a channel and waits until the other side has acknowledged it: only then does Pion apply Unordered and the
// reliability to what is sent (RFC 8832, section 6).
//
// At most maxOpening opens are in flight. Pion's receiving side holds 16 streams that it has not accepted and drops the data of
// the next, and some hundreds at once from a browser can wedge an association (pion/sctp#499).
func (c *connection) openChannel(ctx context.Context, label string, o ChannelOptions) (*Channel, error) {
	init, err := o.init()
	if err != nil {
		return nil, err
	}
	if len(label) > 65535 {
		return nil, protocol.Errorf(protocol.CodeUnsupported, "a label of %d bytes is longer than 65535", len(label))
	}
	if ctx.Err() != nil {
		return nil, aborted(ctx)
	}
	select {
	case c.opening <- struct{}{}:
	case <-ctx.Done():
		return nil, aborted(ctx)
	case <-c.ctx.Done():
		return nil, codedCause(c.ctx)
	}
	ch := newChannel(c, label, o)
	// In its own goroutine, because Pion's write of the open message waits for the window and knows no context. The token
	// comes back when the open is no longer in flight, even if its caller has given up before.
	if !c.spawn(func() {
		defer func() { <-c.opening }()
		c.launch(ch, init)
	}) {
		<-c.opening
		return nil, codedCause(c.ctx)
	}
	if err := ch.awaitOpened(ctx); err != nil {
		ch.shutdown(err)
		return nil, err
	}
	return ch, nil
}

// launch opens ch and returns when the open has been answered, by an acknowledgement or by an end.
func (c *connection) launch(ch *Channel, init *webrtc.DataChannelInit) {
	dc, err := c.pc.CreateDataChannel(ch.label, init)
	if err != nil {
		ch.fail(err)
		return
	}
	raw, err := detach(dc)
	if err != nil {
		ch.fail(err)
		return
	}
	// pion/webrtc calls OnOpen of a detached channel before the acknowledgement; pion/datachannel waits for it. It is read,
	// and the handler called, within the reads of pump, so the handler must be there first.
	raw.OnOpen(func() { close(ch.opened) })
	ch.start(raw)
	select {
	case <-ch.opened:
	case <-ch.ended:
	}
}

// awaitOpened waits for the acknowledgement.
func (ch *Channel) awaitOpened(ctx context.Context) error {
	select {
	case <-ch.opened:
		return nil
	case <-ctx.Done():
		return aborted(ctx)
	case <-ch.ctx.Done():
		select {
		case <-ch.opened: // and closed since: the caller gets the channel, and what came on it
			return nil
		default:
			return codedCause(ch.ctx)
		}
	}
}
