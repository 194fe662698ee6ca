package mux

import (
	"context"
	"sync"
	"time"
)

const (
	maxBatch = 16 << 10         // bytes of a BATCH that is sent: no more than a part while others send, so that they wait for no more either
	burst    = time.Millisecond // between messages that follow each other
	maxSmall = 4 << 10          // payload bytes of a message that goes into one: of larger ones too few fit to be worth the copy
)

// batch is what waits on a lane to be written as one message. Messages go into it without the link's turn, so it fills while something else
// is being written; the link's writer, which it wakes, or whoever has the turn before, empties it. Nothing ever waits for it to be full.
type batch struct {
	mu     sync.Mutex
	most   int    // bytes of a BATCH that the other side takes
	frames []byte // a BATCH
	writer batchInfo
	last   time.Time // when a message last went into it, or past it

	// flying is the BATCH that is being written, the turn's holder's. It is kept until it has left.
	flying     []byte
	flyingInfo batchInfo
}

// batchInfo is what is known of a BATCH without reading it.
type batchInfo struct {
	count int
	first int      // where its first frame begins
	by    *Channel // whose its last frame is
	mixed bool     // and others are not
}

// put appends a frame of ch; it returns false when there is no room. first says that it is the first that waits.
func (b *batch) put(ch *Channel, f *frame) (first, ok bool) {
	var head [maxHeader]byte
	payload := f.payload
	f.payload = nil
	header := f.append(head[:0])
	f.payload = payload
	size := len(header) + len(payload)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.frames)+1+5+size > b.most {
		return false, false
	}
	w := &b.writer
	first = w.count == 0
	if first {
		b.frames = append(b.frames[:0], byte(kindBatch))
	}
	b.frames = appendNumber(b.frames, uint64(size))
	if first {
		w.first = len(b.frames)
	}
	b.frames = append(append(b.frames, header...), payload...)
	w.count++
	w.mixed = w.mixed || !first && w.by != ch
	w.by = ch
	return first, true
}

// lone tells whether a message is better written at once by who sends it, which saves a change of goroutines: nothing waits, and the one before is
// old or was answered. heard says that something has come since.
func (b *batch) lone(heard bool) bool {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	lone := b.writer.count == 0 && (heard || now.Sub(b.last) > burst)
	b.last = now
	return lone
}

// take makes what waits fly, when nothing does.
func (b *batch) take() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.frames, b.flying = b.flying[:0], b.frames
	b.writer, b.flyingInfo = batchInfo{}, b.writer
}

// write writes a frame, behind all that waits on the trunk. The turn is held.
func (t *trunk) write(ctx context.Context, frame []byte) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	return t.to.WriteFrame(ctx, frame)
}

// flush writes what waits on the trunk: first what one who gave up has left flying, and then what has come since, because the writer was told once
// of both. The turn is held. After an error it still waits.
func (t *trunk) flush(ctx context.Context) error {
	if err := t.fly(ctx); err != nil {
		return err
	}
	t.batch.take()
	return t.fly(ctx)
}

// fly writes what is flying.
func (t *trunk) fly(ctx context.Context) error {
	b := &t.batch
	now := &b.flyingInfo
	if now.count == 0 {
		return nil
	}
	frame := b.flying
	if now.count == 1 {
		frame = frame[now.first:] // by itself it is no BATCH
	}
	t.link.sends(now.by)
	if now.mixed {
		t.link.switched = time.Now()
	}
	if err := t.to.WriteFrame(ctx, frame); err != nil {
		return err
	}
	*now = batchInfo{}
	return nil
}

// batched gives a small message to the batch of its lane. It returns false when the message has to go the long way: it is too large, or must
// wait for something.
func (ch *Channel) batched(ctx context.Context, l *Link, m *message) (done bool, err error) {
	if ch.numbered || len(m.data) > maxSmall {
		return false, nil
	}
	done, full := ch.batchNow(l, m)
	if done || full == nil {
		return done, nil
	}
	// Its own sender empties it: the writer may be behind others.
	if err := l.flushBatch(ctx, full); err != nil {
		return false, err
	}
	done, _ = ch.batchNow(l, m)
	return done, nil
}

// batchNow is batched, if there is room; full is the trunk whose batch has none.
func (ch *Channel) batchNow(l *Link, m *message) (done bool, full *trunk) {
	cost := messageCost + uint64(len(m.data))
	ch.mu.Lock()
	o := &ch.out
	if ch.pending != 0 {
		ch.mu.Unlock()
		return false, nil
	}
	on, wait, err := ch.mayWrite(l, m, cost)
	if wait || err != nil {
		ch.mu.Unlock()
		return false, nil
	}
	if on.batch.lone(l.heard.Load() && l.heard.Swap(false)) {
		ch.mu.Unlock()
		return false, nil
	}
	f := frame{kind: kindWhole, id: ch.id, text: m.text, payload: m.data}
	first, ok := on.batch.put(ch, &f)
	if !ok {
		ch.mu.Unlock()
		return false, on
	}
	o.credit.sent += cost
	o.count(o.n+1, true, true)
	o.messages++
	o.bytes += uint64(len(m.data))
	ch.buffered.Add(-int64(len(m.data)))
	m.begun, m.n, m.offset = true, o.n, len(m.data)
	ch.mu.Unlock()
	if first {
		l.queue.addBatch(l, on)
	}
	return true, nil
}

// unpack handles the frames of a BATCH one by one; rest is what follows its type.
func (t *trunk) unpack(rest []byte) error {
	if !t.class.Lane() {
		return badFrame("a BATCH on a trunk that is no lane")
	}
	for {
		one, left, err := takeFrame(rest)
		if err == nil {
			err = t.handle(one)
		}
		if err != nil || len(left) == 0 {
			return err
		}
		rest = left
	}
}

// takeFrame takes the next frame of a BATCH.
func takeFrame(rest []byte) (one, left []byte, err error) {
	size, frames, ok := takeNumber(rest, maxNumber)
	switch {
	case !ok:
		return nil, nil, badFrame("a BATCH ends where the size of a frame should be")
	case size == 0 || size > uint64(len(frames)):
		return nil, nil, badFrame("a BATCH has a frame of %d bytes, and there are %d", size, len(frames))
	case kind(frames[0]) == kindBatch:
		return nil, nil, badFrame("a BATCH is in another one")
	}
	return frames[:size], frames[size:], nil
}
