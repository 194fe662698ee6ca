package delivery

import "github.com/beckon-rtc/beckon/signaling/protocol"

// flushTimer makes the receipts due that wait for more to acknowledge.
const flushTimer = "flush"

// writable makes one frame, if there is anything to say. Acknowledgements come first, being rare; then each instance has its
// turn, and the room.
func (m *Machine) writable() {
	if frame := m.next(); frame != nil {
		m.out.emit(Transmit{frame})
		return
	}
	m.awake = false
}

// busy tells whether there is anything to say.
func (m *Machine) busy() bool {
	if m.ackDue() || m.speech.ready() {
		return true
	}
	for _, l := range m.links.living {
		if l.up && l.inbound.due || l.ready() >= 0 {
			return true
		}
	}
	return false
}

func (m *Machine) next() protocol.Frame {
	if !m.online {
		return nil
	}
	if m.ackDue() {
		m.acked = m.position
		return protocol.Ack{Room: m.cfg.Room, Position: m.position}
	}
	// The room is the last in the round.
	places := len(m.links.living) + 1
	for i := range places {
		place := (m.links.turn + i) % places
		if frame := m.frameOf(place); frame != nil {
			m.links.turn = (place + 1) % places
			return frame
		}
	}
	return nil
}

func (m *Machine) ackDue() bool { return m.position >= m.acked+uint64(m.cfg.AckEvery) }

func (m *Machine) frameOf(place int) protocol.Frame {
	if place == len(m.links.living) {
		if m.speech.ready() {
			return m.speech.take()
		}
		return nil
	}
	l := m.links.living[place]
	if l.up && l.inbound.due {
		return protocol.Receipt{Room: m.cfg.Room, To: l.peer, ToInstance: l.instance, N: l.inbound.take()}
	}
	if i := l.ready(); i >= 0 {
		return l.take(i)
	}
	return nil
}

// flush makes all receipts due that are owed.
func (m *Machine) flush() {
	for _, l := range m.links.living {
		l.inbound.due = l.inbound.due || l.inbound.owed > 0
	}
}
