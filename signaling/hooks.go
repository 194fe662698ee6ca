package signaling

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Account returns who a peer is and in which rooms, in alphabetical order; ok is false for one that has no session. A peer that is
// away is in its rooms until its grace has passed.
func (s *Server) Account(peer string) (identity string, rooms []string, ok bool) {
	sess := s.session(peer)
	if sess == nil {
		return "", nil, false
	}
	sess.mu.Lock()
	defer sess.mu.Unlock()
	return sess.identity, slices.Sorted(maps.Keys(sess.rooms)), !sess.gone
}

// Announced tells whether a member of one of the peer's rooms, or the peer itself, has announced that address as a candidate. It
// is always false without Config.Candidates.
func (s *Server) Announced(peer string, addr netip.Addr) bool {
	sess := s.session(peer)
	if sess == nil || !s.candidates {
		return false
	}
	sess.mu.Lock()
	members := slices.Collect(maps.Values(sess.rooms))
	sess.mu.Unlock()
	return slices.ContainsFunc(members, func(m *member) bool { return m.room.knows(plainAddr(addr)) })
}

// Warn sends a peer an `error` frame that answers nothing, of a code like protocol.CodeRelayBytes. It returns false if the peer has no
// connection, or its queue is full.
func (s *Server) Warn(peer string, e *protocol.Error) bool {
	sess := s.session(peer)
	if sess == nil {
		return false
	}
	sess.mu.Lock()
	c := sess.conn
	sess.mu.Unlock()
	if c == nil || !c.isWelcomed() {
		return false
	}
	if c.offer(protocol.Encode(protocol.ErrorReply{Code: e.Code, Message: e.Text}), false) != queued {
		return false
	}
	s.count.refusal(e.Code)
	return true
}

// Kick ends a peer's session: its connection is closed as `kicked`, after which a client does not connect again by itself, and
// the others see at once that it has left. It returns false if there is no such peer. Nothing keeps it from coming back with a token that is
// still good: see Revoke.
func (s *Server) Kick(peer string) bool {
	if !s.visit() {
		return false
	}
	defer s.running.Done()
	sess := s.session(peer)
	return sess != nil && sess.expel(protocol.CloseKicked, func(Grant) bool { return true })
}

// Draining tells whether the server lets nobody in any more, because of Shutdown or Close.
func (s *Server) Draining() bool { return s.closing.Load() }

// session returns a peer's session, nil if it has none.
func (s *Server) session(peer string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[peer]
}

// visit is for a caller from outside who is about to change sessions: the server's end waits for its s.running.Done. It returns
// false when there is nothing left to change.
func (s *Server) visit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.running.Add(1)
	return true
}

// expel ends a session whose grant is meant, and returns whether it did. The close comes first: the client hears why, and not what follows
// from it.
func (sess *session) expel(code protocol.CloseCode, meant func(Grant) bool) bool {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.gone || !meant(sess.grant) {
		return false
	}
	if c := sess.conn; c != nil {
		c.close(code)
		sess.conn = nil
	}
	for name := range sess.rooms {
		sess.leave(name, protocol.LeftKicked)
	}
	sess.endIfOver()
	sess.server.log.Info().Str("peer", sess.peer).Str("reason", code.Name()).Msg("session ended by the operator")
	return true
}
