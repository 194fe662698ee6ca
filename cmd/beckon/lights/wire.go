package lights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Label is that of the channels on which a player says where it is: one to each other player, opened by the one who speaks, unordered and
// without retransmission.
const Label = "beckon.lights.v1"

// version is a packet's first byte, and Size the bytes that it has.
const (
	version = 1
	Size    = 26 + 8*Lights
)

// The flags of a packet. Others are for later, and ignored.
const (
	flagPaused  = 1 << 0 // the player looks elsewhere, and its boat stands still
	flagPointer = 1 << 1 // Pointer is there
)

// Light is how often one was taken, and by whom last: 0 is nobody that is known.
type Light struct{ Taken, By uint32 }

// Packet is what a player says in a tick: everything, so that nothing has to be said again of one that is lost.
type Packet struct {
	Number         uint32 // of the player
	Tick           uint32 // one more in each packet; what is not newer than what was heard is dropped
	Boat           Boat
	Score          uint32
	Paused         bool
	Pointed        bool // whether there is a pointer
	PointX, PointY int  // where, in points
	Lights         [Lights]Light
}

// errMalformed is in all errors of DecodePacket.
var errMalformed = errors.New("lights: malformed packet")

// AppendPacket appends the packet's bytes, as in the README.
func AppendPacket(dst []byte, p *Packet) []byte {
	var flags byte
	if p.Paused {
		flags |= flagPaused
	}
	var x, y int
	if p.Pointed {
		flags |= flagPointer
		x, y = p.PointX, p.PointY
	}
	be := binary.BigEndian
	dst = append(slices.Grow(dst, Size), version, flags)
	dst = be.AppendUint32(dst, p.Number)
	dst = be.AppendUint32(dst, p.Tick)
	for _, n := range [...]int{p.Boat.X, p.Boat.Y, int(p.Boat.Heading), p.Boat.Speed} {
		dst = be.AppendUint16(dst, uint16(n))
	}
	dst = be.AppendUint32(dst, p.Score)
	dst = be.AppendUint16(dst, uint16(x))
	dst = be.AppendUint16(dst, uint16(y))
	for _, l := range p.Lights {
		dst = be.AppendUint32(dst, l.Taken)
		dst = be.AppendUint32(dst, l.By)
	}
	return dst
}

// DecodePacket reads a packet. What is not one of this version, or says what no player of it can, is an error.
func DecodePacket(data []byte) (p Packet, err error) {
	if len(data) != Size {
		return p, fmt.Errorf("%w: %d bytes instead of %d", errMalformed, len(data), Size)
	}
	if data[0] != version {
		return p, fmt.Errorf("%w: version %d", errMalformed, data[0])
	}
	be := binary.BigEndian
	short := func(at int) int { return int(be.Uint16(data[at:])) }
	p = Packet{
		Number: be.Uint32(data[2:]),
		Tick:   be.Uint32(data[6:]),
		Boat:   Boat{X: short(10), Y: short(12), Heading: be.Uint16(data[14:]), Speed: short(16)},
		Score:  be.Uint32(data[18:]),
		Paused: data[1]&flagPaused != 0,
	}
	if p.Pointed = data[1]&flagPointer != 0; p.Pointed {
		p.PointX, p.PointY = short(22), short(24)
	}
	switch {
	case p.Number == 0:
		return p, fmt.Errorf("%w: number 0", errMalformed)
	case p.Boat.X > Width || p.Boat.Y > Height || p.PointX > Width || p.PointY > Height:
		return p, fmt.Errorf("%w: outside of the sea", errMalformed)
	case p.Boat.Speed > TopSpeed:
		return p, fmt.Errorf("%w: a speed of %d", errMalformed, p.Boat.Speed)
	case p.Score > maxTaken:
		return p, fmt.Errorf("%w: a score of %d", errMalformed, p.Score)
	}
	for i := range p.Lights {
		l := Light{be.Uint32(data[26+8*i:]), be.Uint32(data[30+8*i:])}
		if l.Taken > maxTaken || l.Taken == 0 && l.By != 0 {
			return p, fmt.Errorf("%w: a light that %d took, the %dth time", errMalformed, l.By, l.Taken)
		}
		p.Lights[i] = l
	}
	return p, nil
}
