package mux

import (
	"context"
	"strconv"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// trunk is a data channel of either side.
type trunk struct {
	// Set once.
	link  *Link
	class Class
	key   string
	ours  bool
	ready chan struct{} // closed when to or err is set
	to    Trunk
	err   error

	batch batch // of lanes alone

	// The pump's.
	f      frame
	opened int64 // the highest id that was opened on it

	listed bool // among the link's batches that wait; guarded by controls.mu
}

func (l *Link) newTrunk(class Class, mine bool) *trunk {
	t := &trunk{link: l, class: class, key: class.key(), ours: mine, ready: make(chan struct{}), opened: -1}
	t.batch.most = l.batch
	return t
}

// Accept takes a trunk that the other side has opened and returns what is to be called with each frame that comes on it, by one goroutine;
// of several trunks at once. It never blocks, and frame is only used during the call.
func (l *Link) Accept(to Trunk, class Class) (receive func(frame []byte)) {
	t := l.newTrunk(class, false)
	t.to = to
	close(t.ready)
	l.mu.Lock()
	l.trunks[theirs]++
	many := l.trunks[theirs] > maxTrunks
	var wake []*Channel
	if !many && !class.Lane() && l.theirs[t.key] == nil {
		l.theirs[t.key] = t
		for _, ch := range l.channels[theirs] {
			if ch.numbered {
				wake = append(wake, ch)
			}
		}
	}
	l.mu.Unlock()
	if many {
		l.fail(protocol.Errorf(protocol.CodeOverflow, "the other side opened more than %d data channels for channels", maxTrunks))
	}
	for _, ch := range wake { // they may wait for something to send on
		signal(ch.wake)
	}
	return t.receive
}

// trunk returns our trunk of that class, of lanes the one of that number, and waits until it is open. The first who asks has it opened, which
// goes on when its ctx ends: the next one wants it as well.
func (l *Link) trunk(ctx context.Context, class Class, lane int) (*trunk, error) {
	key := class.key()
	if class.Lane() {
		key += " " + strconv.Itoa(lane)
	}
	l.mu.Lock()
	t := l.opening[key]
	if t == nil {
		if !class.Lane() && l.trunks[ours] >= maxTrunks-lanes {
			l.mu.Unlock()
			return nil, protocol.Errorf(protocol.CodeOverflow, "a connection has channels of at most %d different deliveries", maxTrunks-lanes+1)
		}
		if !class.Lane() {
			l.trunks[ours]++
		}
		t = l.newTrunk(class, true)
		l.opening[key] = t
		if !l.queue.spawn(func() { l.openTrunk(t, key) }) {
			t.err = context.Cause(l.ctx)
			close(t.ready)
		}
	}
	l.mu.Unlock()
	select {
	case <-t.ready:
		return t, t.err
	case <-ctx.Done():
		return nil, aborted(ctx)
	case <-l.ctx.Done():
		return nil, context.Cause(l.ctx)
	}
}

// openTrunk has a trunk opened. After a failure the next who wants it tries again.
func (l *Link) openTrunk(t *trunk, key string) {
	defer close(t.ready)
	if t.to, t.err = l.conn.Open(l.ctx, t.class, t.receive); t.err == nil {
		return
	}
	t.err = coded(t.err, protocol.CodeConnectionLost, "a data channel could not be opened")
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.opening, key)
	if !t.class.Lane() {
		l.trunks[ours]--
	}
}

// receive is called with each message of the trunk: a frame, or a BATCH of some.
func (t *trunk) receive(raw []byte) {
	if !t.link.heard.Load() {
		t.link.heard.Store(true)
	}
	var err error
	if len(raw) > 0 && kind(raw[0]) == kindBatch {
		err = t.unpack(raw[1:])
	} else {
		err = t.handle(raw)
	}
	if err != nil {
		t.link.fail(err)
	}
	t.f.payload = nil
}

func (t *trunk) handle(raw []byte) error {
	f := &t.f
	known, err := f.decode(raw)
	if !known || err != nil {
		return err
	}
	return t.dispatch(f)
}

func (t *trunk) dispatch(f *frame) error {
	l := t.link
	if f.kind == kindOpen {
		return l.offered(t, f)
	}
	of := side(t.ours)
	l.mu.Lock()
	ch, highest, over := l.channels[of][f.id], l.highest[of], l.over
	l.mu.Unlock()
	if over {
		return nil
	}
	if ch == nil {
		if int64(f.id) > highest {
			return badFrame("it is about channel %d, which was not opened", f.id)
		}
		return nil // of one that is gone
	}
	ch.mu.Lock()
	defer ch.unlock()
	if ch.link != l || ch.gone {
		return nil
	}
	return ch.frame(t, f)
}
