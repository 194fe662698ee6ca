package signaling

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Revocation says whom Revoke shuts out: those of whom all that it names is true. One that names nothing is about nobody.
type Revocation struct {
	// Identity is that of a Grant; "" is anybody's.
	Identity string
	// TokenID is that of a Grant; "" is any.
	TokenID string
	// Until is when it ends. Zero means after Limits.Resume, when the last resume token of before has ended; a join token that lives
	// longer needs its own end here.
	Until time.Time
}

// Revoke ends the sessions of whom the revocation names, as Kick does, but as `revoked`, and returns how many there were. Until it
// ends, their tokens and resume tokens are refused. The same names with another end take the place of the one before, and a time that has
// passed takes it back. Revocations are kept in memory: after a restart they have to be told again.
func (s *Server) Revoke(r Revocation) int {
	if r.Identity == "" && r.TokenID == "" || !s.visit() {
		return 0
	}
	defer s.running.Done()
	if r.Until.IsZero() {
		r.Until = time.Now().Add(s.limits.Resume)
	}
	// First this: who comes in meanwhile looks at it after it is listed among the sessions.
	if forgotten := s.revocations.add(r, time.Now()); forgotten > 0 {
		s.log.Error().Int("forgotten", forgotten).Int("limit", s.limits.Revocations).Msg("too many revocations: those that would end first are forgotten")
	}
	ended := 0
	for _, sess := range s.sessionsOf(r.Identity) {
		if sess.expel(protocol.CloseRevoked, r.means) {
			ended++
		}
	}
	return ended
}

// errRevoked is the refusal of a token, made once.
var errRevoked = protocol.Errorf(protocol.CodeRevoked, "your token, or all tokens of your identity, have been revoked")

// checkRevoked ends the connection's session if the grant that it has just taken was revoked meanwhile: Revoke may have looked for
// it a moment before.
func (c *conn) checkRevoked(grant Grant) bool {
	have := func(g Grant) bool { return c.server.revocations.have(g, time.Now()) }
	return have(grant) && c.session.expel(protocol.CloseRevoked, have)
}

// means tells whether the revocation is about a grant.
func (r Revocation) means(g Grant) bool {
	return (r.Identity == "" || r.Identity == g.Identity) && (r.TokenID == "" || r.TokenID == g.TokenID)
}

// sessionsOf returns the sessions of an identity, or all for "".
func (s *Server) sessionsOf(identity string) []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if identity == "" {
		return slices.Collect(maps.Values(s.sessions))
	}
	return slices.Collect(maps.Keys(s.peersOf[identity]))
}

// revocations are those that have not ended.
type revocations struct {
	most int

	mu    sync.Mutex
	until map[revoked]time.Time // guarded by mu; at most `most`
}

// revoked is whom a revocation names.
type revoked struct{ identity, tokenID string }

// add takes a revocation, and returns how many others had to be forgotten for it.
func (r *revocations) add(next Revocation, now time.Time) (forgotten int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	key := revoked{next.Identity, next.TokenID}
	delete(r.until, key)
	if !next.Until.After(now) {
		return 0
	}
	for len(r.until) >= r.most {
		delete(r.until, r.first())
		forgotten++
	}
	r.until[key] = next.Until
	return forgotten
}

// have tells whether a grant is revoked.
func (r *revocations) have(g Grant, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A grant without an identity, or without a token's name, meets no entry by what it lacks: none is without both.
	for _, key := range [...]revoked{{g.Identity, ""}, {"", g.TokenID}, {g.Identity, g.TokenID}} {
		if now.Before(r.until[key]) {
			return true
		}
	}
	return false
}

// count is how many there are.
func (r *revocations) count(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	return len(r.until)
}

// sweep forgets those that have ended. r.mu must be held, as for first.
func (r *revocations) sweep(now time.Time) {
	maps.DeleteFunc(r.until, func(_ revoked, until time.Time) bool { return !now.Before(until) })
}

// first is the one that ends before all others.
func (r *revocations) first() (first revoked) {
	var soonest time.Time
	for key, until := range r.until {
		if soonest.IsZero() || until.Before(soonest) {
			first, soonest = key, until
		}
	}
	return first
}
