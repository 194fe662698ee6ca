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

// drop gives the oldest up that has not begun, if it may, and tells whether it did.
func (q *agedQueue) drop(may func(*agedMessage) bool) bool {
	for i, m := range q.items {
		if m.begun || m.flying {
			continue
		}
		if !may(m) {
			return false
		}
		q.remove(i)
		return true
	}
	return false
}

func (q *agedQueue) remove(i int) {
	q.size -= len(q.items[i].data) + messageCost
	q.items = append(q.items[:i], q.items[i+1:]...)
}

// expire drops what is too old, and what is too much.
func (ch *Channel) expire() {
	q, now := &ch.out.aged, time.Now()
	for q.drop(func(m *agedMessage) bool {
		return q.size > unbounded+messageCost || now.Sub(m.since) > ch.options.MaxQueueAge
	}) {
		ch.out.dropped++
	}
	var left int64
	for _, m := range q.items {
		left += int64(len(m.data) - m.offset)
	}
	ch.buffered.Store(left)
}

// sendAged queues a message.
func (ch *Channel) sendAged(data []byte, text bool) error {
	ch.mu.Lock()
	defer ch.unlock()
	if err := ch.cannotSend(); err != nil {
		return err
	}
	if limit := min(ch.out.limit, unbounded); uint64(len(data)) > limit {
		return tooLarge(uint64(len(data)), limit)
	}
	q := &ch.out.aged
	q.items = append(q.items, &agedMessage{message: message{data: bytes.Clone(data), text: text}, since: time.Now()})
	q.size += len(data) + messageCost
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
		if !done {
			ch.out.dropped++
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
