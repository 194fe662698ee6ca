package mux

import (
	"context"
	"time"
)

// outgoing is the sending half of a channel, guarded by its mu.
type outgoing struct {
	credit   credit
	limit    uint64 // the largest message that the other side takes
	opened   bool   // the other side has said so, and what it grants
	n        uint64 // messages sent whole; in numbered delivery, the last number that was used
	cut      uint64 // number of the message that was given up
	resuming bool   // a durable channel of ours: the answer to its OPEN has not come
	busy     bool   // the first part of a message has left, and its last has not
	closed   bool   // the other side takes no more

	waitSince time.Time // since when the Send under way waits; zero: it does not
	messages  uint64    // sent, for Stats
	bytes     uint64
	dropped   uint64 // given up by age

	durable replay
	aged    agedQueue
}

// message is one that is being sent.
type message struct {
	data   []byte
	text   bool
	n      uint64 // its number
	begun  bool   // its first part has left
	offset int    // how much of it has
}

// Send sends a message. It returns when the last part is on its way: it waits while the other side does not grant more, and its turn with the
// other channels. A durable channel keeps the message until the other side has it, and Send only waits while it keeps a lot;
// where there is a MaxQueueAge it never waits.
//
// When Send returns an error the message is not delivered, not even in part: of CodeAborted when ctx ended, CodeMessageTooLarge, or what ended the
// channel. data is the caller's again when Send returns.
func (ch *Channel) Send(ctx context.Context, data []byte, text bool) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	switch {
	case ch.options.Durable:
		return ch.sendDurable(ctx, data, text)
	case ch.options.MaxQueueAge > 0:
		return ch.sendAged(data, text)
	}
	if !ch.slot.take(ctx, ch.mux.ctx) {
		return ch.refused(ctx)
	}
	defer ch.slot.give()
	ch.mu.Lock()
	l, err := ch.link, ch.cannotSend()
	ch.mu.Unlock()
	if err != nil {
		return err
	}
	ch.buffered.Add(int64(len(data)))
	m := message{data: data, text: text}
	done, err := ch.batched(ctx, l, &m)
	if !done && err == nil {
		err = ch.transmit(ctx, l, &m)
	}
	if left := len(data) - m.offset; left > 0 {
		ch.buffered.Add(-int64(left))
	}
	if err != nil {
		ch.giveUp(&m)
	}
	return err
}

// giveUp ends a message whose last part will not be sent.
func (ch *Channel) giveUp(m *message) {
	ch.mu.Lock()
	defer ch.unlock()
	ch.out.waitSince = time.Time{}
	if !m.begun || ch.gone {
		return
	}
	ch.out.busy = false
	ch.out.cut = m.n
	ch.say(sayCut)
	ch.settled()
}

// settled says FIN, CLOSE or both when it is wanted and nothing is left that comes before it. A FIN that was asked for goes before CLOSE also when there
// was no time to say it: the other side's reader must see the same end, however fast the calls follow each other. It is called with mu held.
func (ch *Channel) settled() {
	o := &ch.out
	if ch.gone || ch.link == nil || o.busy || o.resuming || o.aged.waits() || o.durable.last() > o.n {
		return
	}
	if ch.finWanted && !ch.finSaid && !ch.closeSaid {
		ch.finSaid = true
		ch.say(sayFin)
	}
	if ch.closeWanted && !ch.closeSaid {
		ch.say(sayClose)
	}
}

// forget drops what waits to be sent.
func (o *outgoing) forget() {
	o.aged.items, o.aged.size = nil, 0
	o.durable.kept, o.durable.size = nil, 0
}

// lost is what is left when the connection is over.
func (o *outgoing) lost() {
	o.busy, o.resuming, o.durable.writing = false, false, false
}
