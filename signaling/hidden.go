package signaling

import "github.com/beckon-rtc/beckon/signaling/protocol"

// A hidden member has no entry in the room's log, because all members read the same one: it is in no other member's snapshot, and
// what it did is no event. So it has nothing to say either, for nobody would know who said it. It counts like the others in what
// the server can bear (Limits.Members) and in what everybody must have (the stable position), and not in a grant's Capacity.

// slipIn is the part of join for a hidden member. r.mu must be held, as for all of the below.
func (r *room) slipIn(m *member, c *conn, j protocol.Join) {
	m.info.Joined = r.log.position
	m.acked, m.since = r.log.position, r.log.position
	r.answer(m, c, j)
}

// slipOut is the part of leave for a hidden member: the left event, at the position that somebody else's event will have, is for
// itself alone. A reader that lags gets it when it is caught up.
func (r *room) slipOut(m *member) {
	m.until = r.log.position
	cur := m.cursor
	if cur == nil || cur.lagging {
		return
	}
	if cur.conn.offer(m.left, true) != queued {
		cur.lagging = true
		cur.conn.mark(cur)
	}
}

// full tells whether a grant's capacity keeps its holder out.
func (r *room) full(g Grant) bool {
	return g.Capacity > 0 && !g.may(PermissionHidden) && !g.may(PermissionAdmin) && r.visible() >= g.Capacity
}

// visible is how many members the others see.
func (r *room) visible() int {
	n := 0
	for _, m := range r.ranked {
		if !m.hidden {
			n++
		}
	}
	return n
}

// topology is the room's as a member is told it: who cannot signal should not try to connect to anybody.
func (m *member) topology() protocol.Topology {
	if m.alone {
		return protocol.TopologyNone
	}
	return m.room.topology
}
