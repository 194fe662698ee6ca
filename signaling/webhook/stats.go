package webhook

import "sync/atomic"

// Stats count since New.
type Stats struct {
	Asked     uint64 // questions that were posted
	Allowed   uint64 // answered with claims
	Refused   uint64 // answered with a no
	Undecided uint64 // not answered, or not sensibly
	Busy      uint64 // not even asked, because too many waited
	Cached    uint64 // answered from the cache
}

type counters struct {
	asked, allowed, refused, undecided, busy, cached atomic.Uint64
}

// Stats returns the counts as they are now. They are read one by one, so their sum may be off by what is just under way.
func (c *Client) Stats() Stats {
	s := &c.stats
	return Stats{
		Asked: s.asked.Load(), Allowed: s.allowed.Load(), Refused: s.refused.Load(),
		Undecided: s.undecided.Load(), Busy: s.busy.Load(), Cached: s.cached.Load(),
	}
}
