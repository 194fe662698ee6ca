package signaling

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// first handles a connection's first frame, which must be a hello.
func (c *conn) first(frame []byte, env protocol.Envelope, err error) {
	if err == nil && env.Type != protocol.TypeHello {
		c.fault(protocol.CloseHelloExpected)
		return
	}
	var h protocol.Hello
	if err == nil {
		h, err = protocol.Decode[protocol.Hello](frame)
	}
	if err != nil {
		// Not a hello either, but whoever writes a client wants to know what was wrong with it.
		c.refuse(env, err)
		c.fault(protocol.CloseHelloExpected)
		return
	}
	if !slices.Contains(h.Versions, protocol.Version) {
		c.fault(protocol.CloseUnsupportedVersion)
		return
	}
	c.hello(h)
}

// fault closes a connection that has not said hello as it should, which counts against its address.
func (c *conn) fault(code protocol.CloseCode) {
	c.server.failures.add(c.addr, time.Now())
	c.close(code)
}

// hello opens or continues the session and answers with the welcome.
func (c *conn) hello(h protocol.Hello) {
	s := c.server
	peer, grant, err := c.identify(h)
	if err != nil {
		s.log.Debug().Err(err).Stringer("remote", c.addr).Msg("hello refused")
		c.turnAway(h, err)
		return
	}
	resumed := peer != ""
	if !resumed {
		peer = protocol.NewPeer()
	}
	sess := s.attach(c, peer, h, grant)
	if sess == nil {
		return
	}
	c.session = sess
	if c.checkRevoked(grant) {
		return
	}
	c.withICE(func(sess *session, servers []protocol.ICEServer, lifetime time.Duration) {
		c.welcome(h, sess, resumed, servers, lifetime)
	})
	c.beat(s.limits.Ping)
	s.log.Debug().Str("peer", peer).Stringer("remote", c.addr).Bool("resumed", resumed).Msg("hello")
}

// welcome answers the hello. sess.mu must be held.
func (c *conn) welcome(h protocol.Hello, sess *session, resumed bool, servers []protocol.ICEServer, lifetime time.Duration) {
	l := sess.grant.limits(c.server.limits)
	limits := protocol.Limits{
		Frame: l.Frame, Attributes: l.Attributes, Rate: l.Rate, Burst: l.Burst, Window: l.Window, Rooms: l.Rooms, Mesh: l.Mesh,
	}
	if c.server.reported != nil {
		limits.Reports = l.Reports
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.welcomed = true
	if c.closing {
		return
	}
	c.enqueueFrame(protocol.Encode(protocol.Welcome{
		ID: h.ID, Version: protocol.Version, Peer: sess.peer, Identity: sess.identity, Resume: sess.resume(), Resumed: resumed,
		Heartbeat: protocol.Heartbeat{Interval: l.Ping.Milliseconds(), Timeout: l.Silence.Milliseconds()}, Limits: limits,
		ICEServers: servers, ICELifetime: lifetime.Milliseconds(), Grace: l.Grace.Milliseconds(),
	}))
	c.renewICE(lifetime)
	c.watch(sess.grant)
}

// identify finds out who the client is and what it may do: from its resume token if that is still worth something, else from
// Authorize. peer is "" unless the resume token gives the client its peer id back.
//
// A token without the instance that it names is worth nothing: it belongs to an SDK object whose numbers the peers remember.
func (c *conn) identify(h protocol.Hello) (peer string, grant Grant, err error) {
	now := time.Now()
	old, ok := c.server.resume.open(h.Resume, now)
	ok = ok && old.Instance == h.Instance && old.grant().binds(h.Key)
	if g := old.grant(); ok && !g.expired(now) && !c.server.revocations.have(g, now) {
		return old.Peer, g, nil
	}
	grant, err = c.ask(h.Token, h.Instance, h.Key)
	if err == nil && c.server.revocations.have(grant, now) {
		c.server.failures.add(c.addr, now)
		err = errRevoked
	}
	if ok && err == nil && grant.Identity == old.Identity {
		peer = old.Peer
	}
	return peer, grant, err
}

// ask calls Authorize, unless the client's address has been refused so often that it must wait. The grant says all that it allows.
func (c *conn) ask(token, instance, key string) (Grant, error) {
	s := c.server
	if wait := s.failures.wait(c.addr, time.Now()); wait > 0 {
		return Grant{}, &limited{protocol.Errorf(protocol.CodeRateLimited,
			"too many refusals for your address; try again in %v", wait.Round(time.Millisecond)), wait}
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.limits.Callback)
	defer cancel()
	grant, err := s.authorize(ctx, AuthRequest{Token: token, RemoteAddr: c.addr, Origin: c.origin, Instance: instance, Key: key})
	now := time.Now()
	switch {
	case err != nil:
	case grant.expired(now):
		err = errGrantOver
	case !grant.binds(key):
		err = errOtherKey
	}
	if err != nil && !undecided(err) {
		s.failures.add(c.addr, now)
	}
	if grant.Allow == nil {
		grant.Allow = Ordinary()
	}
	return grant, err
}

// undecided tells an Authorize that did not come to an answer from one that refuses.
func undecided(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// turnAway ends a connection whose client does not get a session, with the reason if there is one for it to hear.
func (c *conn) turnAway(h protocol.Hello, err error) {
	var later *limited
	var coded *protocol.Error
	wait := errors.As(err, &later)
	if wait || errors.As(err, &coded) {
		c.refuse(protocol.Envelope{ID: h.ID}, err)
	}
	switch {
	case wait:
		c.close(protocol.CloseTryLater)
	case undecided(err):
		c.close(protocol.CloseInternal)
	case errors.Is(err, errRevoked):
		c.close(protocol.CloseRevoked)
	default:
		c.close(protocol.CloseUnauthorized)
	}
}
