package lights

import (
	"cmp"
	"maps"
	"slices"
)

// Sea is what one player knows. Its methods may not be called at the same time.
type Sea struct {
	seed   uint32 // set once
	self   uint32
	boat   Boat
	tick   uint32
	score  uint32
	lights [Lights]Light
	others map[uint32]*Other
	heard  bool // somebody
	counts Counts
}

// Other is another player, as far as it is believed.
type Other struct {
	Number         uint32
	Tick           uint32 // of its last packet
	Boat           Boat   // where it can be
	Score          uint32
	Paused         bool
	Pointed        bool
	PointX, PointY int
	// Held counts the ticks in which it said to be where it could not have come, Refused the lights it could not have taken.
	Held, Refused uint32

	judge judge
}

// Counts are a Sea's, since it was made.
type Counts struct {
	Heard     uint32 // packets that were taken in
	Malformed uint32 // that are no packets of this version
	Foreign   uint32 // that are somebody else's than the channel's
	Old       uint32 // that came after a newer one, or twice
	Full      uint32 // of players for whom there was no room
}

// maxOthers is how many other players a sea has room for.
const maxOthers = 64

// NewSea is the sea of a room, for the player of that number.
func NewSea(seed, self uint32) *Sea {
	return &Sea{seed: seed, self: self, boat: Begin(self), others: make(map[uint32]*Other)}
}

// Be gives the player another number: a peer that its server has forgotten is another one.
func (s *Sea) Be(number uint32) { s.self = number }

// Pause is instead of Sail before a packet that only says that the player is still there.
func (s *Sea) Pause() { s.tick++ }

// Sail is one tick of the own boat: it moves, and takes the lights that it reaches.
func (s *Sea) Sail(in Input) {
	s.tick++
	s.boat = s.boat.Step(in)
	for i := range s.lights {
		l := &s.lights[i]
		x, y := Place(s.seed, i, l.Taken)
		if l.Taken < maxTaken && length(s.boat.X-x, s.boat.Y-y) <= Reach {
			*l = Light{l.Taken + 1, s.self}
			s.score++
		}
	}
}

// Packet is what to say now. Whoever sees a pointer adds it.
func (s *Sea) Packet() Packet {
	return Packet{Number: s.self, Tick: s.tick, Boat: s.boat, Score: s.score, Lights: s.lights}
}

// Boat is the own one.
func (s *Sea) Boat() Boat { return s.boat }

// Score is how many lights the own boat has.
func (s *Sea) Score() uint32 { return s.score }

// Light is where a light is now.
func (s *Sea) Light(i int) (x, y int) { return Place(s.seed, i, s.lights[i].Taken) }

// Counts are those of what was heard.
func (s *Sea) Counts() Counts { return s.counts }

// Others are the other players, in the order of their numbers. They are the sea's: to be read before it is told more.
func (s *Sea) Others() []*Other {
	return slices.SortedFunc(maps.Values(s.others), func(a, b *Other) int { return cmp.Compare(a.Number, b.Number) })
}

// Forget is for a player who is gone. What it took stays taken.
func (s *Sea) Forget(number uint32) { delete(s.others, number) }
