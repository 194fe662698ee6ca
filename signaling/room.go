package signaling

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// room is a set of members and the log of what happened to them. It ends with its last member.
type room struct {
	// Set once.
	server   *Server
	name     string
	topology protocol.Topology

	// Guarded by mu.
	mu        sync.Mutex
	log       eventLog
	members   map[string]*member // by peer id
	ranked    []*member          // in the order of joining
	stable    uint64             // never goes back
	announced map[netip.Addr]int // by how many members; nil before the first
	over      bool               // nobody is in it and nobody will be
}

// member is a peer's membership of a room.
type member struct {
	// Set once.
	room   *room
	hidden bool // nobody else sees it; see hidden.go

	grace *timer // guarded by the session's mu; not nil while away

	// Guarded by room.mu.
	info      protocol.Member
	cursor    *cursor      // nil while away
	alone     bool         // its topology is none, whatever the room's is
	since     uint64       // the position from which on the log is its to read
	acked     uint64       // the position that it has acknowledged
	waiting   time.Time    // since when it has had something to acknowledge, or since its last acknowledgement
	left      []byte       // its left event, once it has left
	until     uint64       // that event's position
	announced []netip.Addr // oldest first, at most Limits.Candidates
}

// cursor is how far a member's carrier has been told of the log. Each join makes a new one, so that a marker from before it
// says nothing after it. The room's mutex guards it.
type cursor struct {
	member  *member
	conn    *conn
	at      uint64 // all events up to here are queued or written
	lagging bool   // a marker is queued
}

var errRoomOver = errors.New("signaling: join: the room is over")

func newRoom(s *Server, j protocol.Join) *room {
	topology := j.Topology
	if topology == "" {
		topology = protocol.TopologyMesh
	}
	return &room{server: s, name: j.Room, topology: topology, log: newEventLog(s.limits), members: map[string]*member{}}
}

// join makes a member and answers with a snapshot. The caller holds sess.mu, as for all of the below that take a member.
func (r *room) join(c *conn, sess *session, j protocol.Join) (*member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.over:
		return nil, errRoomOver
	case len(r.members) >= r.server.limits.Members:
		return nil, protocol.Errorf(protocol.CodeRoomFull, "the room has %d members, as many as it may have", len(r.members))
	case r.full(sess.grant):
		return nil, protocol.Errorf(protocol.CodeRoomFull, "the room has %d members, as many as your token lets it have", r.visible())
	case slices.ContainsFunc(r.ranked, func(m *member) bool { return m.info.Instance == sess.instance }):
		// Messages are named by instance and number, so who took another's instance could have its messages taken for doubles.
		return nil, protocol.Errorf(protocol.CodeForbidden, "another peer of this instance is in the room; its resume token would be needed")
	}
	m := &member{room: r, hidden: sess.grant.may(PermissionHidden), alone: sess.grant.silent(), info: protocol.Member{
		Peer: sess.peer, Instance: sess.instance, Identity: sess.grant.Identity,
		Attributes: j.Attributes, Capabilities: sess.capabilities, Joined: r.log.position + 1,
	}}
	sess.shown.to(&m.info)
	r.members[sess.peer] = m
	r.ranked = append(r.ranked, m)
	if m.hidden {
		r.slipIn(m, c, j)
		return m, nil
	}
	m.acked, m.since = m.info.Joined, m.info.Joined
	info := m.info
	r.publish(protocol.Encode(r.event(protocol.Event{Kind: protocol.EventJoined, Member: &info}, m)))
	r.answer(m, c, j)
	return m, nil
}

// rejoin answers a join of somebody who is a member already: one who comes back from being away, or who repeats itself.
func (r *room) rejoin(m *member, c *conn, sess *session, j protocol.Join) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := !bytes.Equal(m.info.Attributes, j.Attributes)
	if m.info.Instance != sess.instance {
		m.info.Said = 0 // another object, which counts from 1
	}
	m.info.Attributes, m.info.Instance, m.info.Capabilities = j.Attributes, sess.instance, sess.capabilities
	sess.shown.to(&m.info)
	m.alone = m.hidden || sess.grant.silent()
	switch {
	case m.hidden:
		m.info.Away = false
	case m.cursor == nil:
		m.info.Away = false
		info := m.info
		r.publish(protocol.Encode(r.event(protocol.Event{Kind: protocol.EventBack, Member: &info}, m)))
	case changed:
		m.cursor = nil // it learns of it from the answer, not before
		r.publish(protocol.Encode(r.event(protocol.Event{Kind: protocol.EventUpdated, Attributes: attributesOf(m)}, m)))
	}
	r.answer(m, c, j)
}

// answer tells a member where it stands after its join: by a replay of what it missed, else by a snapshot. r.mu must be held, as
// for all of the below that do not take it.
func (r *room) answer(m *member, c *conn, j protocol.Join) {
	switch {
	case j.Epoch == "":
		r.start(m, c, j, false)
	case j.Epoch != r.log.epoch && r.log.has(0) && !m.hidden:
		// It comes from before a restart. What the first to come back have said since is new to it, and a snapshot would not tell.
		// Its carrier may be lost before it has read all of that, or even of its own joining.
		m.since = 0
		r.replay(m, c, j.ID, 0)
	case j.Epoch == r.log.epoch && j.Position >= m.since && r.log.has(j.Position):
		// A position from before this membership gets no replay: it would tell the member of its own leaving.
		r.replay(m, c, j.ID, j.Position)
	default:
		r.start(m, c, j, true)
	}
}

// replay promises the events after a position; the drainer takes them from the ring. The member has none of them for certain, whatever
// was taken to be acknowledged: a snapshot, say, that its lost carrier did not bring.
func (r *room) replay(m *member, c *conn, id, from uint64) {
	m.acked, m.waiting = from, time.Now()
	m.cursor = &cursor{member: m, conn: c, at: from, lagging: true}
	c.push(protocol.Encode(protocol.Joined{
		ID: id, Room: r.name, Epoch: r.log.epoch, Position: from, Stable: r.stable, Topology: m.topology(),
		Replay: true, Until: r.log.position, Said: m.info.Said,
	}))
	c.mark(m.cursor)
}

// start sends a snapshot, from which the member goes on.
func (r *room) start(m *member, c *conn, j protocol.Join, gap bool) {
	m.cursor = &cursor{member: m, conn: c, at: r.log.position}
	m.acked = r.log.position
	c.push(r.snapshot(m, j.ID, gap))
}

func (r *room) snapshot(m *member, id uint64, gap bool) []byte {
	members := make([]protocol.Member, 0, len(r.ranked))
	for _, other := range r.ranked {
		if !other.hidden || other == m {
			members = append(members, other.info)
		}
	}
	return protocol.Encode(protocol.Joined{
		ID: id, Room: r.name, Epoch: r.log.epoch, Position: r.log.position, Stable: r.stable, Topology: m.topology(),
		Gap: gap, Said: m.info.Said, Members: members,
	})
}

// away tells the room that a member's carrier is lost, and returns false if it was already.
func (r *room) away(m *member) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.cursor == nil {
		return false
	}
	m.cursor = nil
	m.info.Away = true
	if m.hidden {
		return true
	}
	r.publish(protocol.Encode(r.event(protocol.Event{Kind: protocol.EventAway}, m)))
	return true
}

// leave takes a member out and returns whether the room is over. The member itself gets the event too: it is the answer to
// its `leave`, and the last that it hears of the room.
func (r *room) leave(m *member, reason protocol.LeftReason) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.left = protocol.Encode(r.event(protocol.Event{Kind: protocol.EventLeft, Reason: reason}, m))
	m.until = r.log.position + 1
	if m.hidden {
		r.slipOut(m)
	} else {
		r.publish(m.left)
	}
	delete(r.members, m.info.Peer)
	for _, addr := range m.announced {
		r.forget(addr)
	}
	r.ranked = slices.DeleteFunc(r.ranked, func(other *member) bool { return other == m })
	r.over = len(r.members) == 0
	return r.over
}

// update replaces a member's attributes.
func (r *room) update(m *member, attributes []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.info.Attributes = attributes
	r.publish(protocol.Encode(r.event(protocol.Event{Kind: protocol.EventUpdated, Attributes: attributes}, m)))
}

// changes tells whether attributes are others than a member has. It takes r.mu.
func (r *room) changes(m *member, attributes []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !bytes.Equal(m.info.Attributes, attributes)
}

// attributesOf are a member's attributes as an updated event says them: there, none are an empty object.
func attributesOf(m *member) []byte {
	if m.info.Attributes == nil {
		return []byte("{}")
	}
	return m.info.Attributes
}

// say logs a message to all, unless it is there already or the one that was said before it is not: that one was refused, and who has
// read a higher number would take it for a double when it is said again. Neither is told: a double is the sender's right after
// a reconnect, and of the refusal it knows.
func (r *room) say(m *member, n, after uint64, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n <= m.info.Said || after > m.info.Said {
		r.server.count.drops[DropSaid].Add(1)
		return
	}
	m.info.Said = n
	r.publish(protocol.EncodeMessageEvent(r.event(protocol.Event{
		Kind: protocol.EventMessage, Instance: m.info.Instance, N: n, Data: data,
	}, m)))
}

// carrierOf finds where a signal goes: nil to a peer that is away.
func (r *room) carrierOf(to, instance []byte) (*conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[string(to)]
	switch {
	case m == nil || m.hidden:
		return nil, errUnknownPeer
	case m.info.Instance != string(instance):
		return nil, errStaleInstance
	case m.cursor == nil:
		return nil, nil
	}
	return m.cursor.conn, nil
}
