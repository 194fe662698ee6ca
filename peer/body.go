package peer

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/beckon-rtc/beckon/peer/mux"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// bodyPiece is the largest message that is made of a body, in bytes: as much as can be sent before the other side has answered the
// request's OPEN, so that a short request waits for nothing.
const bodyPiece = 64<<10 - 64

// sendBody sends what r has, in pieces as it has them. broken says that r could not be read; any other error is why the channel takes no more.
func sendBody(ctx context.Context, ch *mux.Channel, r io.Reader) (broken bool, err error) {
	if r == nil {
		return false, nil
	}
	size := bodyPiece
	if short, ok := r.(interface{ Len() int }); ok { // of bytes and strings: most bodies are short
		size = max(1, min(size, short.Len()))
	}
	piece := make([]byte, size)
	for {
		n, err := r.Read(piece)
		if n > 0 {
			if err := ch.Send(ctx, piece[:n], false); err != nil {
				return false, err
			}
		}
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return true, fmt.Errorf("%w: %w", &protocol.Error{Code: protocol.CodeAborted, Text: "the body could not be read"}, err)
		}
	}
}

// bodyReader reads a body that comes, as a stream.
type bodyReader struct {
	ch *mux.Channel

	mu   sync.Mutex // one Read at a time
	rest []byte     // of the last message
	err  error      // which is returned from now on
}

// read is io.Reader's Read until ctx ends. io.EOF is the end of a whole body alone: one that breaks off has another error.
func (b *bodyReader) read(ctx context.Context, p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil && ctx.Err() != nil {
		b.rest, b.err = nil, aborted(ctx)
	}
	for len(b.rest) == 0 && b.err == nil && len(p) > 0 {
		data, _, err := b.ch.Recv(ctx)
		switch {
		case err == nil:
			b.rest = data
		case ctx.Err() == nil && b.ch.Complete():
			b.err = io.EOF
		default:
			b.err = err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}
