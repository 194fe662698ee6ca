package turnserver

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// framer cuts a TCP stream into the messages of RFC 8656 section 12.5 and RFC 8489 section 6.2.2:
//
//	00.. ....  STUN         20 bytes and a length that is a multiple of 4, with the magic cookie at byte 4
//	01.. ....  ChannelData   4 bytes and a length, padded to a multiple of 4 (on a stream it MUST be)
//
// Everything else ends the stream, because after one wrong length nothing that follows can be trusted. It is owned by
// the goroutine that calls next.
type framer struct {
	r     *bufio.Reader
	max   int    // bytes of a message with its padding
	begun func() // called when a message has begun: its rest is due
}

const channelHeader = 4

// next reads one message into p, which holds at least max bytes, and returns its length without the padding. The error
// is what the stream's Read said when it ended between two messages (io.EOF is a clean end), and otherwise wraps
// ErrNotTURN, ErrFrameTooBig or errCut.
func (f *framer) next(p []byte) (int, error) {
	if _, err := f.r.Peek(1); err != nil {
		return 0, err
	}
	f.begun()
	head, err := f.r.Peek(channelHeader)
	if err != nil {
		return 0, cut(err)
	}
	// int, not the wire's uint16: 0xFFFC and a header overflow that, and a length of 0 is an endless loop.
	size := int(binary.BigEndian.Uint16(head[2:]))
	padded, isSTUN := 0, head[0]>>6 == 0
	switch {
	case isSTUN && size%4 == 0:
		size += stunHeader
		padded = size
	case head[0]>>6 == 1:
		size += channelHeader
		padded = (size + 3) &^ 3
	default:
		return 0, fmt.Errorf("%w: a frame begins with %#04x", ErrNotTURN, head[:2])
	}
	if padded > f.max {
		return 0, fmt.Errorf("%w: %d bytes of at most %d", ErrFrameTooBig, padded, f.max)
	}
	if isSTUN {
		if head, err = f.r.Peek(8); err != nil {
			return 0, cut(err)
		}
		if binary.BigEndian.Uint32(head[4:]) != magicCookie {
			return 0, fmt.Errorf("%w: no magic cookie", ErrNotTURN)
		}
	}
	if _, err := io.ReadFull(f.r, p[:size]); err != nil {
		return 0, cut(err)
	}
	if _, err := f.r.Discard(padded - size); err != nil {
		return 0, cut(err)
	}
	return size, nil
}

// cut names a stream that ended, or fell silent for too long, inside a message.
func cut(err error) error { return fmt.Errorf("%w: %w", errCut, err) }
