package peer

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Recv returns the next message and whether it is text. It waits until there is one, the channel ends or ctx does; ctx bounds
// this call alone. Everything that came before the end is returned first, and then an error with the code that Context's cause
// has, CodeClosed in the ordinary case; on a channel that this side closed, at once. The bytes are the caller's.
func (ch *Channel) Recv(ctx context.Context) (data []byte, isText bool, err error) {
	m, err := ch.receive(ctx)
	if err != nil {
		return nil, false, wrap(err, "recv %q", ch.label)
	}
	return m.data, m.text, nil
}

func (ch *Channel) receive(ctx context.Context) (message, error) {
	// Asked first: of several ready cases the select takes any, and an end that has come must be seen.
	select {
	case <-ctx.Done():
		return message{}, aborted(ctx)
	case <-ch.abandoned:
		return message{}, codedCause(ch.ctx)
	default:
	}
	select {
	case m, ok := <-ch.unread:
		if !ok {
			return message{}, codedCause(ch.ctx)
		}
		return m, nil
	case <-ctx.Done():
		return message{}, aborted(ctx)
	case <-ch.abandoned:
		return message{}, codedCause(ch.ctx)
	case <-ch.conn.abandoned:
		return message{}, codedCause(ch.ctx)
	}
}

// pump reads the stream until it ends. It runs from the channel's start to its end even when nobody reads: the acknowledgement
// of an open, and the other side's reset, are seen in no other way, and what comes on a closed channel before the other side
// resets its direction has to be taken out of the window that all channels share.
func (ch *Channel) pump() {
	defer close(ch.ended)
	defer close(ch.unread)
	defer ch.conn.unregister(ch)
	if ch.refused {
		defer ch.conn.refused.Add(-1)
	}
	for {
		m, err := ch.read()
		if err != nil {
			ch.shutWrites() // first: Pion has reset our direction too, see close.go
			ch.end(ch.readEnd(err))
			return
		}
		ch.conn.heardAt.Store(int64(time.Since(ch.conn.began)))
		if len(m.data) > maxMessage {
			ch.shutdown(protocol.Errorf(protocol.CodeMessageTooLarge,
				"the other side sent %d bytes and was told that %d is the most", len(m.data), maxMessage))
			continue
		}
		if ch.sink != nil {
			ch.sink(m)
			continue
		}
		select {
		case <-ch.abandoned:
			continue
		default:
		}
		select {
		case ch.unread <- m:
		case <-ch.abandoned:
		case <-ch.conn.abandoned:
		}
	}
}

// read returns one message. An idle channel must not hold a buffer for the largest one, so it waits with one byte: Pion keeps
// a message that does not fit, and then a buffer is borrowed for as long as the copy takes. Acknowledgements of opens and
// empty messages, which are one byte on the wire (RFC 8831, section 6.6), fit.
func (ch *Channel) read() (message, error) {
	var tiny [1]byte
	n, text, err := ch.raw.ReadDataChannel(tiny[:])
	if err == nil {
		return message{append([]byte(nil), tiny[:n]...), text}, nil
	}
	if !errors.Is(err, io.ErrShortBuffer) {
		return message{}, err
	}
	buffer := ch.conn.factory.buffers.Get().(*[maxMessage]byte)
	defer ch.conn.factory.buffers.Put(buffer)
	n, text, err = ch.raw.ReadDataChannel(buffer[:])
	if err == nil {
		return message{append(make([]byte, 0, n), buffer[:n]...), text}, nil
	}
	// Larger than we said that we take. It has to be read all the same, to get rid of it; SCTP's own buffer of 1 MiB bounds it.
	for size := 2 * maxMessage; errors.Is(err, io.ErrShortBuffer); size *= 2 {
		large := make([]byte, size)
		if n, text, err = ch.raw.ReadDataChannel(large); err == nil {
			return message{large[:n], text}, nil
		}
	}
	return message{}, err
}

// readEnd says why reading ended. Pion returns io.EOF when the other side has reset its direction, and answers with a reset of
// ours; anything else is the end of the association.
func (ch *Channel) readEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return protocol.Errorf(protocol.CodeClosed, "the other side closed the channel")
	}
	<-ch.conn.ctx.Done() // in a moment, by SCTP's OnClose or because the connection was ended
	return codedCause(ch.conn.ctx)
}
