package mux

const (
	messageCost = 64        // of each message, beside its payload, so that empty ones are not free
	firstGrant  = 64 << 10  // what an opener may send before OPENED
	firstWindow = 256 << 10 // what is granted beyond what was taken, at first
	fullWindow  = 1 << 20   // and once growAfter was taken
	growAfter   = 128 << 10
	unbounded   = 1 << 20 // bytes that a channel without flow control holds, of whole messages and of incomplete ones; its largest message
	longPart    = 64 << 10
	shortPart   = 16 << 10 // while other channels send, so that their messages wait for no more
)

// credit is what a sender may send.
type credit struct {
	granted, sent uint64
}

// grant raises what may be sent; grants never sink.
func (c *credit) grant(to uint64) { c.granted = max(c.granted, to) }

// room tells whether a frame of that cost may be sent.
func (c *credit) room(cost uint64) bool { return c.sent+cost <= c.granted }

// grants is what a receiver has granted.
type grants struct {
	window, taken, arrived, granted uint64
}

func newGrants() grants { return grants{window: firstWindow, granted: firstWindow} }

// arrive counts what has come, and tells whether it was granted.
func (g *grants) arrive(cost uint64) bool {
	g.arrived += cost
	return g.arrived <= g.granted
}

// take counts what the application has taken, and tells whether the grant has grown so much that it is to be said. A grant of
// a few bytes would cost as much as one of many.
func (g *grants) take(cost uint64) (say bool) {
	g.taken += cost
	if g.taken >= growAfter {
		g.window = fullWindow
	}
	to := g.taken + g.window
	if to < g.granted+g.window/4 {
		return false
	}
	g.granted = to
	return true
}

// extend grants up to end, that of the messages that have begun and of which more cannot come, and the window at least where
// that fits into it; it tells whether that is to be said.
func (g *grants) extend(end uint64) (say bool) {
	if end <= g.granted {
		return false
	}
	g.granted = max(end, g.taken+g.window)
	return true
}

// again is the state on a new connection, to which lost bytes that had come did not carry over.
func (g *grants) again(lost uint64) {
	g.arrived -= lost
	g.granted = max(g.taken+g.window, g.arrived)
}
