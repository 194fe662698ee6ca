package peer

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"golang.org/x/time/rate"
)

// write is the goroutine that sends. It keeps to the rate that the welcome allows, because the server drops what is beyond it.
// A frame is made only when it can be written: so none gets old here, and one receipt stands for all that came until then. A
// heartbeat that is due goes before all others.
func (c *carrier) write() {
	var pace *rate.Limiter
	var beats <-chan time.Time
	var batch [][]byte
	started := c.started
	for {
		select {
		case <-beats:
			c.cargo.beat(c)
		default:
		}
		wait := untilNext(pace)
		if wait == 0 {
			if batch = c.load(batch[:0], pace); len(batch) > 0 {
				if err := c.conduit.send(batch); err != nil {
					c.lastWords()
					c.end(err)
					return
				}
				continue
			}
		}
		var paced <-chan time.Time
		wake := c.wake
		if wait > 0 {
			paced, wake = time.After(wait), nil
		}
		select {
		case <-started:
			started, pace = nil, c.pace
			ticker := time.NewTicker(c.interval())
			defer ticker.Stop()
			beats = ticker.C
		case <-beats:
			c.cargo.beat(c)
		case <-paced:
		case <-wake:
		case <-c.done:
			return
		}
	}
}

// lastWords waits for read to find out why nothing can be written any more: a server that closes says so.
func (c *carrier) lastWords() {
	timer := time.NewTimer(lastWordsTimeout)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	}
}

// interval is the time between two heartbeats.
func (c *carrier) interval() time.Duration {
	if i := milliseconds(c.welcome.Heartbeat.Interval); i > 0 {
		return i
	}
	return defaultSilence / 2
}

// load fills a batch with what there is to write, as far as the pace and the conduit allow.
func (c *carrier) load(batch [][]byte, pace *rate.Limiter) [][]byte {
	for bytes := 0; len(batch) < c.conduit.batch() && bytes < softBody && untilNext(pace) == 0; {
		frame := c.next()
		if frame == nil {
			break
		}
		if pace != nil {
			pace.Allow()
		}
		batch = append(batch, frame)
		bytes += len(frame)
	}
	return batch
}

// next returns the next frame to write, nil for none.
func (c *carrier) next() []byte {
	if frame := c.pop(); frame != nil {
		return frame
	}
	c.cargo.fill(c)
	return c.pop()
}

func (c *carrier) pop() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.urgent) == 0 {
		return nil
	}
	frame := c.urgent[0]
	c.urgent = c.urgent[1:]
	return frame
}

// post queues a frame that goes before those of fill. They are few: one that finds maxUrgent before it means that the server
// takes nothing any more.
func (c *carrier) post(f protocol.Frame) {
	c.mu.Lock()
	full := len(c.urgent) >= maxUrgent
	if !c.bye && !full {
		c.urgent = append(c.urgent, protocol.Encode(f))
		c.bye = f.Type() == protocol.TypeBye
	}
	c.mu.Unlock()
	if full {
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the server takes no frames; %d wait", maxUrgent))
	}
	c.signalWake()
}

// mention is post for what may as well not be said: it is left out where others wait.
func (c *carrier) mention(f protocol.Frame) {
	c.mu.Lock()
	busy := len(c.urgent) >= maxUrgent/4
	c.mu.Unlock()
	if !busy {
		c.post(f)
	}
}

func (c *carrier) signalWake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
