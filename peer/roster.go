package peer

import (
	"slices"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

// roster is who is in the room, as the delivery machine has it, and who of them connects to whom. Room.mu guards it.
type roster struct {
	self     string // the own peer id
	topology protocol.Topology
	mesh     int // how many members of a mesh connect
	machine  *delivery.Machine

	known []protocol.Member // the machine's, if fresh
	fresh bool
}

// changed says that the machine has other members now.
func (s *roster) changed() { s.fresh = false }

// members are all, by rank, the own one among them.
func (s *roster) members() []protocol.Member {
	if !s.fresh {
		s.known, s.fresh = s.machine.Members(), true
	}
	return s.known
}

func (s *roster) member(peer string) (protocol.Member, bool) {
	i := slices.IndexFunc(s.members(), func(m protocol.Member) bool { return m.Peer == peer })
	if i < 0 {
		return protocol.Member{}, false
	}
	return s.known[i], true
}

// connects tells whether the room connects this peer with that one by itself.
func (s *roster) connects(peer string) bool {
	return protocol.Connects(s.topology, s.mesh, s.members(), s.self, peer)
}

// mayConnect tells whether the two may connect when one of them asks: in a mesh those beyond its limit may not.
func (s *roster) mayConnect(peer string) bool {
	return s.topology != protocol.TopologyMesh || s.connects(peer)
}

// offers tells whether this peer makes the offers in its connection with that one.
func (s *roster) offers(peer string) bool {
	self, _ := s.member(s.self)
	other, _ := s.member(peer)
	return protocol.Offers(self, other)
}
