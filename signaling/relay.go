package signaling

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A peer's right to the relay is bound to its session. A session knows whether credentials for the relay may be in its peer's hands; when it may
// use them no longer, endRelay has RelayEnded called, once. What is called has no lock to wait for, so it runs by itself, and
// nobody asks for new credentials of that peer before it has returned: they would be taken back with the old ones.

// endRelay takes the right to the relay from the session's peer, if it may have used it. sess.mu must be held, as for mayRelay.
func (sess *session) endRelay() {
	if !sess.relaying {
		return
	}
	sess.relaying = false
	sess.relayEnds++
	s, told := sess.server, make(chan struct{})
	s.mu.Lock()
	s.ending[sess.peer] = told
	s.mu.Unlock()
	s.after(0, func() {
		s.relayEnded(sess.peer)
		s.mu.Lock()
		delete(s.ending, sess.peer)
		s.mu.Unlock()
		close(told)
	})
}

// mayRelay tells whether the session's peer may use the relay.
func (sess *session) mayRelay() bool {
	return sess.grant.may(PermissionRelay) && !sess.grant.expired(time.Now())
}

// awaitRelayEnd waits until RelayEnded has returned for a peer.
func (s *Server) awaitRelayEnd(peer string) {
	s.mu.Lock()
	told := s.ending[peer]
	s.mu.Unlock()
	if told != nil {
		<-told
	}
}

// withICE asks for the ICE servers of the connection's session and hands them on while the session's lock is held. It does neither when
// a newer connection has the session, or it is over. If the right to the relay has ended meanwhile, what was got is worth nothing, and
// it asks again.
func (c *conn) withICE(hand func(sess *session, servers []protocol.ICEServer, lifetime time.Duration)) {
	s, sess := c.server, c.session
	for done := false; !done; {
		s.awaitRelayEnd(sess.peer)
		var req ICERequest
		var ends uint64
		_ = c.held(func(sess *session) error {
			req = ICERequest{Peer: sess.peer, Identity: sess.identity, Relay: sess.mayRelay()}
			sess.relaying = sess.relaying || req.Relay && s.relayEnded != nil
			ends = sess.relayEnds
			return nil
		})
		if req.Peer == "" {
			return
		}
		servers, lifetime := s.iceServers(req)
		done = true
		_ = c.held(func(sess *session) error {
			if done = ends == sess.relayEnds; done {
				hand(sess, servers, lifetime)
			}
			return nil
		})
	}
}

// relayAgain sends ICE servers to a peer that has lost what it had of the relay, by leaving its last room, and is about to enter one.
func (c *conn) relayAgain(room string) {
	lacks := false
	_ = c.held(func(sess *session) error {
		lacks = c.server.relayEnded != nil && !sess.relaying && sess.mayRelay() && sess.grant.allows(room, time.Now())
		return nil
	})
	if lacks {
		c.pushICE(0, nil)
	}
}

// lapse is for a session whose carrier is lost: its right to the relay ends with its grant, also while it is away. sess.mu must be held.
func (sess *session) lapse() {
	s, ends := sess.server, sess.grant.Expires
	left := time.Until(ends)
	if !sess.relaying || ends.IsZero() || left > s.limits.Grace || s.closing.Load() {
		return
	}
	sess.lapser = s.after(left, sess.lapsed)
}

// lapsed is called when the grant that there was has ended; another may have taken its place.
func (sess *session) lapsed() {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.grant.expired(time.Now()) {
		sess.endRelay()
	}
}
