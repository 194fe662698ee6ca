package lights

import (
	"math/rand/v2"
	"testing"
)

// Whatever is wanted of it, a boat stays in the sea and off the island, and is never faster than others believe.
func TestBoatStaysWhereItCanBe(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		b := Begin(random.Uint32())
		var in Input
		for range 1000 {
			if random.IntN(20) == 0 {
				in = Input{Want: uint16(random.Uint32()), Go: random.IntN(5) > 0}
			}
			before := b
			b = b.Step(in)
			if b.X < margin || b.X > Width-margin || b.Y < margin || b.Y > Height-margin || b.Speed < 0 || b.Speed > TopSpeed {
				t.Fatalf("%+v is outside of the sea", b)
			}
			if d := length(b.X-islandX, b.Y-islandY); d < IslandRadius-2 {
				t.Fatalf("%+v is %d points from the middle of the island", b, d)
			}
			if d := length(b.X-before.X, b.Y-before.Y); d > fast {
				t.Fatalf("from %+v to %+v are %d points in a tick, and %d would be believed", before, b, d, fast)
			}
		}
	}
}

func TestBoatTurnsTheShortWay(t *testing.T) {
	t.Parallel()
	b := Boat{X: 10_000, Y: 10_000, Heading: 65_000}
	if b = b.Step(Input{Want: 100, Go: true}); b.Heading != 100 {
		t.Errorf("the heading is %d", b.Heading)
	}
	if b = b.Step(Input{Want: 100 + 1<<15 - 1, Go: true}); b.Heading != 100+turn {
		t.Errorf("the heading is %d", b.Heading)
	}
	speed := b.Speed
	if b = b.Step(Input{Want: 0}); b.Heading != 100 || b.Speed >= speed {
		t.Errorf("a boat that does not go has turned to %d, with speed %d", b.Heading, b.Speed)
	}
}

func TestLightsAreWhereBoatsCome(t *testing.T) {
	t.Parallel()
	seen := map[[2]int]bool{}
	for light := range Lights {
		for taken := range uint32(500) {
			x, y := Place(Seed("tea"), light, taken)
			if x < margin || x > Width-margin || y < margin || y > Height-margin || length(x-islandX, y-islandY) < IslandRadius+Reach {
				t.Fatalf("light %d is at %d, %d after %d", light, x, y, taken)
			}
			seen[[2]int{x, y}] = true
		}
	}
	if len(seen) < 500*Lights-20 {
		t.Errorf("%d places of %d", len(seen), 500*Lights)
	}
}

// Who is luckier when two take the same light depends on the light.
func TestRankIsFair(t *testing.T) {
	t.Parallel()
	first := 0
	for taken := range uint32(1000) {
		if rank(1, taken) < rank(2, taken) {
			first++
		}
	}
	if first < 400 || first > 600 {
		t.Errorf("one has %d of 1000", first)
	}
}
