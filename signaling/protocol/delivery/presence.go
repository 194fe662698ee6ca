package delivery

import (
	"bytes"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// joined takes the answer to a join, or the snapshot that the server sends to a reader that has fallen behind.
func (m *Machine) joined(j protocol.Joined) {
	restarted, resumed := j.Epoch != m.epoch, !m.online
	if restarted {
		m.restart()
	}
	m.online = true
	m.epoch, m.position, m.until, m.acked = j.Epoch, j.Position, max(j.Position, j.Until), j.Position
	if !j.Replay {
		if j.Gap {
			m.out.emit(Gap{})
			m.links.skip()
		}
		m.snapshot(j.Members, restarted)
		m.speech.loggedUpTo(j.Said, j.Position)
	}
	if resumed {
		for _, x := range m.roster.all {
			m.reach(x)
		}
		m.speech.resume(j.Said)
	}
	m.settle(j.Stable)
	if m.position == m.until {
		m.synced()
	}
}

// restart begins a new log. Positions have no meaning any more, what was said is not in it, and who is here must show.
func (m *Machine) restart() {
	m.stable = 0
	m.speech.restart()
	for _, x := range m.roster.all {
		x.missing = true
	}
}

// snapshot takes the members as they are now. Within an epoch, who is not among them has left; in a new one it may come.
func (m *Machine) snapshot(infos []protocol.Member, restarted bool) {
	listed := map[string]bool{}
	for _, info := range infos {
		listed[info.Peer] = true
	}
	var gone []*member
	for _, x := range m.roster.all {
		if !restarted && !x.missing && !listed[x.info.Peer] {
			gone = append(gone, x)
		}
	}
	for _, x := range gone {
		// When and why was in the part of the log that is gone. That it did not say goodbye is the safer guess.
		m.leave(x, protocol.LeftTimeout, protocol.CodeClosed)
	}
	for _, info := range infos {
		m.enter(info)
	}
}

// enter takes a member as it is now: one that joins, comes back, or is in a snapshot.
func (m *Machine) enter(info protocol.Member) {
	known := m.roster.byPeer[info.Peer]
	if known != nil && known.info.Instance != info.Instance {
		// A page was reloaded: another object, which knows nothing of what was said to the one before.
		m.leave(known, protocol.LeftTimeout, protocol.CodeStaleInstance)
		known = nil
	}
	if known == nil {
		x := &member{info: info}
		m.roster.add(x)
		if info.Peer != m.cfg.Peer {
			m.out.emit(Joined{info})
		}
		m.begin(info)
		m.reach(x)
		return
	}
	before := known.info
	known.info = info
	if known.missing {
		known.missing, known.doubt = false, 0
		m.out.clear(known.graceTimer())
		m.speech.extend(m.position)
	}
	if !bytes.Equal(before.Attributes, info.Attributes) {
		m.out.emit(Updated{info})
	}
	if info.Peer != m.cfg.Peer && before.Away != info.Away {
		if info.Away {
			m.out.emit(Away{info})
		} else {
			m.out.emit(Back{info})
		}
	}
	m.reach(known)
}

// begin notes where a member's messages stand that was not known before: the next one is to follow that, so that it can be
// seen when one is missing.
func (m *Machine) begin(info protocol.Member) {
	if info.Said == 0 {
		return
	}
	if l := m.links.open(info.Peer, info.Instance); l.heard == 0 {
		l.heard = info.Said
	}
}

// away takes a member's lost connection.
func (m *Machine) away(x *member) {
	if x.info.Peer == m.cfg.Peer || x.info.Away {
		return // the own one is in a replay, and over
	}
	x.info.Away = true
	m.out.emit(Away{x.info})
	m.reach(x)
}

// leave takes a member out. What is outstanding to it fails; its numbers are remembered.
func (m *Machine) leave(x *member, reason protocol.LeftReason, code protocol.ErrorCode) {
	m.roster.remove(x)
	m.out.clear(x.graceTimer())
	m.out.emit(Left{x.info, reason})
	if l := m.links.byAddress[x.address()]; l != nil {
		l.fall()
		l.fail(code)
		m.links.depart(l)
	}
}

// reach lets the messages to a member go, or holds them, as the member is reachable or not. A link of the past lives again.
func (m *Machine) reach(x *member) {
	if m.links.byAddress[x.address()] != nil {
		m.link(x)
	}
}

// synced begins the grace of those who are missing: a restart must not look like an exodus. Before the replay was over, it was
// not known who they are.
func (m *Machine) synced() {
	for _, x := range m.roster.all {
		if !x.missing || x.info.Peer == m.cfg.Peer {
			continue
		}
		if m.away(x); !m.out.armed[x.graceTimer()] && x.doubt == 0 {
			x.info.Joined = protocol.MaxNumber // its rank is behind those who are here
			m.out.set(x.graceTimer(), m.cfg.Grace)
		}
	}
	m.out.emit(Synced{})
}

// doubt is called when a missing member's grace has passed. The event that it is back may be on its way to a carrier that has
// been slow or dead meanwhile, so the server is asked first.
func (m *Machine) doubt(address string) {
	for _, x := range m.roster.all {
		if x.missing && x.address() == address {
			m.ping()
			x.doubt = m.pings
		}
	}
}
