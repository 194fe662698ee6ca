package mux

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// agedQueue is what a channel with MaxQueueAge has to send. Who sends does not wait: what has waited too long is worth nothing.
type agedQueue struct {
	items  []*agedMessage
	size   int  // as flow control counts
	listed bool // the link's writer knows
}

type agedMessage struct {
	message
	since  time.Time
	flying bool // is being written
}

func (q *agedQueue) waits() bool { return len(q.items) > 0 }

// remove takes message i out.
func (q *agedQueue) remove(i int) {
	q.size -= len(q.items[i].data) + messageCost
	if i > 0 { // the first is being written
		q.items[i] = q.items[0]
	}
	q.items[0] = nil
	q.items = q.items[1:]
}

// expire drops what is too old, and what is too much, but for a message that has begun.
func (ch *Channel) expire() {
	q, now := &ch.out.aged, time.Now()
	for {
		i := 0
		if len(q.items) > 0 && (q.items[0].flying || q.items[0].begun) { // in this order: begun is the writer's while it flies
			i = 1
		}
		if i >= len(q.items) || q.size <= unbounded+messageCost && now.Sub(q.items[i].since) <= ch.options.MaxQueueAge {
			return
		}
		ch.buffered.Add(-int64(len(q.items[i].data)))
		ch.out.dropped++
		q.remove(i)
	}
}

// sendAged queues a message.
func (ch *Channel) sendAged(data []byte, text bool) error {
	ch.mu.Lock()
	defer ch.unlock()
	if err := ch.cannotSend(); err != nil {
		return err
	}
	if size := uint64(len(data)); size > min(ch.out.limit, unbounded) {
		return ch.tooLarge(size)
	}
	q := &ch.out.aged
	q.items = append(q.items, &agedMessage{message: message{data: bytes.Clone(data), text: text}, since: time.Now()})
	q.size += len(data) + messageCost
	ch.buffered.Add(int64(len(data)))
	ch.expire()
	if !q.listed && ch.link != nil {
		q.listed = true
		ch.link.queue.addAged(ch.link, ch)
	}
	return nil
}

// writeAged writes one frame of the oldest message, with the turn held; more says that there is more to write.
func (ch *Channel) writeAged(l *Link) (more bool, err error) {
	ch.mu.Lock()
	ch.expire()
	q := &ch.out.aged
	if ch.gone || len(q.items) == 0 {
		q.listed = false
		signal(ch.room)
		ch.settled()
		ch.unlock()
		return false, nil
	}
	m := q.items[0]
	m.flying = true
	ch.mu.Unlock()
	// The association may be full for longer than the message is worth.
	ctx, cancel := l.ctx, context.CancelFunc(func() {})
	if !m.begun {
		ctx, cancel = context.WithDeadline(l.ctx, m.since.Add(ch.options.MaxQueueAge))
	}
	done, _, err := ch.writePart(ctx, l, &m.message)
	cancel()
	if l.ctx.Err() != nil {
		return false, context.Cause(l.ctx)
	}
	ch.mu.Lock()
	defer ch.unlock()
	m.flying = false
	if late, ok := errors.AsType[*protocol.Error](err); done || ok && late.Code == protocol.CodeAborted {
		if !done && !ch.gone {
			ch.out.dropped++
			ch.buffered.Add(-int64(len(m.data)))
		}
		if len(q.items) > 0 && q.items[0] == m {
			q.remove(0)
			signal(ch.room)
		}
		ch.settled()
		return true, nil
	}
	if err != nil && ch.gone {
		return false, nil
	}
	return err == nil, err
}
