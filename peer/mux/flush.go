package mux

import (
	"context"
	"time"
)

// flushAgain is how often Flush looks.
const flushAgain = 2 * time.Millisecond

// Flush waits until nothing of what was sent waits here any more: of a durable channel, until the other side has it all. Its error is of
// CodeAborted when ctx ended, or what ended the channel.
func (ch *Channel) Flush(ctx context.Context) error {
	if !ch.slot.take(ctx, ch.mux.ctx) { // behind the Sends that are under way
		return ch.refused(ctx)
	}
	defer ch.slot.give()
	ticker := time.NewTicker(flushAgain)
	defer ticker.Stop()
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
		case <-ticker.C:
		case <-ctx.Done():
			return aborted(ctx)
		}
	}
}
