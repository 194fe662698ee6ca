package peer

import (
	"cmp"
	"slices"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// state is what the server has told of a room: its members as of a position of its log. It is a pure state machine: a
// snapshot or an event goes in, and what changed for the members comes out. Whoever owns it guards it.
type state struct {
	self     string // the own peer id
	topology protocol.Topology
	mesh     int // how many members of a mesh connect
	epoch    string
	position uint64

	members []protocol.Member // the own one among them, by rank
}

// changeKind says what happened to a member.
type changeKind int

const (
	changeAppeared changeKind = iota
	changeAway
	changeBack
	changeUpdated
	changeLeft
	changeMessage
	changeGap // the log has moved on without us; the snapshot that follows says how things are now
)

// change is one thing that an event or a snapshot did to the room. The member is as it is after the change.
type change struct {
	kind   changeKind
	member protocol.Member
	reason protocol.LeftReason // changeLeft
	event  protocol.Event      // changeMessage
}

// snapshot replaces the members and returns how they differ from those known before.
func (s *state) snapshot(j protocol.Joined) (changes []change) {
	if j.Replay {
		s.epoch, s.position = j.Epoch, j.Position
		return nil
	}
	if j.Gap {
		changes = append(changes, change{kind: changeGap})
	}
	known := s.members
	s.topology, s.epoch, s.position = j.Topology, j.Epoch, j.Position
	s.members = slices.SortedFunc(slices.Values(j.Members), byRank)
	for _, old := range known {
		if now, ok := s.member(old.Peer); !ok || now.Instance != old.Instance {
			changes = append(changes, change{kind: changeLeft, member: old, reason: protocol.LeftTimeout})
		}
	}
	for _, now := range s.members {
		i := slices.IndexFunc(known, func(old protocol.Member) bool {
			return old.Peer == now.Peer && old.Instance == now.Instance
		})
		if i < 0 {
			changes = append(changes, change{kind: changeAppeared, member: now})
			continue
		}
		if string(known[i].Attributes) != string(now.Attributes) {
			changes = append(changes, change{kind: changeUpdated, member: now})
		}
		if known[i].Away != now.Away {
			changes = append(changes, change{kind: awayOrBack(now.Away), member: now})
		}
	}
	return changes
}

// apply moves the state over one event of the log. One that is not new changes nothing.
func (s *state) apply(e protocol.Event) []change {
	if e.Position <= s.position {
		return nil
	}
	s.position = e.Position
	i := slices.IndexFunc(s.members, func(m protocol.Member) bool { return m.Peer == e.Peer })
	switch e.Kind {
	case protocol.EventJoined, protocol.EventBack:
		return s.enter(i, *e.Member)
	case protocol.EventMessage:
		var from protocol.Member
		if i >= 0 {
			from = s.members[i]
		}
		return []change{{kind: changeMessage, member: from, event: e}}
	}
	if i < 0 {
		return nil
	}
	switch e.Kind {
	case protocol.EventAway:
		s.members[i].Away = true
		return []change{{kind: changeAway, member: s.members[i]}}
	case protocol.EventUpdated:
		s.members[i].Attributes = e.Attributes
		return []change{{kind: changeUpdated, member: s.members[i]}}
	case protocol.EventLeft:
		gone := s.members[i]
		s.members = slices.Delete(s.members, i, i+1)
		return []change{{kind: changeLeft, member: gone, reason: e.Reason}}
	}
	return nil // a kind of a later version
}

// enter puts a member that joined or came back in the place of what was known of it, at index i or -1. Another instance under
// the same peer id is another object: the old one is gone, with all that was said to it.
func (s *state) enter(i int, m protocol.Member) (changes []change) {
	if i >= 0 {
		old := s.members[i]
		s.members[i] = m
		if old.Instance == m.Instance {
			return []change{{kind: awayOrBack(m.Away), member: m}}
		}
		return []change{{kind: changeLeft, member: old, reason: protocol.LeftTimeout}, {kind: changeAppeared, member: m}}
	}
	at, _ := slices.BinarySearchFunc(s.members, m, byRank)
	s.members = slices.Insert(s.members, at, m)
	return []change{{kind: changeAppeared, member: m}}
}

func (s *state) member(peer string) (protocol.Member, bool) {
	i := slices.IndexFunc(s.members, func(m protocol.Member) bool { return m.Peer == peer })
	if i < 0 {
		return protocol.Member{}, false
	}
	return s.members[i], true
}

// connects tells whether the room connects this peer with that one by itself.
func (s *state) connects(peer string) bool {
	return protocol.Connects(s.topology, s.mesh, s.members, s.self, peer)
}

// mayConnect tells whether the two may connect when one of them asks: in a mesh those beyond its limit may not.
func (s *state) mayConnect(peer string) bool {
	return s.topology != protocol.TopologyMesh || s.connects(peer)
}

// offers tells whether this peer makes the offers in its connection with that one.
func (s *state) offers(peer string) bool {
	self, _ := s.member(s.self)
	other, _ := s.member(peer)
	return protocol.Offers(self, other)
}

func byRank(a, b protocol.Member) int { return cmp.Compare(a.Joined, b.Joined) }

func awayOrBack(away bool) changeKind {
	if away {
		return changeAway
	}
	return changeBack
}
