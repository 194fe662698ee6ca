package peer

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// send gives a message to Pion, which takes it when the one before is on its way: that is how the window stops the sender.
func (ch *rawChannel) send(ctx context.Context, data []byte, text bool) error {
	err := ch.write(ctx, data, text)
	if err == nil {
		ch.messagesSent.Add(1)
		ch.bytesSent.Add(uint64(len(data)))
	}
	return err
}

func (ch *rawChannel) write(ctx context.Context, data []byte, text bool) error {
	if len(data) > ch.conn.maxSend {
		return protocol.Errorf(protocol.CodeMessageTooLarge,
			"%d bytes are more than the %d that the other side takes in one message", len(data), ch.conn.maxSend)
	}
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	// Pion has one write deadline per channel, so one write at a time.
	select {
	case ch.writing <- struct{}{}:
	case <-ctx.Done():
		return aborted(ctx)
	case <-ch.ctx.Done():
		return codedCause(ch.ctx)
	}
	defer func() { <-ch.writing }()
	if ch.ctx.Err() != nil {
		return codedCause(ch.ctx)
	}
	if ctx.Done() != nil {
		expired := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			ch.raw.SetWriteDeadline(past())
			close(expired)
		})
		defer func() {
			if !stop() {
				<-expired // or it would hit the write after this one
				ch.allowWrites()
			}
		}()
	}
	_, err := ch.raw.WriteDataChannel(data, text)
	switch {
	case err == nil:
		return nil
	case ch.ctx.Err() != nil:
		return codedCause(ch.ctx)
	case ctx.Err() != nil:
		return aborted(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		// The other side's reset has been read, and the context that says so ends in a moment.
		<-ch.ctx.Done()
		return codedCause(ch.ctx)
	}
	// The stream or the association has ended, and the reader has not been told yet.
	return protocol.Errorf(protocol.CodeClosed, "the channel is closed: %v", err)
}

// shutWrites makes a blocked write return, and all after it.
func (ch *rawChannel) shutWrites() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.shut = true
	ch.raw.SetWriteDeadline(past())
}

// allowWrites takes back the deadline that a caller's context set, unless it is there to stay.
//
// It must not be called while a write is under way: Pion asks a deadline that has passed for its error, which is nil when the
// deadline has been moved meanwhile, and so takes a message that it never sent for sent. The receiver of an ordered channel
// then waits for it for ever.
func (ch *rawChannel) allowWrites() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if !ch.shut {
		ch.raw.SetWriteDeadline(time.Time{})
	}
}

// closeWrite is what a data channel has no way to say.
func (ch *rawChannel) closeWrite(context.Context) error {
	return protocol.Errorf(protocol.CodeUnsupported, "a raw channel ends in both directions at once")
}

// flush waits until Pion has sent what it was given, or the channel has ended.
func (ch *rawChannel) flush(ctx context.Context) error {
	// Pion calls back at a threshold that others may have set, so it is asked.
	ticker := time.NewTicker(flushAgain)
	defer ticker.Stop()
	for ch.raw.BufferedAmount() > 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return aborted(ctx)
		case <-ch.ctx.Done():
			return codedCause(ch.ctx)
		}
	}
	return nil
}

func (ch *rawChannel) maxMessageSize() int { return ch.conn.maxSend }

func (ch *rawChannel) stats() ChannelStats {
	return ChannelStats{
		MessagesSent: ch.messagesSent.Load(), BytesSent: ch.bytesSent.Load(),
		MessagesReceived: ch.messagesReceived.Load(), BytesReceived: ch.bytesReceived.Load(),
		Buffered: int(ch.raw.BufferedAmount()),
	}
}
