package signaling

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Drop names a reason for which a frame was not delivered.
type Drop string

// The reasons to drop a frame.
const (
	// DropBusy: a signal to a peer whose queue is full.
	DropBusy Drop = "busy"
	// DropAway: a signal to a peer whose connection is lost.
	DropAway Drop = "away"
	// DropRate: a frame of a client that sends too many.
	DropRate Drop = "rate"
	// DropLag: events that left the ring before a slow reader had them; counted once for each snapshot sent instead.
	DropLag Drop = "lag"
	// DropSaid: a message to a room whose log has it already, or lacks the one before it.
	DropSaid Drop = "said"
	// DropReport: a report of a client that sends too many.
	DropReport Drop = "report"
	// DropLost: frames that waited for a connection when it ended.
	DropLost Drop = "lost"
)

// Stats is a snapshot of what a Server has and has done since it was made. Counters only grow.
type Stats struct {
	// Connections are open carriers, those included that have not said hello.
	Connections int
	// Sessions are peers: connected, or away and within their grace.
	Sessions int
	Rooms    int
	// Revocations are those that have not ended.
	Revocations int
	// Reports are how many there were of connections between peers, those beyond Limits.Reports not counted.
	Reports uint64
	// FramesIn and FramesOut are frames read and written; WebSocket's own pings, pongs and closes are not counted.
	FramesIn, FramesOut uint64
	// Dropped are frames that were not delivered, by reason.
	Dropped map[Drop]uint64
	// Errors are `error` frames and refused requests of the carriers over HTTP, by code.
	Errors map[protocol.ErrorCode]uint64
	// Closes are connections that the server ended, by code.
	Closes map[protocol.CloseCode]uint64
	// Refused are requests that were answered with an HTTP status other than success.
	Refused map[int]uint64
}

// counters are the counting part of Stats. The maps are made once and only read, their values are atomic.
type counters struct {
	in, out, reports atomic.Uint64
	drops            map[Drop]*atomic.Uint64
	errors           map[protocol.ErrorCode]*atomic.Uint64
	closes           map[protocol.CloseCode]*atomic.Uint64
	refused          map[int]*atomic.Uint64
}

func newCounters() *counters {
	c := &counters{
		drops: zeros(DropBusy, DropAway, DropRate, DropLag, DropSaid, DropReport, DropLost),
		refused: zeros(http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusUpgradeRequired,
			http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError),
		errors: map[protocol.ErrorCode]*atomic.Uint64{},
		closes: map[protocol.CloseCode]*atomic.Uint64{},
	}
	for _, row := range protocol.ErrorCodes() {
		if row.FromServer {
			c.errors[row.Code] = new(atomic.Uint64)
		}
	}
	for _, row := range protocol.CloseCodes() {
		c.closes[row.Code] = new(atomic.Uint64)
	}
	return c
}

// refusal counts an error by its code. One that an Authorize has made up is not in the specification, and has no counter.
func (c *counters) refusal(code protocol.ErrorCode) {
	if n := c.errors[code]; n != nil {
		n.Add(1)
	}
}

func zeros[K comparable](keys ...K) map[K]*atomic.Uint64 {
	m := make(map[K]*atomic.Uint64, len(keys))
	for _, k := range keys {
		m[k] = new(atomic.Uint64)
	}
	return m
}

// nonzero copies a map of counters, without those that never counted.
func nonzero[K comparable](m map[K]*atomic.Uint64) map[K]uint64 {
	out := map[K]uint64{}
	for k, v := range m {
		if n := v.Load(); n > 0 {
			out[k] = n
		}
	}
	return out
}

// Stats returns a snapshot. It may be called at any time, also after Close; its numbers were all true, if not at one instant.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	connections, sessions, rooms := len(s.conns), len(s.sessions), len(s.rooms)
	s.mu.Unlock()
	return Stats{
		Connections: connections, Sessions: sessions, Rooms: rooms,
		Revocations: s.revocations.count(time.Now()), Reports: s.count.reports.Load(),
		FramesIn: s.count.in.Load(), FramesOut: s.count.out.Load(),
		Dropped: nonzero(s.count.drops), Errors: nonzero(s.count.errors),
		Closes: nonzero(s.count.closes), Refused: nonzero(s.count.refused),
	}
}
