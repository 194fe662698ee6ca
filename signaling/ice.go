package signaling

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// iceFunc is Config.ICEServers.
type iceFunc func(context.Context, ICERequest) ([]protocol.ICEServer, time.Duration, error)

// minRenewal keeps a lifetime of next to nothing from becoming a busy loop.
const minRenewal = time.Second

// iceServers calls Config.ICEServers. Without an answer the client gets none: peers that reach each other directly connect all the same.
func (s *Server) iceServers(req ICERequest) ([]protocol.ICEServer, time.Duration) {
	servers := []protocol.ICEServer{} // not nil: it is `[]` on the wire, what RTCPeerConnection takes
	if s.ice == nil {
		return servers, 0
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.limits.Callback)
	defer cancel()
	got, lifetime, err := s.ice(ctx, req)
	if err != nil {
		if s.ctx.Err() == nil {
			s.log.Error().Err(err).Str("peer", req.Peer).Msg("no ICE servers")
		}
		return servers, s.limits.Grace // ask again soon
	}
	if !req.Relay {
		got = withoutRelays(got)
	}
	return append(servers, got...), lifetime
}

// withoutRelays leaves what somebody may have who may not use a relay: STUN, which needs no credentials.
func withoutRelays(servers []protocol.ICEServer) []protocol.ICEServer {
	var open []protocol.ICEServer
	for _, server := range servers {
		var urls []string
		for _, u := range server.URLs {
			if scheme, _, _ := strings.Cut(u, ":"); strings.EqualFold(scheme, "stun") || strings.EqualFold(scheme, "stuns") {
				urls = append(urls, u)
			}
		}
		if urls != nil {
			open = append(open, protocol.ICEServer{URLs: urls})
		}
	}
	return open
}

// renewICE schedules the next push of ICE servers, at three quarters of the lifetime of the last, or of that of the resume token which
// comes with them: a session may outlive it. c.mu must be held.
func (c *conn) renewICE(lifetime time.Duration) {
	c.fresh.stop()
	if longest := c.server.limits.Resume; lifetime <= 0 || lifetime > longest {
		lifetime = longest
	}
	var fresh *timer
	fresh = c.server.after(max(lifetime*3/4, minRenewal), func() {
		c.mu.Lock()
		self := fresh // set under the lock, a moment after this could have begun
		c.mu.Unlock()
		c.pushICE(0, self)
	})
	c.fresh = fresh
}

// pushICE sends ICE servers and schedules the next. A renewal names its own timer: if a `token` frame has brought newer ones
// meanwhile, what it has is old.
func (c *conn) pushICE(id uint64, renewal *timer) {
	c.withICE(func(sess *session, servers []protocol.ICEServer, lifetime time.Duration) {
		resume := sess.resume()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.closing || renewal != nil && c.fresh != renewal {
			return
		}
		c.enqueueFrame(protocol.Encode(protocol.ICE{ID: id, ICEServers: servers, ICELifetime: lifetime.Milliseconds(), Resume: resume}))
		c.renewICE(lifetime)
	})
}

// onToken replaces the session's grant. The identity stays: the other members know the peer by it.
func (c *conn) onToken(frame []byte) error {
	t, err := protocol.Decode[protocol.Token](frame)
	if err != nil {
		return err
	}
	sess := c.session
	sess.mu.Lock()
	instance, key := sess.instance, sess.shown.key
	sess.mu.Unlock()
	grant, err := c.ask(t.Token, instance, key) // without the lock: it may take its time
	var wait *limited
	switch {
	case errors.As(err, &wait):
		return wait
	case err != nil && undecided(err):
		c.server.log.Error().Err(err).Str("peer", sess.peer).Msg("token not checked")
		return protocol.Errorf(protocol.CodeInternal, "the token could not be checked; try again")
	case err != nil:
		c.server.log.Debug().Err(err).Str("peer", sess.peer).Msg("token refused")
		return protocol.Errorf(protocol.CodeUnauthorized, "the token was refused; what the old one allows still holds")
	case grant.Identity != sess.identity:
		return protocol.Errorf(protocol.CodeForbidden, "the token is another identity's; a new session is needed for that")
	case c.server.revocations.have(grant, time.Now()):
		return errRevoked
	}
	if err := c.held(func(sess *session) error { sess.take(grant); return nil }); err != nil {
		return err
	}
	if c.checkRevoked(grant) {
		return nil
	}
	c.mu.Lock()
	if !c.closing {
		c.watch(grant)
	}
	c.mu.Unlock()
	c.pushICE(t.ID, nil)
	return nil
}
