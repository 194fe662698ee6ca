package lights

import "math"

// Skill is how well a bot plays.
type Skill string

// The skills. All sail by the same rules: who is less skilled thinks less often, and lets its boat slow down.
const (
	Easy Skill = "easy"
	Fair Skill = "fair"
	Keen Skill = "keen"
)

// habits are what a skill makes of a bot.
type habits struct {
	think int // ticks between two looks at the sea
	speed int // at which it is content
}

func (s Skill) habits() habits {
	switch s {
	case Easy:
		return habits{think: 24, speed: TopSpeed / 2}
	case Keen:
		return habits{think: 3, speed: TopSpeed}
	default:
		return habits{think: 10, speed: TopSpeed * 3 / 4}
	}
}

// Bot steers a boat. Its zero value is of skill Fair. Its methods may not be called at the same time.
type Bot struct {
	Skill Skill

	wait   int // ticks until it looks again
	chosen int // the light that it sails to
}

// Steer is what to do in this tick.
func (b *Bot) Steer(s *Sea) Input {
	h := b.Skill.habits()
	if b.wait--; b.wait < 0 {
		b.wait = h.think
		b.chosen = b.choose(s)
	}
	x, y := s.Light(b.chosen)
	x, y = around(s.boat, x, y)
	want := bearing(x-s.boat.X, y-s.boat.Y)
	off := math.Abs(float64(int16(want - s.boat.Heading)))
	// Who turns at full speed sails a circle around a light that is near.
	const quarter = 1 << 14
	near := length(x-s.boat.X, y-s.boat.Y) < 4*Reach
	coast := near && off > quarter/2 && s.boat.Speed > TopSpeed/4
	return Input{Want: want, Go: !coast && s.boat.Speed <= h.speed}
}

// choose is the light that is had soonest, but for those that others have sooner, and rather the one that was chosen before.
func (b *Bot) choose(s *Sea) int {
	best, least := b.chosen, math.Inf(1)
	for i := range s.lights {
		x, y := s.Light(i)
		cost := effort(s.boat, x, y)
		for _, o := range s.others {
			if !o.Paused && effort(o.Boat, x, y) < cost {
				cost += 3 * Reach
			}
		}
		if i == b.chosen {
			cost *= 0.8
		}
		if cost < least {
			best, least = i, cost
		}
	}
	return best
}

// effort is how far a light is for a boat, in points, with what turning to it costs.
func effort(b Boat, x, y int) float64 {
	nextX, nextY := around(b, x, y)
	off := math.Abs(float64(int16(bearing(nextX-b.X, nextY-b.Y) - b.Heading)))
	way := length(nextX-b.X, nextY-b.Y) + length(x-nextX, y-nextY)
	return float64(way) + off/turn*TopSpeed/2
}

// around is where to sail to first, to come to a place that the island may be in the way of.
func around(b Boat, x, y int) (int, int) {
	const clear = IslandRadius + IslandRadius/2
	dx, dy := float64(x-b.X), float64(y-b.Y)
	ix, iy := float64(islandX-b.X), float64(islandY-b.Y)
	way := math.Hypot(dx, dy)
	if way == 0 {
		return x, y
	}
	along := (ix*dx + iy*dy) / way // how far on the way the island is nearest, and on which side
	aside := (ix*dy - iy*dx) / way
	if along <= 0 || along >= way || math.Abs(aside) >= clear*0.8 {
		return x, y
	}
	side := 1.0
	if aside < 0 {
		side = -1
	}
	// The point beside the island, on the side on which the way passes it already.
	return islandX + int(-side*dy/way*clear), islandY + int(side*dx/way*clear)
}

// bearing is the heading of a way.
func bearing(dx, dy int) uint16 {
	return uint16(int(math.Round(math.Atan2(float64(dy), float64(dx)) / (2 * math.Pi) * 65536)))
}
