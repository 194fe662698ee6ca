package delivery

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// received takes a frame. Before the room has answered the join, only that answer counts: the rest is of an older membership.
func (m *Machine) received(e Received) {
	if m.closed {
		return
	}
	if f, ok := e.Frame.(protocol.Joined); ok && f.Room == m.cfg.Room {
		m.joined(f)
		return
	}
	if !m.online {
		return
	}
	switch f := e.Frame.(type) {
	case protocol.Event:
		if f.Room == m.cfg.Room && f.Position > m.position {
			m.entry(f)
		}
	case protocol.Signal:
		if f.Room == m.cfg.Room {
			m.signal(f)
		}
	case protocol.Receipt:
		if l := m.links.byAddress[addressOf(f.From, f.FromInstance)]; l != nil && f.Room == m.cfg.Room {
			l.receipted(f.N)
		}
	case protocol.ErrorReply:
		if f.Room == m.cfg.Room && f.N > 0 {
			m.refused(f)
		}
	case protocol.Pong:
		m.pong(f)
	}
}

// signal takes a direct message. One of somebody whom the log does not show is dropped, because there is no peer that it could
// be from: if its sender is still there, it will try again.
func (m *Machine) signal(f protocol.Signal) {
	from := m.roster.find(f.From, f.FromInstance)
	if from == nil {
		return
	}
	l := m.link(from)
	if l.inbound.accept(f.N, f.After, m.cfg.Window) {
		m.out.emit(Direct{f.From, f.FromInstance, f.Data})
	}
	if l.inbound.owed > 0 && !l.inbound.due && !m.out.armed[flushTimer] {
		m.out.set(flushTimer, m.cfg.ReceiptDelay)
	}
}

// refused takes the server's refusal of a message.
func (m *Machine) refused(f protocol.ErrorReply) {
	retryAfter := time.Duration(f.RetryAfter) * time.Millisecond
	if f.To == "" {
		m.speech.refused(f.N, f.Code, retryAfter)
	} else if l := m.links.byAddress[addressOf(f.To, f.ToInstance)]; l != nil {
		l.refused(f.N, f.Code, retryAfter)
	}
}

// pong takes the stable position. It also decides about the missing: whoever came back within the grace was in the log before
// the ping, and its event has come before this.
func (m *Machine) pong(f protocol.Pong) {
	m.settle(f.Stable[m.cfg.Room])
	var gone []*member
	for _, x := range m.roster.all {
		if x.missing && x.doubt > 0 && x.doubt <= f.T {
			gone = append(gone, x)
		}
	}
	for _, x := range gone {
		m.leave(x, protocol.LeftTimeout, protocol.CodeClosed)
	}
}

// settle takes the stable position. While somebody is missing nothing is safe: a restarted server does not know of those who
// have not found back, and does not wait for them.
func (m *Machine) settle(stable uint64) {
	m.stable = max(m.stable, stable)
	if !m.roster.missing() {
		m.speech.release(m.stable)
	}
}

// entry takes an entry of the room's log.
func (m *Machine) entry(e protocol.Event) {
	m.position = e.Position
	known := m.roster.byPeer[e.Peer]
	switch e.Kind {
	case protocol.EventJoined, protocol.EventBack:
		m.enter(*e.Member)
	case protocol.EventMessage:
		m.hear(e)
	case protocol.EventAway:
		if known != nil {
			m.away(known)
		}
	case protocol.EventUpdated:
		if known != nil {
			known.info.Attributes = e.Attributes
			m.out.emit(Updated{known.info})
		}
	case protocol.EventLeft:
		// In a replay, the own leaving is that of an earlier membership.
		if known != nil && (e.Peer != m.cfg.Peer || m.position > m.until) {
			m.leave(known, e.Reason, protocol.CodeClosed)
		}
	}
	m.settle(e.Stable)
	if m.position == m.until {
		m.synced()
	}
}

// hear delivers a message of the room, unless it was said before, in this epoch or in another.
func (m *Machine) hear(e protocol.Event) {
	own := e.Peer == m.cfg.Peer && e.Instance == m.cfg.Instance
	if own {
		m.speech.logged(e.N, e.Position)
	}
	l := m.links.open(e.Peer, e.Instance)
	if m.roster.find(e.Peer, e.Instance) == nil {
		m.links.depart(l) // what it said last
	}
	if e.N <= l.heard {
		return
	}
	// What came before the first that is heard was not for this member, after a gap no more is to be told, and an own message
	// that is missing was refused.
	if l.heard > 0 && e.N > l.heard+1 && !l.skip && !own {
		m.out.emit(Gap{})
	}
	l.heard, l.skip = e.N, false
	m.out.emit(Message{e.Peer, e.Instance, e.Data})
}
