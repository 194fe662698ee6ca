package main

// The part that the page has, too: how a player moves. All of it is integers, so that both come to the same, and what a page predicts is what
// happens.

const (
	width, height = 16_000, 9_600
	margin        = 300 // nobody is nearer to the edge
	reach         = 500 // how near the coin is taken
	push          = 24  // what a key adds to the speed, in a tick
)

// The keys of an input.
const (
	keyUp byte = 1 << iota
	keyDown
	keyLeft
	keyRight
)

// body is where a player is, and its speed per tick.
type body struct{ x, y, vx, vy int }

// begin is where a player begins: those who come one after the other are far from each other, and from all before them as far as there is room. (The
// steps are those of the sequence R2: parts of the field that no other ones repeat.)
func begin(id uint16) body {
	along := func(step, length int) int { return margin + int(id)*step%65536*(length-2*margin)/65536 }
	return body{x: along(49472, width), y: along(37345, height)}
}

// step is the body a tick later.
func (b body) step(keys byte) body {
	axis := func(less, more byte) (n int) {
		if keys&less != 0 {
			n -= push
		}
		if keys&more != 0 {
			n += push
		}
		return n
	}
	b.vx += axis(keyLeft, keyRight) - b.vx/8 // the water slows it down
	b.vy += axis(keyUp, keyDown) - b.vy/8
	b.x = min(max(b.x+b.vx, margin), width-margin)
	b.y = min(max(b.y+b.vy, margin), height-margin)
	return b
}

// at tells whether the body touches a place.
func (b body) at(x, y int) bool { return (b.x-x)*(b.x-x)+(b.y-y)*(b.y-y) <= reach*reach }
