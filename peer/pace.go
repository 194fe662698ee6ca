package peer

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"golang.org/x/time/rate"
)

// newPace makes the rate at which frames are sent; nil is without bound. The server counts a session's frames over all of its
// connections, so a room's pace outlives its carriers as well.
func newPace(l protocol.Limits) *rate.Limiter {
	limit, burst := paceOf(l)
	if limit == rate.Inf {
		return nil
	}
	return rate.NewLimiter(limit, burst)
}

// paceOf stays a little below the server's own limit: the two clocks differ, and not every hello is counted here.
func paceOf(l protocol.Limits) (rate.Limit, int) {
	if l.Rate <= 0 {
		return rate.Inf, 0
	}
	return rate.Limit(l.Rate) * 0.95, max(1, l.Burst-8)
}

// untilNext is how long it takes until the pace allows a frame, 0 for now.
func untilNext(pace *rate.Limiter) time.Duration {
	if pace == nil {
		return 0
	}
	missing := 1 - pace.Tokens()
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(pace.Limit())*float64(time.Second)) + 1 // rounded up, or it would be asked for in vain
}
