package mux

import (
	"context"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// transmit sends all frames of a message on l, each in a turn of its own. Who calls it has the slot.
func (ch *Channel) transmit(ctx context.Context, l *Link, m *message) error {
	for {
		if !l.turn.take(ctx, l.ctx) {
			return l.broken(ctx, nil)
		}
		done, wait, err := ch.writePart(ctx, l, m)
		l.turn.give()
		if done || err != nil {
			return err
		}
		if wait {
			if err := ch.await(ctx, l); err != nil {
				return err
			}
		}
	}
}

// await waits until something has changed that who sends should know.
func (ch *Channel) await(ctx context.Context, l *Link) error {
	ch.mu.Lock()
	if ch.out.waitSince.IsZero() {
		ch.out.waitSince = time.Now()
	}
	ch.mu.Unlock()
	select {
	case <-ch.wake:
		return nil
	case <-ctx.Done():
		return aborted(ctx)
	case <-l.ctx.Done():
		return context.Cause(l.ctx)
	}
}

// writePart writes the next frame of a message, with the turn held; wait says that the other side must grant more first.
func (ch *Channel) writePart(ctx context.Context, l *Link, m *message) (done, wait bool, err error) {
	if err := l.drain(ctx); err != nil {
		return false, false, err
	}
	part := l.part(ch, len(m.data)-m.offset)
	cost := uint64(part)
	if !m.begun {
		cost += messageCost
	}
	last := m.offset+part == len(m.data)

	ch.mu.Lock()
	if ch.pending != 0 && ch.link == l { // an OPENED or a CUT that is not listed yet
		ch.mu.Unlock()
		if err := l.flush(ctx, ch); err != nil {
			l.queue.add(l, ch)
			return false, false, err
		}
		ch.mu.Lock()
	}
	on, wait, err := ch.mayWrite(l, m, cost)
	if wait || err != nil {
		ch.mu.Unlock()
		return false, wait, err
	}
	// Counted before it leaves: the answer may be faster than the return of the write.
	before := ch.out.n
	n := before + 1
	if m.begun {
		n = m.n
	}
	ch.out.credit.sent += cost
	ch.out.count(n, last || ch.numbered, last)
	if last {
		ch.out.messages++
		ch.out.bytes += uint64(len(m.data))
	}
	ch.mu.Unlock()

	f := frame{kind: kindNext, id: ch.id, n: n, total: uint64(len(m.data)), offset: uint64(m.offset), payload: m.data[m.offset:][:part]}
	f.text = m.text
	switch whole := last && !m.begun; {
	case ch.numbered && whole:
		f.kind = kindNumbered
	case ch.numbered:
		f.kind = kindPart
	case whole:
		f.kind = kindWhole
	case !m.begun:
		f.kind = kindFirst
	default:
		f.text = false
	}
	l.buffer = f.append(l.buffer[:0])
	err = on.write(ctx, l.buffer)

	if err != nil {
		ch.mu.Lock()
		if ch.link == l {
			ch.out.credit.sent -= cost
			ch.out.n, ch.out.busy = before, m.begun
			ch.settled() // it may have been closed meanwhile
		}
		if last {
			ch.out.messages--
			ch.out.bytes -= uint64(len(m.data))
		}
		ch.unlock()
		return false, false, l.broken(ctx, err)
	}
	ch.buffered.Add(-int64(part))
	if m.begun && last { // an end that is wanted has waited for it
		ch.mu.Lock()
		ch.settled()
		ch.unlock()
	}
	m.begun, m.n, m.offset = true, n, m.offset+part
	return last, false, nil
}

// mayWrite finds the trunk for a frame of that cost, if it may be sent now.
func (ch *Channel) mayWrite(l *Link, m *message, cost uint64) (on *trunk, wait bool, err error) {
	o := &ch.out
	if err := ch.cannotSend(); err != nil && !ch.stillSends() {
		return nil, false, err
	}
	if ch.link != l {
		return nil, false, errNoLink()
	}
	size := uint64(len(m.data))
	if size > o.limit && o.opened || !ch.windowed && size > unbounded {
		return nil, false, ch.tooLarge(size)
	}
	on = ch.data
	if on == nil {
		on = l.dataOf(ch)
	}
	if on == nil || o.resuming || size > o.limit || ch.windowed && !o.credit.room(cost) {
		return nil, true, nil
	}
	o.waitSince = time.Time{}
	return on, false, nil
}

// tooLarge refuses a message of that size, and says whose limit it is over.
func (ch *Channel) tooLarge(size uint64) error {
	if !ch.windowed && ch.out.limit >= unbounded {
		return protocol.Errorf(protocol.CodeMessageTooLarge, "a message of %d bytes is larger than the %d that fit into a channel that may lose messages", size, unbounded)
	}
	return protocol.Errorf(protocol.CodeMessageTooLarge, "a message of %d bytes is larger than the %d that the other side has said it takes", size, ch.out.limit)
}

// stillSends tells whether what was given to a queue is sent although the channel takes no more: it was closed by this side, in order.
func (ch *Channel) stillSends() bool {
	return !ch.gone && !ch.out.closed && (ch.options.Durable || ch.options.MaxQueueAge > 0)
}

// count counts a frame of message n.
func (o *outgoing) count(n uint64, counts, last bool) {
	o.busy = !last
	if !counts {
		return
	}
	o.n = n
	if last {
		o.durable.sent(n, o.credit.sent)
	}
}

// sends notes that ch sends. The turn is held.
func (l *Link) sends(ch *Channel) {
	if l.last != ch {
		if l.last != nil {
			l.switched = time.Now()
		}
		l.last = ch
	}
}

// part is how much of what is left goes into one frame of ch. The turn is held.
func (l *Link) part(ch *Channel, left int) int {
	l.sends(ch)
	if left > shortPart && time.Since(l.switched) < time.Second {
		return min(left, shortPart, l.most)
	}
	return min(left, l.most)
}

// dataOf is the trunk for the messages of a channel that the other side has opened; nil while the trunk has not come: its OPEN, on
// another one, was faster.
func (l *Link) dataOf(ch *Channel) *trunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	ch.data = l.theirs[ch.options.key()]
	return ch.data
}
