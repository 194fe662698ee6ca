package peer

import (
	"errors"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	// maxViolations of the other side's within violationsWithin cost a connection each. One more is the end of the peer.
	maxViolations    = 3
	violationsWithin = time.Minute
)

// violations are how often the other side has broken the protocol of channels. The mutex is a leaf, and not the junction's: who holds that
// one may wait for who counts.
type violations struct {
	mu   sync.Mutex
	all  int
	last []time.Time // the latest, no more than maxViolations
}

// count counts one, and tells how many there have been, and whether this is one too many.
func (v *violations) count(now time.Time) (all int, tooMany bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all++
	tooMany = len(v.last) == maxViolations && now.Sub(v.last[0]) < violationsWithin
	v.last = append(v.last, now)
	v.last = v.last[max(0, len(v.last)-maxViolations):]
	return v.all, tooMany
}

// violated ends a connection on which the other side has said what makes no sense. What both sides know of each other's channels may be what
// is wrong, so another connection takes the place of this one, where they begin anew, and durable channels go on. With one who does it again and
// again that would never end: then it is the end of the peer, with the code of the last violation.
//
// What a connection says that has ended already is no violation: writes fail on it, with the code of its end.
func (j *junction) violated(c *connection, err error) {
	if c.ctx.Err() != nil {
		return
	}
	said, ok := errors.AsType[*protocol.Error](err)
	if !ok || said.Code == protocol.CodeConnectionLost { // a data channel did not work: that is the network's
		c.end(err)
		return
	}
	all, tooMany := j.violations.count(time.Now())
	log := c.log.Warn().Err(err).Int("violations", all)
	if tooMany {
		log.Msg("the peer breaks the protocol of channels again and again, and is given up")
		c.end(protocol.Errorf(said.Code, "the other side has broken the protocol %d times within %v, at last by this: %s",
			maxViolations+1, violationsWithin, said.Text))
		return
	}
	log.Msg("the peer breaks the protocol of channels: another connection takes the place of this one")
	c.end(protocol.Errorf(protocol.CodeConnectionLost, "the other side has broken the protocol (%s): %s", said.Code, said.Text))
}

// soFar is how many there were.
func (v *violations) soFar() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.all
}
