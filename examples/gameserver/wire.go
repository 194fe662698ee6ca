package main

import (
	"encoding/binary"
	"iter"
)

// An input packet, from a page: the number of the newest input, and the inputs up to that, a byte each, the oldest first. It has those that
// are not acknowledged, so that the next packet makes up for one that is lost.
//
// A snapshot, to a page: tick (4 bytes), the number of the input that was carried out last (4), who you are (2), the coin (2, 2), and 12
// bytes for each player: id, x, y, score, and the speeds, which are signed. All numbers are big endian.

const mostInputs = 16

// input is what was pressed in a tick of the page.
type input struct {
	number uint32
	keys   byte
}

// decodeInputs reads an input packet. What is none is not ok.
func decodeInputs(data []byte) (inputs []input, ok bool) {
	n := len(data) - 4
	if n < 1 || n > mostInputs {
		return nil, false
	}
	newest := binary.BigEndian.Uint32(data)
	if newest < uint32(n) { // the first is number 1
		return nil, false
	}
	for i, keys := range data[4:] {
		if keys > keyUp|keyDown|keyLeft|keyRight {
			return nil, false
		}
		inputs = append(inputs, input{newest - uint32(n-1-i), keys})
	}
	return inputs, true
}

// appendState appends what is the same for all.
func appendState(b []byte, coinX, coinY int, seats iter.Seq[*seat]) []byte {
	put := func(n int) { b = binary.BigEndian.AppendUint16(b, uint16(n)) }
	put(coinX)
	put(coinY)
	for s := range seats {
		for _, n := range [...]int{int(s.id), s.body.x, s.body.y, int(s.score), s.body.vx, s.body.vy} {
			put(n)
		}
	}
	return b
}

// snapshot is what one player is sent.
func snapshot(tick, ack uint32, id uint16, state []byte) []byte {
	b := make([]byte, 0, 10+len(state))
	b = binary.BigEndian.AppendUint32(b, tick)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = binary.BigEndian.AppendUint16(b, id)
	return append(b, state...)
}
