package lights

import (
	"math/rand/v2"
	"testing"
)

// table is players who hear each other, each packet lost with a probability, at a time of the test's.
type table struct {
	t      *testing.T
	random *rand.Rand
	loss   float64
	at     int64
	seas   []*Sea
	bots   []Bot
}

func newTable(t *testing.T, seed uint64, players int, loss float64) *table {
	t.Helper()
	w := &table{t: t, random: rand.New(rand.NewPCG(seed, 0)), loss: loss}
	for i := range players {
		w.join(Number(string(rune('a' + i))))
	}
	return w
}

func (w *table) join(number uint32) {
	w.seas = append(w.seas, NewSea(Seed("tea"), number))
	w.bots = append(w.bots, Bot{Skill: Keen})
}

// play plays that many ticks of all.
func (w *table) play(ticks int) {
	for range ticks {
		w.at += 33
		for i, s := range w.seas {
			s.Sail(w.bots[i].Steer(s))
		}
		for _, s := range w.seas {
			w.say(s.Packet())
		}
	}
}

// say has everybody but the player itself hear a packet, but for those that are lost.
func (w *table) say(p Packet) {
	for _, other := range w.seas {
		if other.self != p.Number && w.random.Float64() >= w.loss {
			other.Hear(p.Number, AppendPacket(nil, &p), w.at)
		}
	}
}

// agreed fails the test unless all have the same lights and scores.
func (w *table) agreed() {
	w.t.Helper()
	for i, s := range w.seas {
		for j, other := range w.seas {
			if s.lights != other.lights {
				w.t.Errorf("%d and %d have other lights: %v, %v", i, j, s.lights, other.lights)
			}
			if o := s.others[other.self]; i != j && o.Score != other.score {
				w.t.Errorf("%d believes that %d has %d lights, and it has %d", i, j, o.Score, other.score)
			}
		}
	}
}

// settle has all stand still and speak, without losses, until what is to be taken on trust was.
func (w *table) settle() {
	w.loss = 0
	for range 30 * Rate {
		w.at += 33
		for _, s := range w.seas {
			s.Pause()
		}
		for _, s := range w.seas {
			w.say(s.Packet())
		}
	}
}

// Players who keep to the rules agree, believe each other everything, and each light is somebody's.
func TestHonestPlayersAgree(t *testing.T) {
	t.Parallel()
	for _, loss := range []float64{0, 0.1, 0.4} {
		for seed := range uint64(5) {
			w := newTable(t, seed, 4, loss)
			w.play(60 * Rate)
			w.settle()
			w.agreed()
			var scores, taken uint32
			for i, s := range w.seas {
				scores += s.score
				for _, o := range s.Others() {
					if o.Held > 0 || o.Refused > 0 && loss == 0 {
						t.Errorf("loss %v: %d has held %+v", loss, i, o)
					}
				}
			}
			for _, l := range w.seas[0].lights {
				taken += l.Taken
			}
			if scores < 60 || loss == 0 && scores != taken {
				t.Errorf("loss %v: %d lights were taken, %d are in the scores", loss, taken, scores)
			}
		}
	}
}

// Who comes later finds the game as it is.
func TestLateJoin(t *testing.T) {
	t.Parallel()
	w := newTable(t, 1, 2, 0.05)
	w.play(20 * Rate)
	w.join(Number("late"))
	w.play(1)
	w.play(20 * Rate)
	w.settle()
	w.agreed()
	if late := w.seas[2]; late.score == 0 {
		t.Error("who came late has no light")
	}
}

// Two that take a light in the same tick both have it for a moment, and then one of them.
func TestTie(t *testing.T) {
	t.Parallel()
	w := newTable(t, 1, 3, 0)
	w.play(1) // they meet
	for _, s := range w.seas[:2] {
		s.boat.X, s.boat.Y = s.Light(3)
		for _, other := range w.seas {
			if o := other.others[s.self]; o != nil {
				o.Boat = s.boat
			}
		}
	}
	w.play(1)
	if a, b := w.seas[0].score, w.seas[1].score; a+b != 1 {
		t.Errorf("they have %d and %d lights", a, b)
	}
	w.agreed()
}

func TestTeleportIsHeld(t *testing.T) {
	t.Parallel()
	w := newTable(t, 1, 2, 0)
	w.play(1)
	cheat := w.seas[1]
	from := cheat.boat
	cheat.boat.X = Width - from.X
	cheat.boat.Y = Height - from.Y
	cheat.Sail(Input{})
	w.at += 33
	w.say(cheat.Packet())
	o := w.seas[0].others[cheat.self]
	if d := length(o.Boat.X-from.X, o.Boat.Y-from.Y); d > fast || o.Held != 1 {
		t.Errorf("it is believed to have sailed %d points in a tick, held %d times", d, o.Held)
	}
}

// A clock that runs twice as fast gains nothing.
func TestFastClockIsHeld(t *testing.T) {
	t.Parallel()
	w := newTable(t, 1, 2, 0)
	w.play(1)
	cheat := w.seas[1]
	cheat.boat = Boat{X: margin, Y: 2000, Speed: TopSpeed}
	w.seas[0].others[cheat.self].Boat = cheat.boat
	sailed := 0
	for i := range 20 * Rate {
		w.at += 33
		before := w.seas[0].others[cheat.self].Boat
		// There and back again, all the time.
		for range 2 {
			cheat.Sail(Input{Want: uint16(i/60) << 15, Go: true})
		}
		w.say(cheat.Packet())
		after := w.seas[0].others[cheat.self].Boat
		sailed += length(after.X-before.X, after.Y-before.Y)
	}
	// The five seconds that may be caught up with, and 31 ticks a second of at most fast points.
	if most := fast * (5*Rate + 20*31); sailed > most {
		t.Errorf("it is believed to have sailed %d points in 20 s; %d can be", sailed, most)
	}
	if w.seas[0].others[cheat.self].Held == 0 {
		t.Error("it was never held")
	}
}

// Lights that a boat cannot have reached are not given to it, and stay where they are.
func TestClaimFromAfarIsRefused(t *testing.T) {
	t.Parallel()
	w := newTable(t, 1, 2, 0)
	w.play(1)
	honest, cheat := w.seas[0], w.seas[1]
	before := honest.lights
	for i := range cheat.lights {
		cheat.lights[i] = Light{cheat.lights[i].Taken + 1, cheat.self}
		cheat.score++
	}
	for range 100 {
		w.at += 33
		cheat.tick++
		w.say(cheat.Packet())
	}
	o := honest.others[cheat.self]
	if honest.lights != before || o.Refused != Lights {
		t.Errorf("the lights are %v, were %v; %d refused", honest.lights, before, o.Refused)
	}
	// What it boasts of is believed as slowly as could be true: see the README.
	if o.Score > maxTrust/trust+4 {
		t.Errorf("it is believed to have %d lights", o.Score)
	}
}

// A liar moves a light now and then, and not all of them for ever.
func TestHearsayIsRationed(t *testing.T) {
	t.Parallel()
	w := newTable(t, 1, 2, 0)
	w.play(1)
	honest, liar := w.seas[0], w.seas[1]
	var before, after uint32
	for _, l := range honest.lights {
		before += l.Taken
	}
	for range 60 * Rate {
		w.at += 33
		liar.tick++
		for i := range liar.lights {
			liar.lights[i] = Light{honest.lights[i].Taken + 1, 12345}
		}
		w.say(liar.Packet())
	}
	for _, l := range honest.lights {
		after += l.Taken
	}
	if moved := after - before; moved == 0 || moved > 8+30 {
		t.Errorf("%d lights were moved in a minute", moved)
	}
}

// What is not to be taken in is counted by its name.
func TestCounts(t *testing.T) {
	t.Parallel()
	s := NewSea(1, 7)
	p := aPacket()
	data := AppendPacket(nil, &p)
	s.Hear(p.Number, data[:Size-1], 0)
	s.Hear(1234, data, 0)
	s.Hear(p.Number, data, 0)
	s.Hear(p.Number, data, 0)
	own := s.Packet()
	s.Hear(7, AppendPacket(nil, &own), 0)
	for i := range uint32(maxOthers) {
		p.Number = 100 + i
		s.Hear(p.Number, AppendPacket(nil, &p), 0)
	}
	if want := (Counts{Heard: maxOthers, Malformed: 1, Foreign: 2, Old: 1, Full: 1}); s.Counts() != want {
		t.Errorf("%+v, want %+v", s.Counts(), want)
	}
}
