package mux

import (
	"context"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Channel is a channel with the peer: messages, text or binary, in both directions. All its methods may be called from any
// goroutine; of several Recv at once each gets different messages.
type Channel struct {
	// Set once, before the channel is given out.
	mux      *Mux
	ours     bool // this side has opened it
	label    string
	options  Options
	name     string // of a durable channel
	numbered bool   // not ordered and reliable: messages say their numbers
	windowed bool   // there is flow control
	ctx      context.Context
	end      context.CancelCauseFunc
	opened   chan struct{} // closed when the other side has taken it
	over     chan struct{} // closed when nothing is sent or comes any more
	free     sync.Once     // gives the slot back

	slot     turns         // whose Send it is
	wake     chan struct{} // holds a token when who sends should look again
	room     chan struct{} // when a durable channel has room for a message
	readable chan struct{} // when there is something to receive, or the end
	buffered atomic.Int64  // bytes that wait to be sent

	mu          sync.Mutex
	link        *Link // nil while a durable channel waits for a connection
	id          uint32
	lane, data  *trunk // data is nil until it is known; the same as lane if not numbered
	met         bool   // durable: the other side has known it
	pending     uint16 // what is to be said; see say.go
	resetting   resetHead
	reason      string
	finWanted   bool // this side sends no more
	closeWanted bool // and takes no more
	finSaid     bool // on this link, as the next two
	closeSaid   bool
	closedSaid  bool
	closedHeard bool
	inOrder     bool  // CLOSE has been answered
	gone        bool  // nothing is sent or comes any more
	cause       error // why the channel has ended, once it has
	last        error // why nothing comes any more, which may be another reason
	out         outgoing
	in          incoming
	timer       *time.Timer // waits for what may be lost
	ackTimer    *time.Timer
	after       after
}

// after is what is done once mu is free, because it takes other channels', the link's or the mux's.
type after struct {
	ended, left bool
	served      []*Channel // whose claims were granted
}

func newChannel(m *Mux, mine bool, label string, o Options) *Channel {
	ch := &Channel{
		mux: m, ours: mine, label: label, options: o, numbered: !o.Lane(), windowed: o.Reliable(),
		opened: make(chan struct{}), wake: make(chan struct{}, 1), room: make(chan struct{}, 1), readable: make(chan struct{}, 1),
		over: make(chan struct{}),
	}
	ch.in.grants = newGrants()
	ch.out.limit = firstGrant
	ch.out.credit.granted = firstGrant
	ch.ctx, ch.end = context.WithCancelCause(context.Background())
	return ch
}

// place puts the channel on a link. It is called with mu held, or before anybody else has the channel.
func (ch *Channel) place(l *Link, id uint32, lane, data *trunk) {
	if data == nil && !ch.numbered {
		data = lane
	}
	ch.link, ch.id, ch.lane, ch.data = l, id, lane, data
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Label is what the side that opened the channel called it. Several channels may have the same.
func (ch *Channel) Label() string { return ch.label }

// Options are those with which the channel was opened, on whichever side; MaxQueueAge is the opener's alone.
func (ch *Channel) Options() Options { return ch.options }

// Context ends when the channel does. context.Cause says why, with a code: CodeClosed when one of the sides closed it, with the
// other side's reason if it gave one; CodeConnectionLost, CodeOverflow, CodeMessageTooLarge, or what the other side reset it with.
func (ch *Channel) Context() context.Context { return ch.ctx }

// MaxMessageSize is the largest message that can be sent, in bytes.
func (ch *Channel) MaxMessageSize() int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	limit := ch.out.limit
	if !ch.out.opened && ch.link != nil {
		limit = ch.link.theirMax.Load()
	}
	if !ch.windowed {
		limit = min(limit, unbounded)
	}
	return int(min(limit, math.MaxInt)) // which may be less than the other side's
}

// Close ends the channel in both directions, and tells the other side why: at most 1,024 bytes, of which more are cut off. What was sent is delivered;
// a Send under way fails, and its message is not. What came and was not read is dropped. Close does not wait, and may be called twice.
func (ch *Channel) Close(reason string) {
	ch.mu.Lock()
	defer ch.unlock()
	if ch.gone || ch.closeWanted {
		ch.drop()
		return
	}
	ch.closeWanted = true
	ch.reason = clip(reason)
	ch.ended(protocol.Errorf(protocol.CodeClosed, "the channel was closed by this side"))
	ch.drop()
	ch.settled()
}

// conclude is Close because there will be no connection any more. A request that is not answered yet is reset instead: half of it, or of
// its answer, would look like a whole.
func (ch *Channel) conclude() {
	ch.mu.Lock()
	half := ch.options.Request && !ch.closeWanted && !ch.gone
	if half {
		ch.reset(&protocol.Error{Code: protocol.CodeClosed, Text: "the peer is closed before the request was answered"})
	}
	ch.unlock()
	if !half {
		ch.Close("")
	}
}

// Reset ends the channel now: what was sent may not arrive, and what came and was not read is dropped. The other side's error has err's code, and its
// sentence.
func (ch *Channel) Reset(err *protocol.Error) {
	ch.mu.Lock()
	defer ch.unlock()
	ch.drop()
	ch.reset(err)
}

// reset is Reset with what came left to be read.
func (ch *Channel) reset(err *protocol.Error) {
	if ch.gone {
		return
	}
	ch.resetting = resetHead{string(err.Code), clip(err.Text)}
	ch.finish(err)
	ch.pending = 0
	ch.say(sayReset)
}

// clip makes a text fit its frame, without half a character at the end. What is not UTF-8 would be the end of the connection.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for end > 0 && s[end]&0xc0 == 0x80 {
		end--
	}
	return s[:end]
}

// CloseWrite tells the other side, behind all that was sent, that no more will be: its Recv returns io.EOF. This side still receives. It waits for a
// Send under way.
func (ch *Channel) CloseWrite(ctx context.Context) error {
	if !ch.slot.take(ctx, ch.mux.ctx) {
		return ch.refused(ctx)
	}
	defer ch.slot.give()
	ch.mu.Lock()
	defer ch.unlock()
	if err := ch.cannotSend(); err != nil {
		return err
	}
	ch.finWanted = true
	ch.settled()
	return nil
}

// refused is why a turn did not come.
func (ch *Channel) refused(ctx context.Context) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	return context.Cause(ch.mux.ctx)
}

// cannotSend says why no message may be sent; nil if one may.
func (ch *Channel) cannotSend() error {
	switch {
	case ch.cause != nil:
		return ch.cause
	case ch.finWanted:
		return &protocol.Error{Code: protocol.CodeClosed, Text: "this side has ended its writing (CloseWrite)"}
	}
	return nil
}

// ended ends Context, and the calls that wait. What is on its way goes on.
func (ch *Channel) ended(cause error) {
	if ch.cause == nil {
		ch.cause = cause
		ch.after.ended = true
	}
	signal(ch.wake)
	signal(ch.room)
	signal(ch.readable)
}

// finish ends the channel altogether.
func (ch *Channel) finish(cause error) {
	if ch.gone {
		return
	}
	ch.gone = true
	ch.last = cause
	ch.after.left = true
	ch.ended(cause)
	ch.pending &= sayClosed | sayReset
	ch.out.forget()
	ch.buffered.Store(0)
	ch.forgetParts()
	ch.stopTimers()
}

func (ch *Channel) stopTimers() {
	if ch.timer != nil {
		ch.timer.Stop()
	}
	if ch.ackTimer != nil {
		ch.ackTimer.Stop()
	}
}

// unlock frees mu and does what had to wait for that.
func (ch *Channel) unlock() {
	todo, cause, l, id, inOrder, closing := ch.after, ch.cause, ch.link, ch.id, ch.inOrder, ch.closeSaid && !ch.ours
	ch.after = after{}
	ch.mu.Unlock()
	if todo.left {
		close(ch.over)
		if l != nil {
			l.leave(ch, id)
			if closing {
				l.closing.Add(-1)
			}
		}
		ch.mux.forget(ch, inOrder)
	}
	if todo.ended {
		ch.end(cause)
	}
	for _, other := range todo.served {
		other.mu.Lock()
		other.review()
		other.unlock()
	}
}

// lose takes the channel off a link that is over.
func (ch *Channel) lose(l *Link, cause error) {
	ch.mu.Lock()
	defer ch.unlock()
	if ch.link != l || ch.gone {
		return
	}
	if ch.name == "" || ch.closeWanted && ch.in.shut { // both have closed: there is nothing left to say
		ch.inOrder = ch.name != ""
		ch.finish(cause)
		ch.pending = 0
		return
	}
	ch.forgetParts()
	ch.stopTimers()
	ch.link, ch.lane, ch.data, ch.pending = nil, nil, nil, 0
	ch.finSaid, ch.closeSaid, ch.closedSaid, ch.closedHeard = false, false, false, false
	ch.out.lost()
	signal(ch.wake)
}
