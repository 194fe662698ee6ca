package peer

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// What this side sees of a connection's opening is told to a server that wants to know (protocol, "Reports"): what came of it and after
// what time, and nothing of who it was with or where. It is a statistic: a report that meets a lost connection is left out.

// reportOpen tells of c, which is open: for the first time, or again after a loss. The caller holds mu.
func (r *Room) reportOpen(c *connection, lost time.Time) {
	if !r.reports() {
		return
	}
	report := took(c, lost)
	c.spawn(func() { // the statistics are Pion's, whose callback this may be
		path, err := c.path()
		if err != nil {
			return // it is lost already
		}
		report.Outcome, report.Protocol = protocol.OutcomeDirect, path.Relay
		if path.Relayed {
			report.Outcome = protocol.OutcomeRelayed
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report(report)
	})
}

// reportFailed tells that no way was found. The caller holds mu.
func (r *Room) reportFailed(c *connection, lost time.Time) {
	report := took(c, lost)
	report.Outcome = protocol.OutcomeFailed
	r.report(report)
}

// took begins the report of what took until now.
func took(c *connection, lost time.Time) protocol.Report {
	since := c.negotiated
	if !lost.IsZero() {
		since = lost
	}
	return protocol.Report{Opening: min(time.Since(since).Milliseconds(), protocol.MaxOpening), Again: !lost.IsZero()}
}

func (r *Room) report(report protocol.Report) {
	if r.reports() {
		r.carrier.mention(report)
	}
}

// reports tells whether there is a server to report to that wants it.
func (r *Room) reports() bool {
	return !r.cfg.DisableReports && r.limits.Reports > 0 && r.carrier != nil && r.condition == RoomJoined
}
