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
		waits, cause, l, lane := len(ch.out.durable.kept) > 0 || ch.out.aged.waits(), ch.cause, ch.link, ch.lane
		ch.mu.Unlock()
		switch {
		case !waits && l != nil && !ch.numbered && !ch.options.Durable:
			return l.flushBatch(ctx, lane)
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

// flushBatch waits until what waits on a lane is written.
func (l *Link) flushBatch(ctx context.Context, lane *trunk) error {
	if !l.turn.take(ctx, l.ctx) {
		return l.broken(ctx, nil)
	}
	defer l.turn.give()
	if err := lane.flush(ctx); err != nil {
		return l.broken(ctx, err)
	}
	return nil
}
