package peer

import (
	"math/rand/v2"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// read is the goroutine that takes what the server sends.
func (c *carrier) read() {
	for {
		frame, err := c.conduit.receive(c.silence)
		if err != nil {
			c.end(err)
			return
		}
		if err := c.take(frame); err != nil {
			// Unknown types and fields come from later versions; what is malformed can only be left out.
			c.log.Debug().Err(err).Msg("frame left out")
		}
	}
}

// take does what is the carrier's own business of a frame, and hands on the rest.
func (c *carrier) take(frame []byte) error {
	env, err := protocol.Parse(frame)
	if err != nil {
		return err
	}
	switch env.Type {
	case protocol.TypeWelcome:
		return c.greeted(frame)
	case protocol.TypePing:
		m, err := protocol.Decode[protocol.Ping](frame)
		if err == nil {
			c.post(protocol.Pong{T: m.T})
		}
		return err
	case protocol.TypeGoAway:
		m, err := protocol.Decode[protocol.GoAway](frame)
		if err == nil && c.inRoom {
			c.move(milliseconds(m.Within))
		}
		return err
	case protocol.TypeError:
		if !c.inRoom { // nothing has been asked for but to be let in
			m, err := protocol.Decode[protocol.ErrorReply](frame)
			if err != nil {
				return err
			}
			if !relayLimit(m.Code) {
				c.refuse(refusal(m))
				return nil
			}
		}
	}
	return c.cargo.handle(c, env.Type, frame)
}

// milliseconds is a duration of the wire. One that no server means, a longer one than a day or one of before now, is bounded: a
// product that overflows would be any duration, and a ticker of a negative one ends the program.
func milliseconds(n int64) time.Duration {
	const most = 24 * time.Hour
	return time.Duration(min(max(n, 0), most.Milliseconds())) * time.Millisecond
}

func (c *carrier) refuse(err error) {
	select {
	case c.refused <- err:
	default: // the first one is being dealt with
	}
}

func (c *carrier) greeted(frame []byte) error {
	select {
	case <-c.welcomed:
		return protocol.Errorf(protocol.CodeBadFrame, "the server said welcome twice")
	default:
	}
	w, err := protocol.Decode[protocol.Welcome](frame)
	if err != nil {
		c.refuse(err)
		return err
	}
	c.welcome = w
	if t := milliseconds(w.Heartbeat.Timeout); t > 0 {
		c.silence = t
	}
	close(c.welcomed)
	return nil
}

// move ends the carrier at a random moment of the window that a server gives which is about to end: not all of its clients are
// to arrive elsewhere at once.
func (c *carrier) move(within time.Duration) {
	after := time.Duration(rand.Float64() * float64(within))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.moving == nil {
		c.moving = time.AfterFunc(after, func() { c.end(errMoved) })
	}
}
