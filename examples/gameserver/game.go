package main

import (
	"context"
	"maps"
	"math/rand/v2"
	"time"
)

const (
	rate      = 30  // ticks a second
	mostLate  = 256 // events that wait for the loop
	mostAhead = 10  // inputs that a player may make up for at once, after a pause of the network
	percent   = 103 // of an input may be carried out in a tick, for clocks differ; what is over 100 empties what waits
)

// seat is where a player sits. The loop owns it, but for the channel, which has room for one: only the newest snapshot is of use. It is closed for
// who comes when all seats are taken.
type seat struct {
	snapshots chan []byte
	body      body
	id, score uint16
	ack       uint32 // the number of the input that was carried out last
	credit    int    // hundredths of inputs that may be carried out now
	waiting   []input
}

// event is what players do, for the loop to take.
type event struct {
	seat   *seat
	kind   kind
	inputs []input
}

type kind int

const (
	joined kind = iota
	left
	pressed
)

// game is the state, of which run alone has all below events.
type game struct {
	events chan event
	done   chan struct{} // closed when the loop has ended
	most   int           // players

	tick         uint32
	seats        map[*seat]struct{}
	lastID       uint16
	coinX, coinY int
}

func newGame(seats int) *game {
	return &game{events: make(chan event, mostLate), done: make(chan struct{}), most: seats, seats: make(map[*seat]struct{}), coinX: width / 2, coinY: height / 2}
}

// say has the loop take an event that must not be lost; it waits, and tells whether the loop still runs.
func (g *game) say(ctx context.Context, e event) bool {
	select {
	case g.events <- e:
		return true
	case <-ctx.Done():
	case <-g.done:
	}
	return false
}

// hear has the loop take one that comes again: the next packet has the same inputs. So when there is no room, it is dropped.
func (g *game) hear(e event) {
	select {
	case g.events <- e:
	default:
	}
}

// run is the loop. Everything that happens to the state happens here, so there is no lock.
func (g *game) run(ctx context.Context) {
	defer close(g.done)
	ticker := time.NewTicker(time.Second / rate)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-g.events:
			g.take(e)
		case <-ticker.C:
			g.step()
			g.tell()
		}
	}
}

func (g *game) take(e event) {
	_, seated := g.seats[e.seat]
	switch {
	case e.kind == joined && len(g.seats) >= g.most:
		close(e.seat.snapshots)
	case e.kind == joined:
		g.lastID++
		e.seat.id, e.seat.body = g.lastID, begin(g.lastID)
		g.seats[e.seat] = struct{}{}
	case e.kind == left:
		delete(g.seats, e.seat)
	case e.kind == pressed && seated:
		e.seat.wait(e.inputs)
	}
}

// wait adds the inputs that are new. They are in order, and none is left out: each packet repeats those that are not acknowledged.
func (s *seat) wait(inputs []input) {
	newest := s.ack
	if n := len(s.waiting); n > 0 {
		newest = s.waiting[n-1].number
	}
	for _, in := range inputs {
		if in.number > newest && len(s.waiting) < 2*mostInputs {
			s.waiting = append(s.waiting, in)
			newest = in.number
		}
	}
}

// step is one tick. A player moves by its inputs, one for each: so where it thinks it is, is where it will be, however late they come. It
// has no more of them than there are ticks, whatever its clock says.
func (g *game) step() {
	g.tick++
	for s := range g.seats {
		s.credit = min(s.credit+percent, 100*mostAhead)
		for s.credit >= 100 && len(s.waiting) > 0 {
			in := s.waiting[0]
			s.waiting = s.waiting[1:]
			s.credit -= 100
			s.ack = in.number
			s.body = s.body.step(in.keys)
			if s.body.at(g.coinX, g.coinY) {
				s.score++
				g.coinX, g.coinY = margin+rand.IntN(width-2*margin), margin+rand.IntN(height-2*margin)
			}
		}
	}
}

// tell puts a snapshot before each player, in place of one that was not sent yet.
func (g *game) tell() {
	all := appendState(nil, g.coinX, g.coinY, maps.Keys(g.seats))
	for s := range g.seats {
		select {
		case <-s.snapshots:
		default:
		}
		s.snapshots <- snapshot(g.tick, s.ack, s.id, all) // there is room: nobody else puts one there
	}
}
