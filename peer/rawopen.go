package peer

import (
	"context"
)

// openRaw opens a data channel and waits until the other side has acknowledged it: only then does Pion apply Unordered and the
// reliability to what is sent (RFC 8832, section 6).
func (c *connection) openRaw(ctx context.Context, label string, o ChannelOptions) (*rawChannel, error) {
	ch := newRaw(c, label, o)
	if err := ch.begin(ctx); err != nil {
		return nil, err
	}
	if err := ch.awaitOpened(ctx); err != nil {
		ch.shutdown(err)
		return nil, err
	}
	return ch, nil
}

// begin has the channel launched, when that is its turn: at most maxOpening opens are in flight. Pion's receiving side holds 16 streams that
// it has not accepted and drops the data of the next, and some hundreds at once from a browser can wedge an association (pion/sctp#499).
func (ch *rawChannel) begin(ctx context.Context) error {
	c := ch.conn
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	select {
	case c.opening <- struct{}{}:
	case <-ctx.Done():
		return aborted(ctx)
	case <-c.ctx.Done():
		return codedCause(c.ctx)
	}
	// In its own goroutine, because Pion's write of the open message waits for the window and knows no context. The token
	// comes back when the open is no longer in flight, even if its caller has given up before.
	if !c.spawn(func() {
		defer func() { <-c.opening }()
		c.launch(ch)
	}) {
		<-c.opening
		return codedCause(c.ctx)
	}
	return nil
}

// launch opens ch and returns when the open has been answered, by an acknowledgement or by an end.
func (c *connection) launch(ch *rawChannel) {
	dc, err := c.pc.CreateDataChannel(ch.label, ch.options.init())
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
func (ch *rawChannel) awaitOpened(ctx context.Context) error {
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
