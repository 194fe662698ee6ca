package lights

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

// aPacket is one with all in it.
func aPacket() Packet {
	p := Packet{
		Number: 0xfedcba98, Tick: 90_000, Boat: Boat{X: 40_000, Y: 20_000, Heading: 50_000, Speed: 200}, Score: 17,
		Paused: true, Pointed: true, PointX: Width, PointY: 1,
	}
	for i := range p.Lights {
		p.Lights[i] = Light{uint32(i * 3), uint32(i) * 0x0f0f0f0f}
	}
	return p
}

func TestPacketComesBack(t *testing.T) {
	t.Parallel()
	want := aPacket()
	data := AppendPacket(nil, &want)
	if len(data) != Size {
		t.Errorf("%d bytes, want %d", len(data), Size)
	}
	if got, err := DecodePacket(data); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// Nothing that anybody sends ends the program, and what is read says the same when it is written.
func FuzzDecodePacket(f *testing.F) {
	p := aPacket()
	f.Add(AppendPacket(nil, &p))
	f.Add([]byte{version})
	f.Add(make([]byte, Size))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodePacket(data)
		if err != nil {
			if !errors.Is(err, errMalformed) {
				t.Errorf("%v is no %v", err, errMalformed)
			}
			return
		}
		known := bytes.Clone(data)
		known[1] &= flagPaused | flagPointer
		if !p.Pointed {
			clear(known[22:26])
		}
		if again := AppendPacket(nil, &p); !bytes.Equal(again, known) {
			t.Errorf("%x was written as %x", known, again)
		}
		// Nor does it disturb a game: what is believed of who says it is a score and a place that can be.
		s := NewSea(1, p.Number+1)
		s.Hear(p.Number, data, 0)
		p.Tick++
		s.Hear(p.Number, AppendPacket(nil, &p), 33)
		for _, o := range s.Others() {
			if o.Score > maxTaken || o.Boat.X > Width || o.Boat.Y > Height {
				t.Errorf("%+v is believed", o)
			}
		}
	})
}
