package mux

import (
	"context"
)

// What a channel has to say, in the order in which it is said.
const (
	sayOpened = 1 << iota
	sayCut
	sayWindow
	sayAck
	sayFin
	sayClose
	sayClosed
	sayReset
)

// say marks what is to be said. It is called with ch.mu held.
func (ch *Channel) say(what uint16) {
	ch.pending |= what
	if ch.link != nil {
		ch.link.queue.add(ch.link, ch)
	}
}

// flush writes the control frames of one channel. The turn is held.
func (l *Link) flush(ctx context.Context, ch *Channel) error {
	for {
		// What ch has in a batch goes first. It puts nothing more there until the frame is taken from what is pending: else a message could
		// overtake the CUT or the OPENED before it.
		ch.mu.Lock()
		lane, some := ch.lane, ch.link == l && ch.pending != 0
		ch.mu.Unlock()
		if some && lane != nil {
			if err := lane.flush(ctx); err != nil {
				return l.broken(ctx, err)
			}
		}
		ch.mu.Lock()
		if !some || ch.link != l || ch.pending == 0 {
			ch.mu.Unlock()
			return nil
		}
		what := ch.pending & -ch.pending
		ch.pending &^= what
		on := ch.lane
		if what == sayCut && ch.numbered {
			on = ch.data
		}
		ch.encode(what)
		ch.mu.Unlock()
		if on == nil || on.to == nil {
			continue
		}
		if err := on.to.WriteFrame(ctx, l.buffer); err != nil {
			ch.mu.Lock()
			if ch.link == l {
				ch.pending |= what
			}
			ch.mu.Unlock()
			return l.broken(ctx, err)
		}
	}
}

// encode puts a control frame into the link's buffer.
func (ch *Channel) encode(what uint16) {
	l := ch.link
	f := frame{id: ch.id}
	var head any
	switch what {
	case sayOpened:
		f.kind = kindOpened
		h := openHead{Max: uint64(ch.mux.config.MaxMessage), Window: ch.window()}
		if ch.name != "" {
			h.Received = new(ch.in.n)
		}
		head = &h
	case sayCut:
		f.kind = kindCut
		if ch.numbered {
			f.n = ch.out.cut
		}
	case sayWindow:
		f.kind, f.n = kindWindow, ch.in.grants.granted
	case sayAck:
		f.kind, f.n = kindAck, ch.in.n
		ch.in.unacked, ch.in.unackedBytes = 0, 0
	case sayFin:
		f.kind, f.n = kindFin, ch.out.n
	case sayClose:
		f.kind, f.n, f.payload = kindClose, ch.out.n, []byte(ch.reason)
		if !ch.closeSaid && !ch.ours {
			l.closing.Add(1)
		}
		ch.closeSaid = true
	case sayClosed:
		f.kind = kindClosed
	case sayReset:
		f.kind = kindReset
		head = &ch.resetting
	}
	l.buffer = f.append(l.buffer[:0])
	if head != nil {
		l.buffer = appendHead(l.buffer, head)
	}
}
