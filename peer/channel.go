package peer

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Channel carries messages to a peer and from it, text or binary. All its methods may be called from any goroutine; of several
// Recv at once each gets different messages.
//
// A channel costs no round trip and next to nothing, so open as many as there are things to keep apart (256 of each side at a time). What
// nobody reads stops its own sender and no other channel: a reader that is slow holds up to 1 MiB, and one message. Only channels that are
// Raw share a window of 1 MiB: read every one of those to its end, or close it. What is neither read nor closed is kept until the room is
// closed, also when the peer is gone.
type Channel struct {
	// Set once, before the channel is given out.
	way     way
	conn    *connection // on which it was opened, or came; a durable one goes on with the next
	label   string
	options ChannelOptions
}

// way is how a channel's messages travel: among others on trunks, by package mux, or on a data channel of its own.
type way interface {
	context() context.Context
	send(ctx context.Context, data []byte, text bool) error
	receive(ctx context.Context) (message, error)
	close(reason string)
	closeWrite(ctx context.Context) error
	flush(ctx context.Context) error
	maxMessageSize() int
	stats() ChannelStats
}

var _ way = (*rawChannel)(nil)

type message struct {
	data []byte
	text bool
}

// maxReason are the bytes of the text with which a channel is closed.
const maxReason = 1024

// Label is what the side that opened the channel called it. Several channels may have the same.
func (ch *Channel) Label() string { return ch.label }

// Options are those with which the channel was opened, on whichever side. MaxQueueAge is the business of the side that set it, and 0 on
// the other.
func (ch *Channel) Options() ChannelOptions { return ch.options }

// Context ends when the channel does. context.Cause says why, as a *protocol.Error: CodeClosed when one of the sides closed it
// or the peer left, with the text that the other side gave to CloseWithReason; CodeConnectionLost, CodeOverflow, CodeMessageTooLarge.
// What came before can still be had from Recv.
//
// While the peer is StateReconnecting a channel waits; what is sent is delivered when the way is found again. When the connection
// is replaced instead, the channel ends with CodeConnectionLost, and what the other side had not got may be lost; but a Durable one goes
// on, and loses nothing.
func (ch *Channel) Context() context.Context { return ch.way.context() }

// Send sends a binary message. It returns when the message is on its way, which is after those before it: while the other side
// does not read, or the network is slow, it waits, and so no memory fills up. ctx bounds the wait; a message is sent whole or,
// when Send returns an error, not at all. The bytes are copied, so the caller may use them again. On a Durable channel it returns when the
// message is kept to be sent, for which there is room for 1 MiB and one message; on one with MaxQueueAge it never waits for long.
//
// A message larger than MaxMessageSize is refused with CodeMessageTooLarge. A channel that has ended returns the code that Context's
// cause has.
func (ch *Channel) Send(ctx context.Context, data []byte) error {
	if err := ch.way.send(ctx, data, false); err != nil {
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
	if err := ch.way.send(ctx, []byte(text), true); err != nil {
		return wrap(err, "send on %q", ch.label)
	}
	return nil
}

// Recv returns the next message and whether it is text. It waits until there is one, the channel ends or ctx does; ctx bounds
// this call alone. Everything that came before the end is returned first, and then an error with the code that Context's cause
// has, CodeClosed in the ordinary case; on a channel that this side closed, at once. After the other side's CloseWrite the error is io.EOF
// as well as CodeClosed, and stays so: Context goes on, and when it ends, that has its cause. The bytes are the caller's.
func (ch *Channel) Recv(ctx context.Context) (data []byte, isText bool, err error) {
	m, err := ch.way.receive(ctx)
	if err != nil {
		return nil, false, wrap(err, "recv %q", ch.label)
	}
	return m.data, m.text, nil
}

// Close ends the channel in both directions. What was sent is still delivered as long as the peer is connected (Close of the
// peer or the room waits for that), and on a Durable channel after that, too. What was received and not read is dropped, and so is what the
// other side has still to send. Close does not wait for the other side, may be called twice, and always returns nil.
//
// On a Raw channel to Chromium there is one more thing: it drops what came on a channel whose end reaches it before its page was told that
// the channel began. So wait for some answer before you close one that you have just opened.
func (ch *Channel) Close() error {
	ch.way.close("")
	return nil
}

// CloseWithReason is Close with a sentence for the other side, which has it as the text of its Context's cause. It is UTF-8 (else
// CodeBadFrame) of at most 1024 bytes (else CodeMessageTooLarge); with an error nothing is closed. A Raw channel is closed without it.
func (ch *Channel) CloseWithReason(text string) error {
	switch {
	case len(text) > maxReason:
		return wrap(protocol.Errorf(protocol.CodeMessageTooLarge, "a reason of %d bytes is longer than %d", len(text), maxReason), "close %q", ch.label)
	case !utf8.ValidString(text):
		return wrap(protocol.Errorf(protocol.CodeBadFrame, "the reason is not UTF-8"), "close %q", ch.label)
	}
	ch.way.close(text)
	return nil
}

// CloseWrite ends the direction to the other side: its Recv returns io.EOF behind what was sent. It may go on sending. ctx bounds the wait
// for messages that are being sent. A Raw channel cannot do it (CodeUnsupported).
func (ch *Channel) CloseWrite(ctx context.Context) error {
	if err := ch.way.closeWrite(ctx); err != nil {
		return wrap(err, "close write of %q", ch.label)
	}
	return nil
}

// Flush waits until nothing of what was sent waits on this side any more: it is in the hands of the network stack, and on a Durable channel
// in those of the other side.
func (ch *Channel) Flush(ctx context.Context) error {
	if err := ch.way.flush(ctx); err != nil {
		return wrap(err, "flush %q", ch.label)
	}
	return nil
}

// MaxMessageSize is how large a message the other side takes, in bytes. On a channel that this side has just opened it is 64 KiB until the
// other side has said what it takes, for which Send of a larger one waits. Of a channel that is not reliable it is 1 MiB at most.
func (ch *Channel) MaxMessageSize() int { return ch.way.maxMessageSize() }

// ChannelStats are a channel's counts since it was opened.
type ChannelStats struct {
	// MessagesSent and BytesSent count what Send has taken, MessagesReceived and BytesReceived what has come whole.
	MessagesSent, BytesSent         uint64
	MessagesReceived, BytesReceived uint64
	// Buffered are the bytes that Send was given and that are not on the wire yet; on a Durable channel, that the other side has not
	// acknowledged.
	Buffered int
	// QueueAge is for how long the oldest of them has been waiting.
	QueueAge time.Duration
	// Dropped are messages that this side has not sent because they were older than MaxQueueAge.
	Dropped uint64
	// Missed are messages of an unreliable channel that have come and were dropped because nobody read them.
	Missed uint64
}

// Stats returns the counts as they are now.
func (ch *Channel) Stats() ChannelStats { return ch.way.stats() }
