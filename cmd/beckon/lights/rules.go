package lights

import "math"

// Rate is how many ticks a second has.
const Rate = 30

// The sea's measures, in points: it is Width by Height, with an island in the middle. x grows to the east and y to the south.
const (
	Width, Height    = 51_200, 28_800
	margin           = 800 // no boat and no light is nearer to the edge
	islandX, islandY = Width / 2, Height / 2
	IslandRadius     = 2240
)

// A boat's measures, in points and per tick; angles are parts of a turn of 65,536.
const (
	TopSpeed = 256
	speedUp  = 8
	slowDown = 6
	turn     = 728
)

// Lights is how many there are at any time.
const Lights = 8

// Reach is how near a boat must come to a light to take it, in points.
const Reach = 1280

// maxTaken bounds how often a light was taken, so that it is a positive int32 in every language.
const maxTaken = math.MaxInt32

// Boat is where a boat is, and how it moves.
type Boat struct {
	X, Y    int // points
	Heading uint16
	Speed   int // points per tick, from 0 to TopSpeed
}

// Input is what a player wants of its boat in a tick.
type Input struct {
	Want uint16 // the heading, in parts of a turn: 0 is east, 16,384 south
	Go   bool   // whether to sail there; a boat that does not go turns, too, and loses speed
}

// hash is FNV-1a, 32 bit, of a text's UTF-8.
func hash(text string) uint32 {
	h := uint32(0x811c9dc5)
	for i := range len(text) {
		h = (h ^ uint32(text[i])) * 0x01000193
	}
	return h
}

// Number is what a player is called in packets: a hash of its peer id, which is never 0.
func Number(peer string) uint32 { return max(hash(peer), 1) }

// Seed is what a room's lights are placed by.
func Seed(room string) uint32 { return hash(room) }

// mix spreads the bits of a number over all others: the finalizer of MurmurHash3.
func mix(h uint32) uint32 {
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

// directions are the cosines of 256 directions, times 16,384.
var directions = func() (table [256]int) {
	for i := range table {
		table[i] = int(math.Round(16384 * math.Cos(2*math.Pi*float64(i)/256)))
	}
	return table
}()

// toward is how far a way of that length in that direction leads, in both axes. Of the direction its nearest 256th of a turn counts.
func toward(heading uint16, length int) (dx, dy int) {
	i := (int(heading) + 128) >> 8
	return directions[i&255] * length >> 14, directions[(i-64)&255] * length >> 14
}

// length is that of a way, rounded down. The square root of IEEE 754 is exact enough to do so the same everywhere.
func length(dx, dy int) int { return int(math.Sqrt(float64(dx*dx + dy*dy))) }

// Begin is where the boat of that number begins: around the island, and away from it.
func Begin(number uint32) Boat {
	heading := uint16(number&255) << 8
	dx, dy := toward(heading, 4*IslandRadius)
	return Boat{X: islandX + dx, Y: islandY + dy, Heading: heading}
}

// Step is the boat a tick later.
func (b Boat) Step(in Input) Boat {
	b.Heading += uint16(min(max(int(int16(in.Want-b.Heading)), -turn), turn))
	if in.Go {
		b.Speed = min(b.Speed+speedUp, TopSpeed)
	} else {
		b.Speed = max(b.Speed-slowDown, 0)
	}
	dx, dy := toward(b.Heading, b.Speed)
	b.X, b.Y = ashore(b.X+dx, b.Y+dy)
	return b
}

// ashore is the nearest water, roughly: a boat slides along the edge of the sea and around the island.
func ashore(x, y int) (int, int) {
	x, y = min(max(x, margin), Width-margin), min(max(y, margin), Height-margin)
	dx, dy := x-islandX, y-islandY
	if dx*dx+dy*dy >= IslandRadius*IslandRadius {
		return x, y
	}
	d := length(dx, dy)
	if d == 0 {
		return islandX + IslandRadius, islandY
	}
	return islandX + dx*IslandRadius/d, islandY + dy*IslandRadius/d
}

// Place is where a light is that was taken so many times: anywhere but on the island and near it.
func Place(seed uint32, light int, taken uint32) (x, y int) {
	for try := uint32(0); ; try++ {
		h := mix(seed ^ mix(uint32(light)*0x9e3779b1^mix(taken+try*0xc2b2ae35)))
		x = margin + int(h&0xffff)*(Width-2*margin)>>16
		y = margin + int(h>>16)*(Height-2*margin)>>16
		if length(x-islandX, y-islandY) >= IslandRadius+Reach {
			return x, y
		}
	}
}

// rank orders those who say that they took the same light the same time: the smallest has it. It is another order each time, so nobody is
// the luckier one for ever.
func rank(number, taken uint32) uint32 { return mix(number ^ taken*0x9e3779b1) }
