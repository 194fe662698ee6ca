package mux

import (
	"context"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// open sends OPEN for a channel of ours that is new, or durable and new to this link. The id is given while the turn is held, so that those
// on one lane only grow.
func (l *Link) open(ctx context.Context, ch *Channel) error {
	var data *trunk
	if ch.numbered {
		t, err := l.trunk(ctx, ch.options.Class, 0)
		if err != nil {
			return err
		}
		data = t
	}
	for lane := 0; ; {
		on, err := l.trunk(ctx, Class{}, lane)
		if err != nil {
			return err
		}
		if !l.turn.take(ctx, l.ctx) {
			return l.broken(ctx, nil)
		}
		next := 0
		if !ch.numbered {
			l.mu.Lock()
			next = int((l.highest[ours] + 1) % lanes)
			l.mu.Unlock()
		}
		if next == lane {
			defer l.turn.give()
			return l.sayOpen(ctx, ch, on, data)
		}
		l.turn.give()
		lane = next
	}
}

// sayOpen sends OPEN. The turn is held.
func (l *Link) sayOpen(ctx context.Context, ch *Channel, lane, data *trunk) error {
	l.mu.Lock()
	next := l.highest[ours] + 1
	l.mu.Unlock()
	if next > maxID {
		return protocol.Errorf(protocol.CodeOverflow, "a connection has at most %d channels in its life", maxID+1)
	}
	id := uint32(next)
	ch.mu.Lock()
	if ch.gone {
		defer ch.mu.Unlock()
		return ch.cause
	}
	again := ch.name != "" && !l.mux.keep(ch)
	ch.place(l, id, lane, data)
	ch.pending, ch.out.resuming = 0, again
	f := frame{kind: kindOpen, id: id}
	l.buffer = appendHead(f.append(l.buffer[:0]), ch.head())
	ch.mu.Unlock()

	err := l.list(ch, id, again)
	if err == nil {
		if err = lane.write(ctx, l.buffer); err == nil {
			return nil
		}
		err = l.broken(ctx, err)
	}
	l.leave(ch, id)
	ch.mu.Lock()
	if ch.link == l {
		ch.link, ch.lane, ch.data = nil, nil, nil
	}
	ch.mu.Unlock()
	return err
}

// list makes a channel of ours one of the link's, before its OPEN leaves: the answer may be faster than the return of the write.
func (l *Link) list(ch *Channel, id uint32, again bool) error {
	m := l.mux
	m.mu.Lock()
	defer m.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
		return errNoLink()
	case m.closing != nil && !again: // Shutdown would not know of it
		return m.closing
	}
	l.highest[ours] = int64(id)
	l.channels[ours][id] = ch
	return nil
}

// keep lists a durable channel of ours; it returns false when it is listed.
func (m *Mux) keep(ch *Channel) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains(m.ours, ch) {
		return false
	}
	m.ours = append(m.ours, ch)
	return true
}

// reopen opens our durable channels on a new link.
func (l *Link) reopen(channels []*Channel) {
	for _, ch := range channels {
		err := l.open(l.ctx, ch)
		if l.ctx.Err() != nil {
			return // the next link does it
		}
		ch.mu.Lock()
		gone := ch.gone
		ch.mu.Unlock()
		if err != nil && !gone {
			l.fail(err) // the next one may
			return
		}
	}
}

// head is what OPEN says. It is called with ch.mu held.
func (ch *Channel) head() *openHead {
	o := &ch.options
	h := &openHead{
		Label: ch.label, Protocol: o.Protocol, Unordered: o.Unordered, MaxRetransmits: o.MaxRetransmits, MaxPacketLifeTime: o.lifeTime(),
		Durable: ch.name, Request: o.Request, Deadline: uint64(max(0, o.Deadline.Milliseconds())),
		Max: uint64(ch.mux.config.MaxMessage), Window: ch.window(),
	}
	if ch.name != "" && ch.met {
		n := ch.in.n
		h.Received = &n
	}
	return h
}

// window is the grant that OPEN and OPENED say.
func (ch *Channel) window() uint64 {
	if !ch.windowed {
		return 0
	}
	return ch.in.grants.granted
}

// offered takes an OPEN of the other side.
func (l *Link) offered(t *trunk, f *frame) error {
	class := f.open.class()
	if t.ours || !t.class.Lane() {
		return badFrame("a channel was opened on a trunk that is not the opener's, or not ordered and reliable")
	}
	if int64(f.id) <= t.opened {
		return badFrame("channel %d was opened after %d", f.id, t.opened)
	}
	l.mu.Lock()
	if l.over {
		l.mu.Unlock()
		return nil
	}
	if l.channels[theirs][f.id] != nil {
		l.mu.Unlock()
		return badFrame("channel %d was opened twice", f.id)
	}
	t.opened = int64(f.id)
	l.highest[theirs] = max(l.highest[theirs], t.opened)
	n := len(l.channels[theirs])
	l.mu.Unlock()
	if f.open.Durable != "" {
		if known, err := l.resume(t, f); known || err != nil {
			return err
		}
	}
	l.theirMax.Store(f.open.Max)
	ch := newChannel(l.mux, false, f.open.Label, Options{Class: class, Durable: f.open.Durable != "", Protocol: f.open.Protocol,
		Request: f.open.Request, Deadline: time.Duration(min(f.open.Deadline, 1<<40)) * time.Millisecond})
	ch.name, ch.met, ch.out.opened = f.open.Durable, true, true
	ch.out.limit, ch.out.credit.granted = f.open.Max, f.open.Window
	ch.place(l, f.id, t, nil)
	var refused *protocol.Error
	switch {
	case n-int(l.closing.Load()) >= maxOpen+openSlack || n >= mostOpen:
		refused = protocol.Errorf(protocol.CodeOverflow, "more than %d channels of one side are open", maxOpen)
	case f.open.Received != nil:
		refused = protocol.Errorf(protocol.CodeConnectionLost, "the durable channel is not known here")
	}
	refused, over := l.enter(ch, refused)
	if over {
		return nil
	}
	if refused == nil {
		ch.mu.Lock()
		ch.pending |= sayOpened // written when it is accepted, or before what it sends
		ch.mu.Unlock()
		if l.mux.config.Accept(ch) {
			l.queue.add(l, ch)
			return nil
		}
		refused = protocol.Errorf(protocol.CodeOverflow, "too many channels wait to be accepted")
	}
	ch.Reset(refused)
	return nil
}

// enter lists a channel of the other side's, which may be refused already. It says why it is, and whether the link is over.
func (l *Link) enter(ch *Channel, refused *protocol.Error) (why *protocol.Error, over bool) {
	m := l.mux
	m.mu.Lock()
	defer m.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || m.ctx.Err() != nil {
		return nil, true
	}
	switch {
	case refused != nil:
	case m.closing != nil: // or Shutdown would never end
		refused = &protocol.Error{Code: protocol.CodeClosed, Text: "the peer is being closed"}
	case ch.name != "" && len(m.theirs) >= mostOpen:
		refused = protocol.Errorf(protocol.CodeOverflow, "more than %d durable channels of one side are open, or wait to be opened again", mostOpen)
	}
	l.channels[theirs][ch.id] = ch
	if ch.name != "" && refused == nil {
		m.theirs[ch.name] = ch
	}
	return refused, false
}
