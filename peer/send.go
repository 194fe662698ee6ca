package peer

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Send sends a binary message. It returns when the message is on its way, which is after those before it: while the other side
// does not read, or the network is slow, it waits, and so no memory fills up. ctx bounds the wait; a message is sent whole or,
// when Send returns an error, not at all. The bytes are copied, so the caller may use them again.
//
// A message larger than the other side takes is refused with CodeMessageTooLarge; every Beckon peer takes 256 KiB. A channel
// that has ended returns the code that Context's cause has.
func (ch *Channel) Send(ctx context.Context, data []byte) error {
	if err := ch.write(ctx, data, false); err != nil {
		return wrap(err, "send on %q", ch.label)
	}
	return nil
}

// SendText is Send for text, which a browser gets as a string. It must be UTF-8 (CodeBadFrame): a browser ends a channel on
// which other bytes come as text.
func (ch *Channel) SendText(ctx context.Context, text string) error {
	if !utf8.ValidString(text) {
		return wrap(protocol.Errorf(protocol.CodeBadFrame, "the text is not UTF-8; use Send for bytes"), "send on %q", ch.label)
	}
	if err := ch.write(ctx, []byte(text), true); err != nil {
		return wrap(err, "send on %q", ch.label)
	}
	return nil
}

func (ch *Channel) write(ctx context.Context, data []byte, text bool) error {
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
func (ch *Channel) shutWrites() {
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
func (ch *Channel) allowWrites() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if !ch.shut {
		ch.raw.SetWriteDeadline(time.Time{})
	}
}
