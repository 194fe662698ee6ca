package signaling

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// event fills in what the log says of an event about m. r.mu must be held, as for all of the below that do not take it.
func (r *room) event(e protocol.Event, m *member) protocol.Event {
	r.settle(time.Now())
	e.Room, e.Position, e.Stable, e.Peer = r.name, r.log.position+1, r.stable, m.info.Peer
	return e
}

// publish adds an event to the log and tells everybody, without waiting for anybody.
func (r *room) publish(frame []byte) {
	now := time.Now()
	before := r.log.position
	r.log.add(frame)
	for _, m := range r.ranked {
		if m.acked >= before {
			m.waiting = now // it was up to date until now
		}
		m.cursor.tell(r.log.position, frame)
	}
}

// tell queues the event at a position for a member's carrier, or lets it lag.
func (cur *cursor) tell(position uint64, frame []byte) {
	if cur == nil || cur.lagging {
		return
	}
	if cur.at+1 == position && cur.conn.offer(frame, true) == queued {
		cur.at = position
		return
	}
	cur.lagging = true
	cur.conn.mark(cur)
}

// catchUp returns what a lagging member has not been told, for its drainer to write before anything that is queued later. It
// is the events since its cursor, or a snapshot if some of them are gone.
func (cur *cursor) catchUp() [][]byte {
	m := cur.member
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.cursor != cur {
		return nil // away, or joined again: a later frame says where it stands
	}
	cur.lagging = false
	end := r.log.position
	if m.left != nil {
		end = m.until
	}
	at := cur.at
	cur.at = end
	switch {
	case r.log.has(at):
		frames := r.log.between(at, end)
		if m.left != nil && m.hidden {
			frames = append(frames, m.left) // which is not in the log
		}
		return frames
	case m.left != nil:
		return [][]byte{m.left}
	}
	r.server.count.drops[DropLag].Add(1)
	m.acked = end
	return [][]byte{r.snapshot(m, 0, true)}
}

// stableFor takes a member's acknowledgement and returns the stable position, which that may have moved.
func (r *room) stableFor(m *member, position uint64) uint64 {
	r.ack(m, position)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle(time.Now())
	return r.stable
}

// ack takes a member's acknowledgement. One that says more than the member can know (of another epoch, say) is ignored.
func (r *room) ack(m *member, position uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.cursor == nil || position > m.cursor.at || position <= m.acked {
		return
	}
	m.acked = position
	m.waiting = time.Now()
}

// settle moves the stable position up to the lowest that the members have acknowledged. Those do not count who have fallen
// behind the ring, since they will miss events anyway, and who have acknowledged nothing for a while, or one client could hold back all.
// Members that are away count: they will get the events when they come back within the grace.
func (r *room) settle(now time.Time) {
	low := r.log.position
	for _, m := range r.ranked {
		if m.acked < low && r.log.has(m.acked) && now.Sub(m.waiting) < r.server.limits.Ack {
			low = m.acked
		}
	}
	r.stable = max(r.stable, low)
}
