package peer

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

const (
	// attemptTimeout is how long an attempt to reconnect may take over one carrier, from its first packet to the room.
	attemptTimeout = 10 * time.Second
	// byeTimeout is how long a server may take to end a session that is of no use.
	byeTimeout = 2 * time.Second
)

// errUnknown ends a carrier whose server does not know this peer any more. To everybody else the one that comes next is another.
var errUnknown = errors.New("the server does not know this peer any more")

// keep is the goroutine that keeps the room on its server, over one carrier after another. When it ends, so does the room, or
// Close is about to end it.
func (r *Room) keep(c *carrier) {
	failures := 0
	for {
		since := time.Now()
		<-c.done
		lasted := time.Since(since) >= lasting
		if lasted {
			failures = 0
		}
		err := c.err
		r.lost(c)
		fell := r.ladder.ended(r.ladder.rung(c.kind), c.opened, time.Now(), err)
		r.log.Info().Err(err).Str("carrier", string(c.kind)).Msg("signaling connection lost")
		for c = nil; c == nil; {
			if r.leaving.Err() != nil {
				return
			}
			after, again := mayPass(err)
			if !again && !r.outdated(err) {
				r.finish(carrierError(err, protocol.CodeConnectionLost))
				return
			}
			if atOnce := fell || err == errUnknown || (err == errMoved || err == errUprooted) && lasted; !atOnce {
				if !sleep(r.leaving, backoff(failures, rand.Float64(), r.longest, after)) {
					return
				}
				failures++
			}
			fell = false
			if c, err = r.board(r.leaving, attemptTimeout); err != nil {
				r.log.Debug().Err(err).Int("failures", failures).Msg("not joined again")
			}
		}
		r.log.Info().Str("peer", r.ID()).Str("carrier", string(c.kind)).Msg("joined again")
	}
}

// sleep waits, and tells whether ctx lasted for as long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// board connects, says hello and joins, over one carrier after the other. Join does it first, and keep from then on. last bounds the
// attempt over the last of them; 0 leaves that to ctx.
func (r *Room) board(ctx context.Context, last time.Duration) (*carrier, error) {
	token, fresh, err := r.credential(ctx, min(last, sourceTimeout))
	if err != nil {
		return nil, err
	}
	r.fresh = fresh
	from, to := r.ladder.begin(time.Now(), r.network())
	var failures []failure
	for rung := from; rung < to; {
		kind, within, opening := r.ladder.rungs[rung], attemptTimeout, openWithin
		if rung+1 == to {
			within = last
			if !r.ladder.proven || len(r.ladder.rungs) == 1 {
				opening = 0 // there is no other left
			}
		}
		c, err := r.try(ctx, kind, token, within, opening)
		if err == nil {
			r.ladder.won(rung, time.Now())
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r.log.Debug().Err(err).Str("carrier", string(kind)).Msg("carrier failed")
		switch {
		case climbs(err):
		case c == nil || !died(err):
			return nil, err
		case rung+1 < to && !r.ladder.ended(rung, c.opened, time.Now(), err):
			continue // once more
		}
		failures = append(failures, failure{kind, err})
		rung++
	}
	err = exhausted(r.server, failures)
	r.ladder.forget()
	return nil, err
}

// try is board over one carrier. If it fails after the carrier was open, it returns that as well.
func (r *Room) try(ctx context.Context, kind Carrier, token string, within, opening time.Duration) (*carrier, error) {
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, within, tooLate{within})
		defer cancel()
	}
	hello := r.hello(token)
	a := approach{server: r.server, cfg: &r.cfg, hello: protocol.Encode(hello), within: opening}
	conduit, err := a.open(ctx, kind)
	if err != nil {
		return nil, err
	}
	c := newCarrier(conduit, kind, r, r.log)
	c.from = a.address()
	if !r.adopt(c) {
		conduit.close()
		return nil, context.Cause(r.leaving)
	}
	if err = r.enter(ctx, c, hello.Resume); err == nil {
		return c, nil
	}
	if r.leaving.Err() == nil { // else Close says goodbye on it
		c.end(err)
		r.lost(c)
	}
	return c, err
}

// adopt makes c the room's carrier and starts it, unless the room is being closed.
func (r *Room) adopt(c *carrier) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leaving.Err() != nil {
		return false
	}
	r.carrier = c
	r.goroutines.Go(c.read)
	r.goroutines.Go(c.write)
	return true
}

// hello makes the first frame of a carrier.
func (r *Room) hello(token string) protocol.Hello {
	r.mu.Lock()
	resume := r.resume
	r.mu.Unlock()
	if resume == "" {
		// As another peer it is another instance, too: the one before may still be in the room, as away.
		r.instance = protocol.NewInstance()
	}
	hello := protocol.Hello{
		Versions: []string{protocol.Version},
		Token:    token,
		Instance: r.instance,
		// Pion cannot roll back an offer (pion/webrtc#2133): saying so makes this side the one that offers to browsers.
		Capabilities: protocol.Capabilities{protocol.CapabilityRollback: false, capabilityAskToClose: true},
		Resume:       resume,
	}
	r.verifying.show(&hello)
	return hello
}

// enter waits for the answer to the hello, and joins.
func (r *Room) enter(ctx context.Context, c *carrier, resume string) error {
	if err := c.await(ctx, c.welcomed); err != nil {
		return err
	}
	known := resume == "" || c.welcome.Resumed
	r.mu.Lock()
	if r.resume = ""; known {
		r.resume = c.welcome.Resume
	}
	r.mu.Unlock()
	if !known {
		c.post(protocol.Bye{})
		ctx, cancel := context.WithTimeout(ctx, byeTimeout)
		defer cancel()
		c.await(ctx, nil) // for its end
		return errUnknown
	}
	c.post(r.welcomed(c))
	return c.await(ctx, c.entered)
}

// welcomed takes what a welcome says, and makes the join that goes on where the log was left.
func (r *Room) welcomed(c *carrier) protocol.Join {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limits = c.welcome.Limits
	r.setICEServers(c.welcome.ICEServers)
	if m := r.member; m == nil || m.peer != c.welcome.Peer || m.instance != r.instance {
		r.begin(c.welcome)
	} else if limit, burst := paceOf(r.limits); r.pace != nil {
		r.pace.SetLimit(limit)
		r.pace.SetBurst(burst)
	}
	r.state.mesh = r.limits.Mesh
	c.start(r.pace)
	return protocol.Join{
		Room: r.name, Attributes: r.updates.join(), Topology: r.state.topology,
		Epoch: r.member.machine.Epoch(), Position: r.member.machine.Position(),
	}
}

// begin becomes the peer that the welcome names. To everybody else that is a new one, and so are they to it. The caller holds mu.
func (r *Room) begin(w protocol.Welcome) {
	before := r.member
	r.member = newMembership(r, w, r.instance)
	r.id, r.state.self, r.state.machine = w.Peer, w.Peer, r.member.machine
	r.state.changed()
	r.pace = newPace(w.Limits)
	r.longest = longestFor(milliseconds(w.Grace))
	if before == nil {
		return
	}
	gone := r.everybody(before.machine.Members())
	clear(r.peers)
	r.emit(Event{Kind: EventGap})
	for _, p := range gone {
		r.bury(p, protocol.LeftTimeout)
	}
	before.close(protocol.Errorf(protocol.CodeConnectionLost, "the server does not know this peer any more"))
}

// lost takes the end of a carrier.
func (r *Room) lost(c *carrier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.carrier != c {
		return
	}
	r.carrier, r.whole = nil, false
	if r.member != nil {
		r.member.step(delivery.Lost{})
	}
	r.updates.lost()
	if r.leaving.Err() == nil { // else it was the answer to the goodbye
		r.become(RoomReconnecting)
	}
}
