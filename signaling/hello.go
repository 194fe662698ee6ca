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
		c.close(protocol.CloseHelloExpected)
		return
	}
	var h protocol.Hello
	if err == nil {
		h, err = protocol.Decode[protocol.Hello](frame)
	}
	if err != nil {
		// Not a hello either, but whoever writes a client wants to know what was wrong with it.
		c.refuse(env, err)
		c.close(protocol.CloseHelloExpected)
		return
	}
	if !slices.Contains(h.Versions, protocol.Version) {
		c.close(protocol.CloseUnsupportedVersion)
		return
	}
	c.hello(h)
}

// hello opens or continues the session and answers with the welcome.
func (c *conn) hello(h protocol.Hello) {
	s := c.server
	peer, grant, err := c.identify(h)
	if err != nil {
		s.log.Debug().Err(err).Stringer("remote", c.addr).Msg("hello refused")
		c.close(refusalOf(err))
		return
	}
	resumed := peer != ""
	if !resumed {
		peer = protocol.NewPeer()
	}
	servers, lifetime := s.iceServers(ICERequest{Peer: peer, Identity: grant.Identity})
	sess := s.attach(c, peer, h, grant)
	if sess == nil {
		return
	}
	c.session = sess
	c.mu.Lock()
	c.welcomed = true
	c.mu.Unlock()
	l := s.limits
	c.push(protocol.Encode(protocol.Welcome{
		ID: h.ID, Version: protocol.Version, Peer: peer, Identity: grant.Identity,
		Resume: sess.resume(), Resumed: resumed,
		Heartbeat: protocol.Heartbeat{Interval: l.Ping.Milliseconds(), Timeout: l.Silence.Milliseconds()},
		Limits: protocol.Limits{
			Frame: l.Frame, Attributes: l.Attributes, Rate: l.Rate, Burst: l.Burst, Window: l.Window, Rooms: l.Rooms, Mesh: l.Mesh,
		},
		ICEServers: servers, ICELifetime: lifetime.Milliseconds(), Grace: l.Grace.Milliseconds(),
	}))
	c.beat(l.Ping)
	c.mu.Lock()
	if !c.closing {
		c.renewICE(lifetime)
	}
	c.mu.Unlock()
	s.log.Debug().Str("peer", peer).Stringer("remote", c.addr).Bool("resumed", resumed).Msg("hello")
}

// identify finds out who the client is and what it may do: from its resume token if that is still worth something, else from
// Authorize. peer is "" unless the resume token gives the client its peer id back.
//
// A token without the instance that it names is worth nothing: it belongs to an SDK object whose numbers the peers remember.
func (c *conn) identify(h protocol.Hello) (peer string, grant Grant, err error) {
	now := time.Now()
	old, ok := c.server.resume.open(h.Resume, now)
	ok = ok && old.Instance == h.Instance
	if ok && !old.grant().expired(now) {
		return old.Peer, old.grant(), nil
	}
	grant, err = c.ask(h.Token, h.Instance)
	if ok && err == nil && grant.Identity == old.Identity {
		peer = old.Peer
	}
	return peer, grant, err
}

// ask calls Authorize.
func (c *conn) ask(token, instance string) (Grant, error) {
	ctx, cancel := context.WithTimeout(c.server.ctx, c.server.limits.Callback)
	defer cancel()
	return c.server.authorize(ctx, AuthRequest{Token: token, RemoteAddr: c.addr, Origin: c.origin, Instance: instance})
}

// undecided tells an Authorize that did not come to an answer from one that refuses.
func undecided(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func refusalOf(err error) protocol.CloseCode {
	if undecided(err) {
		return protocol.CloseInternal
	}
	return protocol.CloseUnauthorized
}
