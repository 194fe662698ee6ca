package signaling

import (
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// onRoute passes a signal or receipt on, at most once and in the order in which it came.
//
// A receipt that cannot be delivered is dropped without an error: nobody waits for its answer, and an `error` with its n would
// be taken for one about the signal of that number.
func (c *conn) onRoute(frame []byte, env protocol.Envelope) error {
	if err := env.CheckRoute(); err != nil {
		return err
	}
	sess := c.session
	sess.mu.Lock()
	defer sess.mu.Unlock()
	if sess.conn != c {
		return nil
	}
	m := sess.rooms[string(env.Room)]
	if m == nil || m.grace != nil {
		return errNotInRoom
	}
	if env.Type == protocol.TypeSignal {
		if err := sess.speaks(m, PermissionSignal, errNoSignal); err != nil {
			return err
		}
		if c.server.candidates {
			m.room.announce(m, env.Data) // before it is passed on, upon which the recipient may ask
		}
	}
	to, err := m.room.carrierOf(env.To, env.ToInstance)
	if err != nil {
		return silentIf(env, err)
	}
	if to == nil {
		c.server.count.drops[DropAway].Add(1)
		return nil
	}
	switch to.offer(protocol.Forward(frame, env, sess.peer, sess.instance), false) {
	case noRoom:
		c.server.count.drops[DropBusy].Add(1)
		return silentIf(env, errBusy)
	case ended: // the peer is about to be away
		c.server.count.drops[DropAway].Add(1)
	}
	return nil
}

// The refusals of routing are made once: they are on the path of every frame that a flood could send.
var (
	errBusy          = protocol.Errorf(protocol.CodeBusy, "the recipient's queue is full; send it again later")
	errUnknownPeer   = protocol.Errorf(protocol.CodeUnknownPeer, "no such peer is in this room")
	errStaleInstance = protocol.Errorf(protocol.CodeStaleInstance, "the peer is now another instance")
)

func silentIf(env protocol.Envelope, err error) error {
	if env.Type == protocol.TypeReceipt {
		return nil
	}
	return err
}

// onMessage says something to the whole room, the sender included.
func (c *conn) onMessage(env protocol.Envelope) error {
	switch {
	case !protocol.ValidRoom(string(env.Room)):
		return protocol.Errorf(protocol.CodeBadRoom, "message: room is missing or not a room's name")
	case env.N == 0:
		return protocol.Errorf(protocol.CodeBadFrame, "message: n counts from 1")
	case env.After >= env.N:
		return protocol.Errorf(protocol.CodeBadFrame, "message: after is not below n")
	case env.Data == nil:
		return protocol.Errorf(protocol.CodeBadFrame, "message: data is needed")
	}
	return c.held(func(sess *session) error {
		m, err := sess.member(string(env.Room))
		if err != nil {
			return err
		}
		if err := sess.speaks(m, PermissionMessage, errNoMessage); err != nil {
			return err
		}
		m.room.say(m, env.N, env.After, env.Data)
		return nil
	})
}

// onPing answers a ping and takes the acknowledgements that ride on it. A room that the client has just left is no error here.
// The pong is queued behind all events of before, or behind the marker from which they will be written: so it shows its reader
// that nothing older is under way.
func (c *conn) onPing(frame []byte) error {
	p, err := protocol.Decode[protocol.Ping](frame)
	if err != nil {
		return err
	}
	pong := protocol.Pong{T: p.T}
	err = c.held(func(sess *session) error {
		for name, position := range p.Acks {
			m, err := sess.member(name)
			if err != nil {
				continue
			}
			if pong.Stable == nil {
				pong.Stable = map[string]uint64{}
			}
			pong.Stable[name] = m.room.stableFor(m, position)
		}
		return nil
	})
	c.push(protocol.Encode(pong))
	return err
}

// onAck takes an acknowledgement.
func (c *conn) onAck(frame []byte) error {
	a, err := protocol.Decode[protocol.Ack](frame)
	if err != nil {
		return err
	}
	return c.held(func(sess *session) error {
		m, err := sess.member(a.Room)
		if err != nil {
			return err
		}
		m.room.ack(m, a.Position)
		return nil
	})
}
