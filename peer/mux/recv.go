package mux

import (
	"context"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Recv returns the next message and whether it is text. It waits until there is one, the other side sends no more, or ctx ends; ctx bounds this
// call alone. All that came before the end is returned first; then, after the other side's CloseWrite, an error that is io.EOF and of CodeClosed, also
// when the channel has ended since; else the cause of its end, as Context has it, and on a channel that this side closed at once. The bytes are the caller's.
func (ch *Channel) Recv(ctx context.Context) (data []byte, text bool, err error) {
	for {
		if ctx.Err() != nil {
			signal(ch.readable) // it may have been told of what is another's now
			return nil, false, aborted(ctx)
		}
		m, ok, err := ch.next()
		if ok || err != nil {
			return m.data, m.text, err
		}
		select {
		case <-ch.readable:
		case <-ctx.Done():
			return nil, false, aborted(ctx)
		}
	}
}

func (ch *Channel) next() (m arrival, ok bool, err error) {
	ch.mu.Lock()
	defer ch.unlock()
	in := &ch.in
	ch.ask()
	if in.queue.len() == 0 {
		if err := ch.atEnd(); err != nil {
			signal(ch.readable) // for the others that wait
			return m, false, err
		}
		return m, false, nil
	}
	m = in.queue.pop()
	ch.giveBack(m.claim)
	if !ch.gone {
		ch.taken(messageCost + uint64(len(m.data)))
		ch.review()
	}
	if in.queue.len() > 0 {
		signal(ch.readable)
	}
	return m, true, nil
}

// atEnd says why no more messages come, if none do. Who has said FIN may go on to CLOSE, or be lost, while what came before that is still being
// read: its reader must not take a whole for one that broke off, however late it comes to the end.
func (ch *Channel) atEnd() error {
	switch {
	case ch.in.finished && ch.in.complete && !ch.in.discard:
		return endOfMessages()
	case ch.gone || ch.closeWanted:
		return ch.cause
	case ch.in.complete && ch.in.shut:
		return ch.cause
	}
	return nil
}

// frame takes a frame of the channel. It is called with mu held; its error ends the connection.
func (ch *Channel) frame(t *trunk, f *frame) error {
	switch {
	case f.kind >= kindWhole || f.kind == kindCut:
		if f.kind >= kindWhole && ch.numbered != (f.kind >= kindNumbered) {
			return badFrame("a message is numbered, or is not, against its channel's delivery")
		}
		if t != ch.data && !ch.isData(t) {
			return badFrame("a message comes on another trunk than its channel's")
		}
	case t != ch.lane:
		return badFrame("a frame comes on another trunk than its channel's")
	}
	switch f.kind {
	case kindOpened:
		return ch.takeOpened(f)
	case kindWindow:
		if !ch.windowed {
			return badFrame("a WINDOW for a channel without flow control")
		}
		ch.out.credit.grant(f.n)
		signal(ch.wake)
	case kindAck:
		if ch.name == "" || f.n > ch.out.n {
			return badFrame("an ACK of what was not sent")
		}
		ch.acked(f.n)
	case kindFin, kindClose:
		return ch.takeEnd(f)
	case kindClosed:
		return ch.takeClosed()
	case kindReset:
		ch.pending = 0
		ch.finish(f.reset.error())
	case kindCut:
		return ch.cut(f)
	default:
		return ch.takeData(f)
	}
	return nil
}

// isData tells whether messages may come on that trunk, for a channel that did not know its own.
func (ch *Channel) isData(t *trunk) bool {
	if ch.data == nil && t.ours == ch.ours && t.key == ch.options.key() {
		ch.data = t
	}
	return t == ch.data
}

func (ch *Channel) takeOpened(f *frame) error {
	o := &ch.out
	again := o.resuming
	if !ch.ours || o.opened && !again || ch.name != "" && f.open.Received == nil {
		return badFrame("an OPENED that makes no sense")
	}
	ch.link.theirMax.Store(f.open.Max)
	if !ch.met {
		ch.met = true
		close(ch.opened)
	}
	signal(ch.wake)
	signal(ch.room)
	if again {
		return ch.resumed(*f.open.Received, f.open.Max, f.open.Window)
	}
	o.opened, o.limit = true, f.open.Max
	o.credit.grant(f.open.Window)
	if ch.name != "" {
		if *f.open.Received > o.n {
			return badFrame("an OPENED has messages that were not sent")
		}
		ch.acked(*f.open.Received)
	}
	return nil
}

// takeEnd takes FIN and CLOSE.
func (ch *Channel) takeEnd(f *frame) error {
	in := &ch.in
	shut := f.kind == kindClose
	again := in.fin && !in.shut && ch.name != "" && f.n == in.announced // of a durable channel, on another connection
	if !ch.numbered && (f.n != in.n || in.part != nil) || ch.numbered && f.n < in.n || in.shut || in.fin && !again && (!shut || f.n != in.announced) {
		return badFrame("an end after %d messages", f.n)
	}
	in.fin, in.announced = true, f.n
	in.finished = in.finished || !shut
	if shut {
		in.shut, in.reason = true, string(f.payload)
		ch.out.closed = true
		ch.out.forget() // the other side takes no more
		ch.buffered.Store(0)
		signal(ch.wake)
	}
	ch.check()
	if !in.complete && !ch.windowed {
		ch.awaitLost()
	} else if shut && in.complete {
		ch.shut()
	}
	return nil
}

// check looks whether all that was announced has come.
func (ch *Channel) check() {
	in := &ch.in
	if !in.fin || in.complete || in.n < in.announced && !in.waited {
		return
	}
	in.complete = true
	signal(ch.readable)
	if in.shut {
		ch.shut()
	}
}

// shut answers CLOSE.
func (ch *Channel) shut() {
	if ch.closedSaid || ch.gone {
		return
	}
	text := ch.in.reason
	if text == "" {
		text = "the other side closed the channel"
	}
	ch.closedSaid = true
	ch.ended(&protocol.Error{Code: protocol.CodeClosed, Text: text})
	ch.pending &= sayClose
	ch.say(sayClosed)
	if !ch.closeSaid || ch.closedHeard {
		ch.pending &^= sayClose
		ch.inOrder = true
		ch.finish(ch.cause)
	}
}

// takeClosed takes the answer to CLOSE.
func (ch *Channel) takeClosed() error {
	if !ch.closeSaid && !(ch.name != "" && ch.out.resuming) || ch.closedHeard {
		return badFrame("a CLOSED that answers nothing")
	}
	ch.closedHeard = true
	if !ch.in.shut || ch.closedSaid {
		ch.inOrder = true
		ch.finish(&protocol.Error{Code: protocol.CodeClosed, Text: "the other side closed the channel"})
	}
	return nil
}
