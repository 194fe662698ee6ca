package signaling

import (
	"errors"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// carrier is what a conn's frames ride on: a WebSocket, a streamed response or a series of polls. One goroutine reads from it
// (conn.serve) and one writes to it (conn.drain); expect and abort may be called from any.
type carrier interface {
	// await waits for the next frame, and has it only begun: nothing is kept for a client that says nothing. Its errors are those
	// below, one that is a timeout when nothing came in time, and any other when the carrier is lost. Those of read are the same.
	await() error
	// read returns the frame that await has found, in buf if there is room.
	read(buf []byte) ([]byte, error)
	// expect says by when read must have returned. When closing has begun, nobody waits for a frame any more: a carrier whose client
	// need not answer a close returns from read at once.
	expect(by time.Time, closing bool)
	// write takes a frame, which others write too and nobody may change. It has until then, as the two below have.
	write(frame []byte, by time.Time) error
	// flush sends what was written: nothing more waits to be.
	flush(by time.Time) error
	// control writes what is no frame: a heartbeat, or the close with its code.
	control(op op, code protocol.CloseCode, by time.Time) error
	// linger gives the client time to answer the close, where it has to.
	linger()
	// end lets go of the carrier when all is written.
	end()
	// abort ends the carrier now and wakes who reads or writes. It may come at any time, even after end.
	abort()
}

// op is what to write.
type op uint8

const (
	opNone op = iota
	opFrame
	opPing
	opPong
	opClose
)

var (
	errFrameTooLarge = errors.New("signaling: frame: too large")
	errBinaryFrame   = errors.New("signaling: frame: binary")
	// errClosing is the end of reading because closing has begun: we have said so, or the client has and is answered.
	errClosing = errors.New("signaling: carrier: closing")
)
