package mux

import (
	"bytes"
	"context"
	"time"
)

// replay is what a durable channel keeps: the messages that the other side has not acknowledged.
type replay struct {
	kept     []keptMessage
	acked    uint64 // number of the last message that the other side has
	ackedEnd uint64 // the offset behind it
	size     int    // of kept, as flow control counts
	writing  bool   // writeKept runs, on this link
}

type keptMessage struct {
	data  []byte
	text  bool
	end   uint64    // the offset behind it, when it was last sent
	since time.Time // that it is kept
}

// maxKept is how many bytes are kept before Send waits; one message more, of any size, is.
const maxKept = 1 << 20

// last is the number of the last message that was given to Send.
func (r *replay) last() uint64 { return r.acked + uint64(len(r.kept)) }

// sent notes where message n ended.
func (r *replay) sent(n, end uint64) {
	if i := n - r.acked - 1; n > r.acked && i < uint64(len(r.kept)) {
		r.kept[i].end = end
	}
}

// ack drops the messages up to n.
func (r *replay) ack(n uint64) {
	for ; r.acked < n && len(r.kept) > 0; r.acked++ {
		r.size -= len(r.kept[0].data) + messageCost
		r.ackedEnd = r.kept[0].end
		r.kept[0] = keptMessage{}
		r.kept = r.kept[1:]
	}
}

// sendDurable gives a message to writeKept. It is kept from then on.
func (ch *Channel) sendDurable(ctx context.Context, data []byte, text bool) error {
	if !ch.slot.take(ctx, ch.mux.ctx) {
		return ch.refused(ctx)
	}
	defer ch.slot.give()
	for {
		wait, err := ch.keep(data, text)
		if err != nil || !wait {
			return err
		}
		select {
		case <-ch.room:
		case <-ctx.Done():
			return aborted(ctx)
		}
	}
}

func (ch *Channel) keep(data []byte, text bool) (wait bool, err error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	o := &ch.out
	if err := ch.cannotSend(); err != nil {
		return false, err
	}
	if size := uint64(len(data)); size > o.limit {
		if o.opened {
			return false, ch.tooLarge(size)
		}
		return true, nil
	}
	if r := &o.durable; r.size > maxKept {
		return true, nil
	}
	o.durable.kept = append(o.durable.kept, keptMessage{data: bytes.Clone(data), text: text, since: time.Now()})
	o.durable.size += len(data) + messageCost
	ch.buffered.Add(int64(len(data)))
	ch.startWriting()
	return false, nil
}

// startWriting has what is kept written, if there is something and nobody does.
func (ch *Channel) startWriting() {
	o, l := &ch.out, ch.link
	if l == nil || o.resuming || o.durable.writing || ch.gone || o.durable.last() <= o.n {
		return
	}
	o.durable.writing = l.queue.spawn(func() { ch.writeKept(l) })
}

// writeKept is a goroutine that sends the messages that were not sent on this link. There is none while there are none.
func (ch *Channel) writeKept(l *Link) {
	for {
		ch.mu.Lock()
		o := &ch.out
		if ch.link != l {
			ch.mu.Unlock()
			return
		}
		if ch.gone || o.durable.last() <= o.n {
			o.durable.writing = false
			ch.settled()
			ch.unlock()
			return
		}
		k := o.durable.kept[o.n-o.durable.acked]
		ch.mu.Unlock()
		m := message{data: k.data, text: k.text}
		done, err := ch.batched(l.ctx, l, &m)
		if !done && err == nil {
			err = ch.transmit(l.ctx, l, &m)
		}
		if err != nil {
			ch.mu.Lock()
			if ch.link == l {
				o.durable.writing = false
			}
			ch.mu.Unlock()
			return
		}
	}
}

// resumed goes on with a durable channel on a new link: the other side has said which messages it has. It is called with mu held.
func (ch *Channel) resumed(received, limit, window uint64) error {
	o := &ch.out
	if received < o.durable.acked || received > o.durable.last() {
		return badFrame("it has %d messages of a durable channel, of which %d to %d are possible", received, o.durable.acked, o.durable.last())
	}
	ch.acked(received)
	o.n, o.opened, o.resuming, o.busy, o.durable.writing = received, true, false, false, false
	o.limit, o.credit = limit, credit{granted: window, sent: o.durable.ackedEnd}
	ch.startWriting()
	ch.settled()
	return nil
}

// acked drops what the other side has.
func (ch *Channel) acked(n uint64) {
	if n <= ch.out.durable.acked {
		return
	}
	ch.out.durable.ack(n)
	signal(ch.room)
}

// resumeClosed answers the OPEN of a durable channel that is over, if it was closed in order.
func (l *Link) resumeClosed(t *trunk, f *frame, inOrder bool) bool {
	if inOrder {
		gone := newChannel(l.mux, false, f.open.Label, Options{})
		gone.place(l, f.id, t, nil)
		gone.gone = true
		gone.say(sayClosed)
	}
	return inOrder
}

// resume takes an OPEN of a durable channel of the other side's that is known here; known says that nothing more is to be done.
func (l *Link) resume(t *trunk, f *frame) (known bool, err error) {
	m := l.mux
	m.mu.Lock()
	ch, closed := m.theirs[f.open.Durable], m.wasClosed(f.open.Durable)
	m.mu.Unlock()
	if ch == nil {
		return l.resumeClosed(t, f, closed), nil
	}
	ch.mu.Lock()
	defer ch.unlock()
	if ch.gone { // just now: its name is on its way to those that are remembered, or forgotten
		return l.resumeClosed(t, f, ch.inOrder), nil
	}
	if ch.link != nil {
		return true, badFrame("the durable channel %q was opened twice", ch.name)
	}
	var received uint64
	if f.open.Received != nil {
		received = *f.open.Received
	}
	l.mu.Lock()
	over := l.over
	if !over {
		l.channels[theirs][f.id] = ch
	}
	l.mu.Unlock()
	if over {
		return true, nil
	}
	ch.place(l, f.id, t, nil)
	ch.pending = 0
	ch.say(sayOpened)
	return true, ch.resumed(received, f.open.Max, f.open.Window)
}
