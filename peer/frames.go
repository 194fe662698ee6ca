package peer

import (
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

var _ cargo = (*Room)(nil)

// handle does what one frame says, all of it under the lock: whoever sees a part of its effects sees all.
func (r *Room) handle(c *carrier, kind protocol.Type, frame []byte) error {
	f, err := decode(kind, frame)
	if err != nil || f == nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.carrier != c || r.member == nil || r.condition == RoomClosed {
		return nil
	}
	switch f := f.(type) {
	case protocol.ICE:
		r.setICEServers(f.ICEServers)
		if f.Resume != "" { // the grants of now, and a new life
			r.resume = f.Resume
		}
		return nil
	case protocol.Expiring:
		r.expiring(c, milliseconds(f.Within))
		return nil
	case protocol.Joined:
		if f.Room != r.name {
			return nil
		}
		r.state.topology = f.Topology
		r.whole = false
		defer c.enter()
	case protocol.ErrorReply:
		if relayLimit(f.Code) {
			r.emit(Event{Kind: EventLimit, Err: refusal(f)})
			return nil
		}
		if f.N == 0 {
			r.log.Debug().Err(refusal(f)).Msg("the server refused a frame")
			r.updates.refused(f)
			return nil
		}
	}
	r.member.step(delivery.Received{Frame: f})
	return nil
}

// decode reads a frame that a room has a use for; nil for others, which later versions may have.
func decode(kind protocol.Type, frame []byte) (protocol.Frame, error) {
	switch kind {
	case protocol.TypeEvent:
		return protocol.Decode[protocol.Event](frame)
	case protocol.TypeSignal:
		return protocol.Decode[protocol.Signal](frame)
	case protocol.TypeReceipt:
		return protocol.Decode[protocol.Receipt](frame)
	case protocol.TypeExpiring:
		return protocol.Decode[protocol.Expiring](frame)
	case protocol.TypeJoined:
		return protocol.Decode[protocol.Joined](frame)
	case protocol.TypeError:
		return protocol.Decode[protocol.ErrorReply](frame)
	case protocol.TypePong:
		return protocol.Decode[protocol.Pong](frame)
	case protocol.TypeICE:
		return protocol.Decode[protocol.ICE](frame)
	}
	return nil, nil
}

// relayLimit tells errors that answer no frame.
func relayLimit(code protocol.ErrorCode) bool {
	return code == protocol.CodeRelayAllocations || code == protocol.CodeRelayBytes || code == protocol.CodeRelayBandwidth
}

// setICEServers takes the server's, unless the Config has its own.
func (r *Room) setICEServers(fromServer []protocol.ICEServer) {
	if r.cfg.ICEServers != nil {
		fromServer = r.cfg.ICEServers
	}
	r.factory.setICEServers(fromServer)
}

// fill lets the machine make the next frame.
func (r *Room) fill(c *carrier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.carrier == c && r.member != nil {
		r.member.step(delivery.Writable{})
	}
}

// beat makes the ping of a heartbeat: the machine's, which acknowledges, or a plain one while it is not in the room.
func (r *Room) beat(c *carrier) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.carrier != c {
		return
	}
	select {
	case <-c.entered:
		r.member.step(delivery.Beat{})
	default:
		c.post(protocol.Ping{})
	}
}
