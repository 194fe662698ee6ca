package main

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBegin: nobody begins on another's place, whoever of the last 64 is still there, and however many were there before.
func TestBegin(t *testing.T) {
	t.Parallel()
	const size = 14 * 16 // a player's radius in the page
	for id := range 65536 {
		b := begin(uint16(id))
		if b.x < margin || b.x > width-margin || b.y < margin || b.y > height-margin {
			t.Fatalf("player %d begins at %d, %d, outside", id, b.x, b.y)
		}
		for back := 1; back < 64; back++ {
			if o := begin(uint16(id - back)); (o.x-b.x)*(o.x-b.x)+(o.y-b.y)*(o.y-b.y) < 4*size*size {
				t.Fatalf("players %d and %d begin on each other: %v, %v", id, uint16(id-back), b, o)
			}
		}
	}
}

// TestSeats: who comes when all seats are taken is told, and the next one is in when somebody has left.
func TestSeats(t *testing.T) {
	t.Parallel()
	g := newGame(2)
	come := func() *seat {
		s := &seat{snapshots: make(chan []byte, 1)}
		g.take(event{seat: s, kind: joined})
		g.tell()
		return s
	}
	first := come()
	come()
	late := come()
	if _, seated := <-late.snapshots; seated {
		t.Error("the third has a seat of two")
	}
	g.take(event{seat: late, kind: left})
	g.take(event{seat: first, kind: left})
	if _, seated := <-come().snapshots; !seated {
		t.Error("nobody may have a seat that was left")
	}
}
