package lights

// What is believed of what another player says. There is no authority: everybody judges by the same rules what comes from each other, and
// holds who breaks them to what could be, so that one who cheats does so in its own eyes only.
const (
	fast     = TopSpeed + TopSpeed/16 // points per tick at most: around the island it is a little more than TopSpeed
	patience = 15                     // packets that must say what is not seen to be right, before it is taken on trust
	perMilli = 31                     // thousandths of a tick that a millisecond is worth: 31 ticks a second, as clocks differ
	maxTicks = 150_000                // thousandths of ticks that may be caught up with at once
	trust    = 2000                   // milliseconds that have to pass for one thing that is taken on trust
	maxTrust = 8 * trust
)

// judge is what is kept of another player to judge it by.
type judge struct {
	at    int64 // when it was heard last, in milliseconds
	ticks int64 // thousandths of ticks that it may have sailed since
	trust int64 // milliseconds, of which what is taken on trust takes its share
	// How many packets on end have said what is not seen to be right, of a light and of the score.
	ahead   [Lights]int
	boasts  int
	refused [Lights]uint32 // which taking was, the last time, so that it is counted once
}

// Hear takes in what came from a player, at that time in milliseconds, since whenever. What it says that cannot be is held to what can be.
func (s *Sea) Hear(from uint32, data []byte, at int64) {
	p, err := DecodePacket(data)
	if err != nil {
		s.counts.Malformed++
		return
	}
	if p.Number != from || from == s.self {
		s.counts.Foreign++ // said again by an echo, say
		return
	}
	o := s.others[from]
	switch {
	case o == nil && len(s.others) >= maxOthers:
		s.counts.Full++
		return
	case o == nil:
		s.counts.Heard++
		s.meet(&p, at)
		return
	case p.Tick <= o.Tick:
		s.counts.Old++
		return
	}
	s.counts.Heard++
	o.judge.pass(at)
	before, ticks := o.Boat, o.judge.sailed(int64(p.Tick-o.Tick))
	o.Tick, o.Paused = p.Tick, p.Paused
	o.Pointed, o.PointX, o.PointY = p.Pointed, p.PointX, p.PointY
	o.follow(p.Boat, fast*int(ticks))
	for i, l := range p.Lights {
		s.claim(o, i, l, before, fast*int(ticks))
	}
	o.boast(p.Score)
}

// meet takes in the first packet of a player, whose past nobody here knows: where it is and its score are taken as they are. So are the
// lights, by who has heard nobody yet.
func (s *Sea) meet(p *Packet, at int64) {
	o := &Other{
		Number: p.Number, Tick: p.Tick, Boat: p.Boat, Score: p.Score, Paused: p.Paused,
		Pointed: p.Pointed, PointX: p.PointX, PointY: p.PointY,
		judge: judge{at: at, ticks: maxTicks, trust: maxTrust},
	}
	s.others[p.Number] = o
	if s.heard {
		return
	}
	s.heard = true
	for i, l := range p.Lights {
		if l.Taken > s.lights[i].Taken {
			s.lights[i] = l
		}
	}
}

// pass lets time pass.
func (j *judge) pass(at int64) {
	if passed := at - j.at; passed > 0 {
		j.at = at
		j.ticks = min(j.ticks+perMilli*min(passed, maxTicks), maxTicks)
		j.trust = min(j.trust+min(passed, maxTrust), maxTrust)
	}
}

// sailed is for how many of the ticks that it says have passed a boat may have sailed.
func (j *judge) sailed(ticks int64) int64 {
	ticks = min(ticks, j.ticks/1000)
	j.ticks -= 1000 * ticks
	return ticks
}

// trusted tells whether one more thing is taken on trust.
func (j *judge) trusted() bool {
	if j.trust < trust {
		return false
	}
	j.trust -= trust
	return true
}

// follow moves the boat to where it is said to be, or as far as it can have come.
func (o *Other) follow(said Boat, most int) {
	dx, dy := said.X-o.Boat.X, said.Y-o.Boat.Y
	if d := length(dx, dy); d > most {
		o.Held++
		said.X, said.Y = o.Boat.X+dx*most/d, o.Boat.Y+dy*most/d
	}
	o.Boat = said
}

// claim judges what a player says of a light; it was at before, and can have sailed most points since.
func (s *Sea) claim(o *Other, i int, said Light, before Boat, most int) {
	l, j := &s.lights[i], &o.judge
	own := said.By == o.Number
	switch {
	case said.Taken < l.Taken || said.Taken == l.Taken && (said.By == l.By || !own):
		j.ahead[i] = 0
	case said.Taken == l.Taken:
		// Two have taken it at the same time, before they heard of each other.
		j.ahead[i] = 0
		if rank(o.Number, said.Taken) < rank(l.By, said.Taken) && s.reaches(o, i, said.Taken, before, most) {
			s.give(l.By, -1)
			*l = said
			o.Score++
		}
	case own && said.Taken == l.Taken+1:
		if s.reaches(o, i, said.Taken, before, most) {
			*l = said
			o.Score++
		}
	default:
		// It knows of somebody of whom nothing came through, or makes it up.
		if j.ahead[i]++; j.ahead[i] > patience && j.trusted() {
			*l, j.ahead[i] = said, 0
		}
	}
}

// reaches tells whether a boat can have been at a light, when that was taken for the time that is said, on its way from before.
func (s *Sea) reaches(o *Other, i int, taken uint32, before Boat, most int) bool {
	x, y := Place(s.seed, i, taken-1)
	if length(before.X-x, before.Y-y)+length(o.Boat.X-x, o.Boat.Y-y) <= most+2*Reach {
		return true
	}
	if o.judge.refused[i] != taken {
		o.judge.refused[i] = taken
		o.Refused++
	}
	return false
}

// give changes the score of a player, who may be gone.
func (s *Sea) give(number uint32, n int) {
	score := &s.score
	if o := s.others[number]; o != nil {
		score = &o.Score
	} else if number != s.self {
		return
	}
	*score = uint32(max(int(*score)+n, 0))
}

// boast judges the score that a player says it has. Nobody makes it too small.
func (o *Other) boast(score uint32) {
	switch {
	case score < o.Score:
		o.Score = score
	case score == o.Score:
		o.judge.boasts = 0
	default:
		if o.judge.boasts++; o.judge.boasts > patience && o.judge.trusted() {
			o.Score++
		}
	}
}
