package peer

import (
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// ackEvery is after how many events the server is told that they have arrived; heartbeats say so too.
const ackEvery = 16

// read is the goroutine that handles what the server sends. When it ends, so does the room.
func (r *Room) read() {
	defer close(r.readEnded)
	defer r.session.ws.Close()
	for {
		frame, err := r.session.receive()
		if err != nil {
			r.lost(err)
			return
		}
		if err := r.handle(frame); err != nil {
			// Unknown types and fields come from later versions; what is malformed can only be left out.
			r.log.Debug().Err(err).Msg("frame left out")
		}
	}
}

// write is the goroutine that sends frames and heartbeats.
func (r *Room) write() {
	err := r.session.write(r.ctx, r.wake, r.next, r.beat)
	if r.ctx.Err() == nil {
		r.lost(err)
	}
	if !r.closing.Load() {
		r.session.ws.Close() // ends read; Close does it when it has waited for the server's goodbye
	}
}

// lost ends the room because its session has ended.
func (r *Room) lost(err error) {
	if r.closing.Load() {
		r.end(protocol.Errorf(protocol.CodeClosed, "the room was closed by this side"))
		return
	}
	err = carrierError(err, protocol.CodeConnectionLost)
	r.log.Info().Err(err).Msg("signaling connection lost")
	r.end(err)
}

// handle does what one frame says, all of it under the lock: whoever sees a part of its effects sees all.
func (r *Room) handle(frame []byte) error {
	env, err := protocol.Parse(frame)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch env.Type {
	case protocol.TypeEvent:
		e, err := protocol.Decode[protocol.Event](frame)
		if err == nil {
			r.follow(r.state.apply(e))
		}
		return err
	case protocol.TypeSignal:
		s, err := protocol.Decode[protocol.Signal](frame)
		if err == nil {
			err = r.signalled(s)
		}
		return err
	case protocol.TypeReceipt:
		m, err := protocol.Decode[protocol.Receipt](frame)
		if err == nil {
			r.receipted(m)
		}
		return err
	case protocol.TypeJoined:
		j, err := protocol.Decode[protocol.Joined](frame)
		if err == nil {
			r.follow(r.state.snapshot(j))
		}
		return err
	case protocol.TypeError:
		m, err := protocol.Decode[protocol.ErrorReply](frame)
		if err == nil {
			r.refused(m)
		}
		return err
	case protocol.TypeICE:
		m, err := protocol.Decode[protocol.ICE](frame)
		if err == nil {
			r.setICEServers(m.ICEServers)
		}
		return err
	case protocol.TypePing:
		m, err := protocol.Decode[protocol.Ping](frame)
		if err == nil {
			r.post(protocol.Encode(protocol.Pong{T: m.T}))
		}
		return err
	case protocol.TypeGoAway:
		// As long as this client does not reconnect, there is nothing to wait for, and the server waits for us.
		r.log.Info().Msg("the server is going away")
		r.end(protocol.Errorf(protocol.CodeConnectionLost, "the server is going away"))
	}
	return nil
}

// setICEServers takes the server's, unless the Config has its own.
func (r *Room) setICEServers(fromServer []protocol.ICEServer) {
	if r.cfg.ICEServers != nil {
		fromServer = r.cfg.ICEServers
	}
	r.factory.setICEServers(fromServer)
}

// post queues a frame. The caller holds mu.
func (r *Room) post(frame []byte) {
	if len(r.outgoing) >= maxOutgoing {
		r.end(protocol.Errorf(protocol.CodeOverflow, "the server takes frames more slowly than they are made; %d wait", maxOutgoing))
		return
	}
	r.outgoing = append(r.outgoing, frame)
	r.wakeWriter()
}

func (r *Room) wakeWriter() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// next takes the next frame to write, nil for none. What is owed takes turns with what is queued: an application that never
// stops sending must not keep the windows of the others shut.
func (r *Room) next() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, second := r.queued, r.owed
	if r.owedFirst {
		first, second = second, first
	}
	r.owedFirst = !r.owedFirst
	if frame := first(); frame != nil {
		return frame
	}
	return second()
}

// queued takes the next frame that was posted. The caller holds mu.
func (r *Room) queued() []byte {
	if len(r.outgoing) == 0 {
		return nil
	}
	frame := r.outgoing[0]
	r.outgoing = r.outgoing[1:]
	return frame
}

// owed makes a receipt or an acknowledgement that is due. They are made only now, so that one stands for all that came while
// the writer was busy. The caller holds mu.
func (r *Room) owed() []byte {
	for len(r.owing) > 0 {
		p := r.owing[0]
		r.owing = r.owing[1:]
		// Also to a peer whose connection is closed: it is in the room, and its signals are heard.
		if n := p.numbers.owes(); n > 0 && p.here.Err() == nil {
			return protocol.Encode(protocol.Receipt{Room: r.name, To: p.id, ToInstance: p.instance, N: n})
		}
	}
	if r.state.position >= r.acked+ackEvery {
		r.acked = r.state.position
		return protocol.Encode(protocol.Ack{Room: r.name, Position: r.acked})
	}
	return nil
}

// beat makes the frame of a heartbeat.
func (r *Room) beat() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acked = r.state.position
	return protocol.Encode(protocol.Ping{Acks: map[string]uint64{r.name: r.acked}})
}
