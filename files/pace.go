package files

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// maxPiece bounds what may pass at once, in bytes: with pieces of a whole second a limit would be a stutter.
const maxPiece = 64 << 10

// newPace makes what holds a transfer to so many bytes a second; nil, for 0 and less, holds nothing.
func newPace(limit int64) *rate.Limiter {
	if limit <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(limit), int(min(max(limit/16, 1), maxPiece)))
}

// keepTo waits until n more bytes may pass, or ctx ends. It does not use WaitN, which gives up at once if ctx has a deadline that the bytes
// would miss: how much passes until then is not for a limit to say.
func keepTo(ctx context.Context, pace *rate.Limiter, n int) error {
	for pace != nil && n > 0 {
		piece := min(n, pace.Burst())
		n -= piece
		turn := pace.ReserveN(time.Now(), piece)
		wait := turn.Delay()
		if wait == 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			turn.Cancel() // else a receiver that asks and gives up, over and over, would use up what there is for all others
			return context.Cause(ctx)
		}
	}
	return nil
}
