package signaling

import (
	"bytes"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// onJoin enters a room, comes back to one within the grace, or says again where the client stands in one that it is in.
func (c *conn) onJoin(frame []byte) error {
	j, err := protocol.Decode[protocol.Join](frame)
	if err != nil {
		return err
	}
	if err := c.checkAttributes(j.Attributes); err != nil {
		return err
	}
	if over := take(c.session.joins, "too many joins"); over != nil {
		return over
	}
	c.relayAgain(j.Room) // before the answer, upon which it connects
	return c.held(func(sess *session) error {
		m := sess.rooms[j.Room]
		// Asked before anything is said of the room: who may not join does not learn whether it exists. Also of a member, whose grant
		// may be another one by now: it stays where it is, but if it was away it is not let in again.
		if !sess.grant.allows(j.Room, time.Now()) {
			if m != nil && m.grace != nil {
				sess.leave(j.Room, protocol.LeftTimeout)
			}
			return protocol.Errorf(protocol.CodeForbidden, "the room %s is none of those that are open to you", j.Room)
		}
		if !sess.grant.may(PermissionAttributes) && !bare(j.Attributes) && (m == nil || m.room.changes(m, j.Attributes)) {
			return errNoAttributes
		}
		if m != nil {
			m.grace.stop()
			m.grace = nil
			m.room.rejoin(m, c, sess, j)
			return nil
		}
		if len(sess.rooms) >= sess.grant.limits(c.server.limits).Rooms {
			return protocol.Errorf(protocol.CodeTooManyRooms, "you are in %d rooms; leave one first", len(sess.rooms))
		}
		return c.enter(sess, j)
	})
}

// enter makes the session a member of a room, which it makes if need be.
func (c *conn) enter(sess *session, j protocol.Join) error {
	for {
		r := c.server.roomOf(j)
		if r == nil {
			return protocol.Errorf(protocol.CodeTooManyRooms, "the server has as many rooms as it may")
		}
		m, err := r.join(c, sess, j)
		if err == errRoomOver {
			c.server.dropRoom(r) // whose last member left a moment ago; the next one found is another
			continue
		}
		if err != nil {
			return err
		}
		sess.rooms[j.Room] = m
		return nil
	}
}

// onLeave leaves a room; the own `left` event is the answer.
func (c *conn) onLeave(frame []byte) error {
	l, err := protocol.Decode[protocol.Leave](frame)
	if err != nil {
		return err
	}
	return c.held(func(sess *session) error {
		if _, err := sess.member(l.Room); err != nil {
			return err
		}
		sess.leave(l.Room, protocol.LeftLeave)
		return nil
	})
}

// onUpdate replaces the attributes; the own `updated` event is the answer.
func (c *conn) onUpdate(frame []byte) error {
	u, err := protocol.Decode[protocol.Update](frame)
	if err != nil {
		return err
	}
	if err := c.checkAttributes(u.Attributes); err != nil {
		return err
	}
	return c.held(func(sess *session) error {
		m, err := sess.member(u.Room)
		if err != nil {
			return err
		}
		if err := sess.speaks(m, PermissionAttributes, errNoAttributes); err != nil {
			return err
		}
		m.room.update(m, u.Attributes)
		return nil
	})
}

// onBye ends the session: its peer has left, and did not go away. With no room left, the session ends as its carrier does.
func (c *conn) onBye() error {
	err := c.held(func(sess *session) error {
		for name := range sess.rooms {
			sess.leave(name, protocol.LeftBye)
		}
		return nil
	})
	c.close(protocol.CloseNormal)
	return err
}

func (c *conn) checkAttributes(raw []byte) error {
	if limit := c.server.limits.Attributes; len(raw) > limit {
		return protocol.Errorf(protocol.CodeBadFrame, "attributes of %d bytes; at most %d are allowed", len(raw), limit)
	}
	return nil
}

// bare tells whether attributes say nothing.
func bare(raw []byte) bool { return len(raw) < 2 || len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0 }

// roomOf returns the room that a join names, and makes it if there is none; nil if the server has as many as it may.
func (s *Server) roomOf(j protocol.Join) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[j.Room]
	if r == nil && len(s.rooms) < s.limits.AllRooms {
		r = newRoom(s, j)
		s.rooms[j.Room] = r
	}
	return r
}

// dropRoom forgets a room that is over.
func (s *Server) dropRoom(r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[r.name] == r {
		delete(s.rooms, r.name)
	}
}
