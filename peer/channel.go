package peer

import (
	"context"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

// Channel is a data channel to a peer: messages, text or binary, in both directions. All its methods may be called from any
// goroutine; of several Recv at once each gets different messages.
//
// All channels of a peer share one flow-control window of 1 MiB at the receiver. A channel that is never read stops the others
// when what waits on it fills the window: read every channel to its end, or close it. What is neither is kept until the room is
// closed, also when the peer is gone.
type Channel struct {
	// Set once, before the channel is given out.
	conn    *connection
	label   string
	options ChannelOptions
	ctx     context.Context
	end     context.CancelCauseFunc

	opened    chan struct{} // closed when the other side has acknowledged the channel
	started   chan struct{} // closed when raw is set
	raw       *datachannel.DataChannel
	sink      func(message) // takes what comes instead of Recv; nil but for the control channel
	unread    chan message  // filled and closed by pump
	ended     chan struct{} // closed when pump has ended, or will never start
	abandoned chan struct{} // closed when nobody will read any more
	writing   chan struct{} // holds a token while somebody writes or closes
	refused   bool          // nobody accepted it in time

	closeOnce   sync.Once
	resetOnce   sync.Once
	abandonOnce sync.Once

	mu   sync.Mutex
	shut bool // guarded by mu: the write deadline stays in the past
}

type message struct {
	data []byte
	text bool
}

// lookahead is how many messages pump holds ready. The rest waits in SCTP's window, which is what stops the sender.
const lookahead = 4

func newChannel(c *connection, label string, o ChannelOptions) *Channel {
	ch := &Channel{
		conn: c, label: label, options: o,
		opened:    make(chan struct{}),
		started:   make(chan struct{}),
		unread:    make(chan message, lookahead),
		ended:     make(chan struct{}),
		abandoned: make(chan struct{}),
		writing:   make(chan struct{}, 1),
	}
	ch.ctx, ch.end = context.WithCancelCause(c.ctx)
	return ch
}

// start gives the channel its stream, once Pion has opened it, and begins to read. Messages that came before wait in the
// stream: nothing reads a detached channel but who detached it.
func (ch *Channel) start(raw *datachannel.DataChannel) {
	ch.raw = raw
	ch.conn.register(ch)
	if ch.conn.spawn(ch.pump) {
		context.AfterFunc(ch.ctx, ch.shutWrites)
	} else {
		ch.conn.unregister(ch)
		close(ch.unread)
		close(ch.ended)
	}
	close(ch.started)
}

// fail ends a channel that Pion did not open, instead of start.
func (ch *Channel) fail(err error) {
	ch.end(protocol.Errorf(protocol.CodeClosed, "the channel did not open: %v", err))
	close(ch.unread)
	close(ch.ended)
	close(ch.started)
}

// Label is what the side that opened the channel called it. Several channels may have the same.
func (ch *Channel) Label() string { return ch.label }

// Options are those with which the channel was opened, on whichever side.
func (ch *Channel) Options() ChannelOptions { return ch.options }

// Context ends when the channel does. context.Cause says why, as a *protocol.Error: CodeClosed when one of the sides closed it
// or the peer left, CodeConnectionLost, CodeOverflow, CodeMessageTooLarge. What came before can still be had from Recv.
//
// While the peer is StateReconnecting a channel waits; what is sent is delivered when the way is found again. When the connection
// is replaced instead, the channel ends with CodeConnectionLost, and what the other side had not acknowledged may be lost.
func (ch *Channel) Context() context.Context { return ch.ctx }

// Close ends the channel in both directions. What was sent is still delivered as long as the peer is connected (Close of the
// peer or the room waits for that), but for one thing: Chromium drops what came on a channel whose end reaches it before its
// page was told that the channel began. So wait for some answer before you close a channel that you have just opened to a
// browser. What was received and not read is dropped. Close does not wait for the other side, may be called twice, and always
// returns nil.
func (ch *Channel) Close() error {
	ch.shutdown(protocol.Errorf(protocol.CodeClosed, "the channel was closed by this side"))
	return nil
}

func (ch *Channel) abandon() { ch.abandonOnce.Do(func() { close(ch.abandoned) }) }

// offered is called by Pion for each channel that the other side opens, one after the other, before its OnOpen.
func (c *connection) offered(dc *webrtc.DataChannel) {
	ch := newChannel(c, dc.Label(), optionsOf(dc))
	dc.OnOpen(func() {
		raw, err := detach(dc)
		if err != nil {
			ch.fail(err)
			return
		}
		ch.start(raw)
	})
	close(ch.opened)
	if c.accepted.offer(ch) {
		return
	}
	c.overflowed.Add(1)
	ch.refused = true
	if c.refused.Add(1) > maxRefused {
		c.end(protocol.Errorf(protocol.CodeOverflow, "the peer keeps %d channels that were refused", maxRefused))
	}
	c.log.Debug().Str("label", ch.label).Msg("channel refused: too many are not accepted")
	ch.shutdown(protocol.Errorf(protocol.CodeOverflow, "more than %d channels of the peer are not accepted", maxUnaccepted))
}

// accept waits for the next channel that the other side has opened, on whichever connection, until end.
func (m *meeting) accept(ctx, end context.Context) (*Channel, error) {
	for {
		if ctx.Err() != nil {
			return nil, aborted(ctx)
		}
		ch, _, err := m.accepted.take(ctx, end)
		if err != nil {
			return nil, err
		}
		if ch.whenStarted() {
			return ch, nil
		}
	}
}

// whenStarted waits the moment between Pion's OnDataChannel and its OnOpen, and for the control channel's OnOpen, which sets
// what Send needs. No context ends that wait: the channel that was taken for a caller who gives up in between would be lost. It
// returns false for one that never started.
func (ch *Channel) whenStarted() bool {
	for _, moment := range []chan struct{}{ch.conn.connected, ch.started} {
		select {
		case <-moment:
		case <-ch.conn.done:
		}
	}
	select {
	case <-ch.started:
		return true
	default:
		return false
	}
}

// forgetUnaccepted gives up what came on channels that nobody has accepted and that have ended.
func (c *connection) forgetUnaccepted() {
	c.accepted.remove(func(ch *Channel) bool {
		if ch.conn != c {
			return false
		}
		ch.abandon()
		c.overflowed.Add(1)
		return true
	})
}

// past is a deadline that makes a blocked call return now.
func past() time.Time { return time.Unix(1, 0) }

// detach takes the channel out of Pion's hands. Pion's interface has not all that its one implementation has and that is
// needed: the stream's id, and the moment of the acknowledgement.
func detach(dc *webrtc.DataChannel) (*datachannel.DataChannel, error) {
	raw, err := dc.DetachWithDeadline()
	if err != nil {
		return nil, err
	}
	detached, ok := raw.(*datachannel.DataChannel)
	if !ok {
		raw.Close()
		return nil, protocol.Errorf(protocol.CodeInternal, "Pion's channel is a %T", raw)
	}
	return detached, nil
}
