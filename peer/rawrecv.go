package peer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// receive takes the next message. What came before the end comes first; on a channel that this side closed there is nothing more.
func (ch *rawChannel) receive(ctx context.Context) (message, error) {
	ch.ask()
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
func (ch *rawChannel) pump() {
	defer close(ch.ended)
	defer close(ch.unread)
	defer ch.conn.unregister(ch)
	if ch.refused {
		defer ch.conn.refused.Add(-1)
	}
	for {
		m, borrowed, err := ch.read()
		if err != nil {
			ch.shutWrites() // first: Pion has reset our direction too, see rawclose.go
			ch.end(ch.readEnd(err))
			return
		}
		ch.conn.heardAt.Store(int64(time.Since(ch.conn.began)))
		switch {
		case len(m.data) > maxMessage:
			ch.tooLarge(len(m.data))
		case ch.sink != nil:
			ch.sink(m)
		default:
			m.data = bytes.Clone(m.data)
		}
		if borrowed != nil { // and given back before the application is waited for
			ch.conn.factory.buffers.Put(borrowed)
		}
		if ch.sink == nil && len(m.data) <= maxMessage {
			ch.keep(m)
		}
	}
}

// keep holds a message ready until somebody takes it, or nobody ever will.
func (ch *rawChannel) keep(m message) {
	ch.messagesReceived.Add(1)
	ch.bytesReceived.Add(uint64(len(m.data)))
	select {
	case <-ch.abandoned:
		return
	default:
	}
	if !ch.hold(len(m.data)) {
		ch.tooMuch()
		return
	}
	select {
	case ch.unread <- m:
	case <-ch.abandoned:
	case <-ch.conn.abandoned:
	}
}

// tooLarge ends what the other side has sent more on than it was told that it may.
func (ch *rawChannel) tooLarge(size int) {
	err := protocol.Errorf(protocol.CodeMessageTooLarge, "the other side sent %d bytes and was told that %d is the most", size, maxMessage)
	if ch.sink != nil {
		ch.conn.junction.violated(ch.conn, err)
		return
	}
	ch.shutdown(err)
}

// read returns one message, whose bytes are good until the next one is read, and in a borrowed buffer unless that is nil. An idle channel
// must not hold a buffer for the largest one, so it waits with a small one: Pion keeps a message that does not fit, and then a buffer is
// borrowed for as long as the copy takes. Who never gets a large one never makes that buffer, which has to be cleared: that was a tenth of
// what it takes to open a connection.
func (ch *rawChannel) read() (m message, borrowed *[maxMessage]byte, err error) {
	n, text, err := ch.raw.ReadDataChannel(ch.small[:])
	if err == nil {
		return message{ch.small[:n], text}, nil, nil
	}
	if !errors.Is(err, io.ErrShortBuffer) {
		return message{}, nil, err
	}
	buffer := ch.conn.factory.buffers.Get().(*[maxMessage]byte)
	if n, text, err = ch.raw.ReadDataChannel(buffer[:]); err == nil {
		return message{buffer[:n], text}, buffer, nil
	}
	ch.conn.factory.buffers.Put(buffer)
	// Larger than we said that we take. It has to be read all the same, to get rid of it; SCTP's own buffer of 1 MiB bounds it.
	for size := 2 * maxMessage; errors.Is(err, io.ErrShortBuffer); size *= 2 {
		large := make([]byte, size)
		if n, text, err = ch.raw.ReadDataChannel(large); err == nil {
			return message{large[:n], text}, nil, nil
		}
	}
	return message{}, nil, err
}

// readEnd says why reading ended. Pion returns io.EOF when the other side has reset its direction, and answers with a reset of
// ours; anything else is the end of the association.
func (ch *rawChannel) readEnd(err error) error {
	if errors.Is(err, io.EOF) {
		if ch.trunk {
			ch.conn.end(protocol.Errorf(protocol.CodeConnectionLost, "the other side closed what all channels go on"))
		}
		return protocol.Errorf(protocol.CodeClosed, "the other side closed the channel")
	}
	<-ch.conn.ctx.Done() // in a moment, by SCTP's OnClose or because the connection was ended
	return codedCause(ch.conn.ctx)
}
