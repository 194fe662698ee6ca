package lights

import "testing"

// A bot alone gathers lights steadily, whatever its skill, and the more so the better it plays.
func TestBotGathers(t *testing.T) {
	t.Parallel()
	last := uint32(0)
	for _, skill := range []Skill{Easy, Fair, Keen} {
		var least, all uint32 = 1 << 30, 0
		for seed := range uint32(10) {
			s, b := NewSea(mix(seed), mix(seed+100)), Bot{Skill: skill}
			for range 60 * Rate {
				s.Sail(b.Steer(s))
			}
			least, all = min(least, s.score), all+s.score
		}
		t.Logf("%s: %d lights a minute, %d at least", skill, all/10, least)
		if least < 8 || all <= last {
			t.Errorf("%s has gathered %d lights in ten minutes, and %d in one", skill, all, least)
		}
		last = all
	}
}

// The island is no end of the way.
func TestBotSailsAroundTheIsland(t *testing.T) {
	t.Parallel()
	for heading := range 32 {
		dx, dy := toward(uint16(heading<<11), IslandRadius+Reach+200)
		boat := Boat{X: islandX + dx, Y: islandY + dy}
		for ticks := 0; ; ticks++ {
			x, y := around(boat, islandX-dx, islandY-dy)
			if length(boat.X-islandX+dx, boat.Y-islandY+dy) <= Reach {
				break
			}
			if ticks > 10*Rate {
				t.Fatalf("from direction %d it is at %+v after %d ticks", heading, boat, ticks)
			}
			boat = boat.Step(Input{Want: bearing(x-boat.X, y-boat.Y), Go: true})
		}
	}
}
