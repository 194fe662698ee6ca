package signaling

import (
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// session is a peer, from its first hello until it has left its last room without a connection. It outlives its carrier by
// the grace.
type session struct {
	// Set once.
	server   *Server
	peer     string
	identity string

	// Safe for use by many goroutines. They outlive a carrier, or who reconnects would have a new burst.
	frames, joins, reports *rate.Limiter

	// Guarded by mu, which every handler of the peer's frames holds.
	mu           sync.Mutex
	conn         *conn // nil while away
	instance     string
	grant        Grant
	capabilities protocol.Capabilities
	shown        shown
	rooms        map[string]*member
	lost         time.Time // since when it is away
	gone         bool      // no longer in Server.sessions
	relaying     bool      // credentials for the relay may be in use, and RelayEnded was not called since
	relayEnds    uint64    // how often it was
	lapser       *timer    // for the end of the grant while away
}

// attach gives a carrier its session: the living one of that peer, or a new one. It closes the carrier and returns nil if the
// server or the identity has as many as it may. Of two carriers the newer wins, because the older is most likely a connection that has died
// unnoticed. That is not always the one that comes here last: its hello may have waited for a callback of the Config.
func (s *Server) attach(c *conn, peer string, h protocol.Hello, grant Grant) *session {
	for {
		sess, full := s.sessionOf(peer, grant)
		if sess == nil {
			if full == protocol.CloseTooManyPeers && s.makePlace(grant.Identity) {
				continue
			}
			c.close(full)
			return nil
		}
		sess.mu.Lock()
		if sess.gone { // it ended between the two locks
			sess.mu.Unlock()
			continue
		}
		if old := sess.conn; old != nil {
			if old.serial > c.serial {
				sess.mu.Unlock()
				c.close(protocol.CloseReplaced)
				return nil
			}
			old.close(protocol.CloseReplaced)
			sess.away()
		}
		sess.conn, sess.instance, sess.capabilities, sess.shown = c, h.Instance, h.Capabilities, shownIn(h)
		sess.lapser.stop()
		sess.take(grant)
		sess.mu.Unlock()
		return sess
	}
}

// sessionOf returns the session of that peer, and makes it if there is none; nil and why if there may not be another.
func (s *Server) sessionOf(peer string, grant Grant) (sess *session, full protocol.CloseCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.peersOf[grant.Identity]
	switch {
	case s.sessions[peer] != nil:
		return s.sessions[peer], 0
	case len(s.sessions) >= s.limits.Sessions:
		return nil, protocol.CloseTryLater
	case grant.Identity != "" && grant.MaxPeers > 0 && len(of) >= grant.MaxPeers:
		return nil, protocol.CloseTooManyPeers
	}
	limits := grant.limits(s.limits)
	sess = &session{
		server:   s,
		peer:     peer,
		identity: grant.Identity,
		frames:   rate.NewLimiter(rate.Limit(limits.Rate), limits.Burst),
		joins:    rate.NewLimiter(perMinute(limits.Joins), limits.Joins),
		reports:  rate.NewLimiter(perMinute(limits.Reports), limits.Reports),
		rooms:    map[string]*member{},
	}
	s.sessions[peer] = sess
	if grant.Identity != "" {
		if of == nil {
			of = map[*session]struct{}{}
			s.peersOf[grant.Identity] = of
		}
		of[sess] = struct{}{}
	}
	s.log.Info().Str("peer", peer).Msg("session begins")
	return sess, 0
}

func perMinute(n int) rate.Limit { return rate.Limit(float64(n) / 60) }

// makePlace ends the session of that identity that has been away for longest, and returns false if none is away. Who reloads a page
// need not wait until the grace of the old one has passed.
func (s *Server) makePlace(identity string) bool {
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.peersOf[identity]))
	s.mu.Unlock()
	var oldest *session
	var since time.Time
	for _, sess := range all {
		sess.mu.Lock()
		if sess.conn == nil && (oldest == nil || sess.lost.Before(since)) {
			oldest, since = sess, sess.lost
		}
		sess.mu.Unlock()
	}
	if oldest == nil {
		return false
	}
	oldest.mu.Lock()
	defer oldest.mu.Unlock()
	if oldest.conn == nil { // if it has come back meanwhile, the caller looks again
		for name := range oldest.rooms {
			oldest.leave(name, protocol.LeftTimeout)
		}
		oldest.endIfOver()
	}
	return true
}

// take gives the session a grant, and the limits that go with it. sess.mu must be held.
func (sess *session) take(grant Grant) {
	sess.grant = grant
	limits := grant.limits(sess.server.limits)
	sess.frames.SetLimit(rate.Limit(limits.Rate))
	sess.frames.SetBurst(limits.Burst)
	sess.joins.SetLimit(perMinute(limits.Joins))
	sess.joins.SetBurst(limits.Joins)
	if !sess.mayRelay() {
		sess.endRelay()
	}
}

// resume returns a resume token of what the session is now. sess.mu must be held.
func (sess *session) resume() string {
	return sess.server.resume.seal(claimsOf(sess.peer, sess.instance, sess.grant, time.Now().Add(sess.server.limits.Resume)))
}

// detach takes the ended carrier's session from it: the peer is away, unless a newer carrier has the session already.
func (c *conn) detach() {
	sess := c.session
	if sess == nil {
		return
	}
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.conn != c {
		return
	}
	sess.conn, sess.lost = nil, time.Now()
	sess.away()
	sess.lapse()
	sess.endIfOver()
}

// away tells all rooms that the carrier is lost, and begins the grace, unless the server is ending. sess.mu must be held, as for all of
// the below.
func (sess *session) away() {
	s := sess.server
	for name, m := range sess.rooms {
		// At a shutdown it is on its way elsewhere, and the others will be soon: to tell them would show them an exodus.
		if s.closing.Load() || !m.room.away(m) {
			continue
		}
		var grace *timer
		grace = s.after(s.limits.Grace, func() {
			sess.mu.Lock()
			defer sess.mu.Unlock()
			// It has not come back meanwhile, and could have: at a shutdown nobody can.
			if m.grace == grace && !s.closing.Load() {
				sess.leave(name, protocol.LeftTimeout)
				sess.endIfOver()
			}
		})
		m.grace = grace
	}
}

// leave takes the peer out of a room.
func (sess *session) leave(name string, reason protocol.LeftReason) {
	m := sess.rooms[name]
	delete(sess.rooms, name)
	m.grace.stop()
	m.grace = nil
	if m.room.leave(m, reason) {
		sess.server.dropRoom(m.room)
	}
	if len(sess.rooms) == 0 {
		sess.endRelay() // it has nobody to reach over it
	}
}

// endIfOver forgets a session that has neither carrier nor room: a resume token can make it again.
func (sess *session) endIfOver() {
	s := sess.server
	if sess.conn != nil || len(sess.rooms) > 0 || sess.gone {
		return
	}
	sess.gone = true
	sess.lapser.stop()
	sess.endRelay()
	s.mu.Lock()
	delete(s.sessions, sess.peer)
	if of := s.peersOf[sess.identity]; of != nil {
		if delete(of, sess); len(of) == 0 {
			delete(s.peersOf, sess.identity)
		}
	}
	s.mu.Unlock()
	s.log.Info().Str("peer", sess.peer).Msg("session ends")
}

// stopTimers ends what would become of a session that is away, at a shutdown.
func (sess *session) stopTimers() {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	sess.lapser.stop()
	for _, m := range sess.rooms {
		m.grace.stop()
		m.grace = nil
	}
}
