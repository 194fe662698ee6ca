package mux

import "context"

// Complete tells whether the other side has said that it sends no more, by FIN or CLOSE, and all of it has come, though perhaps not been
// received, while this side has not closed the channel. So it tells the end of a whole from an end in its midst, for which Recv may return the same code.
func (ch *Channel) Complete() bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.in.complete && !ch.in.discard
}

// Settled waits until a channel that this side has closed is over. It returns nil when the other side has answered, so that it has all that
// was sent; else what ended the channel before that, or an error of CodeAborted when ctx ended.
func (ch *Channel) Settled(ctx context.Context) error {
	select {
	case <-ch.over:
	case <-ctx.Done():
		return aborted(ctx)
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.inOrder {
		return nil
	}
	return ch.last
}
