package peer

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// How long what may take; see "Connections that are lost" and "The control channel" in the protocol's README.
const (
	heartbeat    = 1250 * time.Millisecond
	maxPings     = 3                // in a row without an answer
	suspectFor   = 2 * time.Second  // Pion says that the way is lost, and it may come back by itself
	lookFor      = 15 * time.Second // for another way, before another connection takes the place of this one
	openFor      = 8 * time.Second  // on a way that ICE has found, before another connection takes the place of this one
	restartEvery = 5 * time.Second  // while the way is lost; Pion's checks go on for as long, see newFactory
	maxResend    = 3 * time.Second  // SCTP sends again within that
	// recheckEvery is the same for a connection that takes the place of another and is not connected yet. It is longer, because a
	// restart ends the gathering of candidates that is under way, and a TURN server that is reached over TCP takes its time.
	recheckEvery = 8 * time.Second
)

// lookout is what run knows of the way to the other side.
type lookout struct {
	looked    time.Time // last
	giveUpAt  time.Time // counted while the other side can be reached; zero while there is a way
	restartAt time.Time // zero when none is planned
	suspectAt time.Time // when a way that Pion takes for lost is; zero when it does not
	openAt    time.Time // when a connection that has a way and no association is lost; zero when it has none, or both

	met      bool // connected
	lost     bool // and the way is lost since
	found    bool // a way, by ICE, since it was lost
	ice      webrtc.ICEConnectionState
	offering bool // an offer of this side has no answer
	again    bool // and another is to follow it
	agreed   bool // both descriptions are there

	heard    time.Time // something came
	bytes    uint64    // that the association had received
	listened time.Time // when it was asked
	pings    int       // since then
	pingAt   time.Time
	lostAt   time.Time
	pinging  uint64 // the number of the last ping
}

func (l *lookout) start(now, deadline time.Time) { l.looked, l.giveUpAt = now, deadline }

// look does what is due, and returns after what time it wants to be called again at the latest. It does not mind how often.
func (c *connection) look(now time.Time) (time.Duration, error) {
	l := &c.lookout
	reachable := c.reachable()
	// A look that comes late comes from a machine that slept, and that tells nothing of the other side.
	if elapsed := now.Sub(l.looked); !l.giveUpAt.IsZero() && (!reachable || elapsed > 2*heartbeat) {
		l.giveUpAt = l.giveUpAt.Add(elapsed)
		if !l.met {
			c.deadline.putOff(elapsed)
		}
		if !l.openAt.IsZero() {
			l.openAt = l.openAt.Add(elapsed)
		}
	}
	l.looked = now
	if !l.met && c.isConnected() {
		l.met = true
		l.giveUpAt, l.restartAt, l.openAt = time.Time{}, time.Time{}, time.Time{}
		l.heard, l.listened, l.pingAt = now, now, now.Add(heartbeat)
	}
	if err := c.lookAtICE(now, reachable); err != nil {
		return 0, err
	}
	c.lookAtAddresses(now)
	if l.met {
		c.listen(now)
	}
	if reachable {
		switch {
		case !due(l.giveUpAt, now):
		case l.met:
			return 0, protocol.Errorf(protocol.CodeConnectionLost, "no other way to the peer was found within %v", lookFor)
		default:
			return 0, c.late()
		}
		// Pion does not tell when SCTP could not be begun: when the other side had closed the connection already, for one.
		if due(l.openAt, now) {
			return 0, protocol.Errorf(protocol.CodeConnectionLost, "there is a way to the peer, and no association on it after %v", openFor)
		}
		if due(l.restartAt, now) {
			if err := c.restart(now); err != nil {
				return 0, err
			}
		}
	}
	return l.wait(), nil
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// wait is the time until something is due. What is due already waits for the other side to be reachable.
func (l *lookout) wait() time.Duration {
	wait := heartbeat
	if l.lost {
		wait = heartbeat / 5 // nothing else says when it is found again
	}
	for _, at := range []time.Time{l.giveUpAt, l.restartAt, l.suspectAt, l.openAt, l.pingAt} {
		if at.After(l.looked) {
			wait = min(wait, at.Sub(l.looked))
		}
	}
	return wait
}

// lookAtICE takes up what Pion says of the way.
func (c *connection) lookAtICE(now time.Time, reachable bool) error {
	l := &c.lookout
	c.mu.Lock()
	ice := c.ice
	c.mu.Unlock()
	if ice != l.ice {
		l.ice, l.suspectAt, l.openAt = ice, time.Time{}, time.Time{}
		switch {
		case ice == webrtc.ICEConnectionStateConnected && !l.met:
			l.openAt = now.Add(openFor)
		case ice == webrtc.ICEConnectionStateDisconnected:
			l.suspectAt = now.Add(suspectFor)
		case ice == webrtc.ICEConnectionStateConnected && l.lost && !l.found:
			// There is a way, and what waits for it is sent again within maxResend. Once, lest an association that is dead beside
			// it were never given up.
			l.found = true
			l.restartAt = now.Add(restartEvery)
			if l.giveUpAt.Before(l.restartAt) {
				l.giveUpAt = l.restartAt
			}
		case ice != webrtc.ICEConnectionStateFailed:
		case l.met:
			c.lose(now)
			l.restartAt = now
		case c.replaces || !reachable:
			l.restartAt = now
		default:
			return protocol.Errorf(protocol.CodeConnectFailed, "no way to the peer was found; is there a TURN server?")
		}
	}
	if due(l.suspectAt, now) {
		l.suspectAt = time.Time{}
		c.lose(now)
	}
	return nil
}

// listen is the heartbeat.
func (c *connection) listen(now time.Time) {
	l := &c.lookout
	heard := c.began.Add(time.Duration(c.heardAt.Load()))
	// Acknowledgements are progress, and when nobody reads on either side there is nothing but probes of the windows. Nobody says
	// when they came: at some time after the last look. So while they come it is worth to look more often.
	if _, bytes := c.traffic(); bytes != l.bytes {
		l.bytes = bytes
		if since := l.listened; l.lost {
			heard = now
		} else if since.After(heard) {
			heard = since
		}
		l.pingAt = now.Add(heartbeat / 5)
	}
	l.listened = now
	if heard.After(l.heard) {
		l.heard, l.pings = heard, 0
		l.pingAt = now.Add(heartbeat / 5)
		if l.lost && heard.After(l.lostAt) {
			l.lost = false
			l.giveUpAt, l.restartAt = time.Time{}, time.Time{}
			c.moved(StateConnected)
		}
	}
	if now.Before(l.pingAt) {
		return
	}
	switch {
	case now.Before(l.heard.Add(heartbeat)):
		l.pingAt = l.heard.Add(heartbeat)
	case l.pings < maxPings:
		l.pings++
		l.pinging++
		c.utter(controlMessage{Ping: &l.pinging})
		l.pingAt = now.Add(heartbeat)
	default:
		l.pingAt = time.Time{}
		c.lose(now)
	}
}

// lose is called when the way is lost. It is looked for from now on.
func (c *connection) lose(now time.Time) {
	l := &c.lookout
	if l.lost || !l.met {
		return
	}
	l.lost, l.lostAt, l.found = true, now, false
	l.giveUpAt, l.restartAt = now.Add(lookFor), now
	c.moved(StateReconnecting)
}

// restart looks for another way: by an offer, or by asking for one. While the way stays lost it is done again.
func (c *connection) restart(now time.Time) error {
	l := &c.lookout
	l.restartAt = time.Time{}
	switch {
	case l.offering || !l.agreed:
		l.again = l.agreed
		return nil
	case c.offers:
		if err := c.offer(true); err != nil {
			return protocol.Errorf(protocol.CodeConnectionLost, "no other way to the peer can be looked for: %v", err)
		}
	default:
		c.say(protocol.SignalData{Want: true})
	}
	c.planRestart(now)
	return nil
}

// settled is called when both descriptions are there, for the first time or again: who has just looked for a way needs not be
// asked to.
func (c *connection) settled(now time.Time) {
	l := &c.lookout
	l.offering, l.agreed = false, true
	if c.planRestart(now); l.again {
		l.again = false
		l.restartAt = now
	}
}

func (c *connection) planRestart(now time.Time) {
	switch l := &c.lookout; {
	case l.lost:
		l.restartAt = now.Add(restartEvery)
	case !l.met && c.replaces:
		l.restartAt = now.Add(recheckEvery)
	default:
		l.restartAt = time.Time{}
	}
}
