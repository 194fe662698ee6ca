package mux

import "context"

// Flush waits until nothing of what was sent before waits here any more: of a durable channel, until the other side has it all. Its error is of
// CodeAborted when ctx ended, or what ended the channel.
func (ch *Channel) Flush(ctx context.Context) error {
	if !ch.slot.take(ctx, ch.mux.ctx) { // behind the Sends that are under way
		return ch.refused(ctx)
	}
	defer ch.slot.give()
	for {
		ch.mu.Lock()
		waits, cause := len(ch.out.durable.kept) > 0 || ch.out.aged.waits(), ch.cause
		ch.mu.Unlock()
		switch {
		case !waits:
			return nil
		case cause != nil:
			return cause
		}
		select {
		case <-ch.room: // which only who has the slot waits for
		case <-ctx.Done():
			return aborted(ctx)
		}
	}
}
