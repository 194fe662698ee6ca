package mux

import (
	"slices"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// partial is a message of which a part has come.
type partial struct {
	text   bool
	total  uint64
	have   uint64
	reach  uint64 // the end of what has come
	buffer []byte // grows up to total
	claim  *claim // on the budget; nil: none yet, or none needed
}

type cutMessage struct {
	n       uint64
	counted bool // its first part was
}

// begin is arrive for the first part that comes of a message.
func (ch *Channel) begin(f *frame) bool {
	if most := ch.largest(); f.total > most {
		ch.reset(protocol.Errorf(protocol.CodeMessageTooLarge, "a message of %d bytes was sent, and its receiver takes %d", f.total, most))
		return false
	}
	return ch.arrive(messageCost + uint64(len(f.payload)))
}

func (ch *Channel) newPartial(f *frame) *partial {
	if ch.in.discard {
		ch.taken(messageCost)
	}
	return &partial{text: f.text, total: f.total}
}

// add puts a part where it belongs; it returns true when the message is whole.
func (ch *Channel) add(p *partial, f *frame) bool {
	size := uint64(len(f.payload))
	p.have += size
	if ch.in.discard {
		ch.taken(size)
		return p.have == p.total
	}
	p.reach = max(p.reach, f.offset+size)
	if p.reach > uint64(len(p.buffer)) {
		ch.grow(p)
	}
	copy(p.buffer[f.offset:], f.payload)
	return p.have == p.total
}

// grow makes room for what has come of a message. It is as much again at a time, so that a total alone takes no memory.
func (ch *Channel) grow(p *partial) {
	to := max(p.reach, 2*uint64(len(p.buffer)))
	switch {
	case p.claim != nil && p.claim.b.has(p.claim):
		to = p.total
	case ch.in.size <= 2*fullWindow: // in numbered delivery a small total is worth it only while there are few
		to = max(to, firstWindow)
	}
	grown := make([]byte, min(p.total, to))
	copy(grown, p.buffer)
	p.buffer = grown
}

// all are the messages of which a part has come.
func (in *incoming) all(yield func(*partial) bool) {
	if in.part != nil {
		yield(in.part)
		return
	}
	for _, n := range in.order {
		if !yield(in.parts[n]) {
			return
		}
	}
}

// numberedPart takes a part of a message that says its number.
func (ch *Channel) numberedPart(f *frame) error {
	in := &ch.in
	size := uint64(len(f.payload))
	p := in.parts[f.n]
	if p == nil {
		if ch.isCut(f) {
			return nil
		}
		if !ch.begin(f) {
			return nil
		}
		p = ch.newPartial(f)
		if in.parts == nil {
			in.parts = map[uint64]*partial{}
		}
		in.parts[f.n] = p
		in.order = append(in.order, f.n)
		in.size += messageCost + f.total
	} else {
		if f.total != p.total || f.text != p.text || size > p.total-p.have {
			return badFrame("the parts of message %d do not make one", f.n)
		}
		if !ch.arrive(size) {
			return nil
		}
	}
	p.reach = max(p.reach, f.offset+size)
	if ch.bound(f.n); ch.gone {
		return nil
	}
	if ch.fit(); in.parts[f.n] != p { // there was no room for it
		return nil
	}
	if ch.add(p, f) {
		in.remove(f.n)
		ch.deliver(arrival{data: p.buffer, text: p.text, claim: p.claim}, false)
		return nil
	}
	ch.review()
	return nil
}

func (in *incoming) remove(n uint64) {
	in.size -= messageCost + in.parts[n].total
	delete(in.parts, n)
	in.order = slices.DeleteFunc(in.order, func(m uint64) bool { return m == n })
}

// bound keeps incomplete messages within bounds; n is the one that has just grown.
func (ch *Channel) bound(n uint64) {
	in := &ch.in
	if ch.windowed && len(in.order) > maxIncomplete {
		ch.reset(protocol.Errorf(protocol.CodeOverflow, "more than %d messages have begun", maxIncomplete))
		return
	}
	if ch.windowed {
		// All that has come up to the reach of each was sent, so it was granted.
		var reach uint64
		for p := range in.all {
			reach += messageCost + p.reach
		}
		if !in.discard && in.grants.taken+reach > in.grants.granted {
			ch.reset(protocol.Errorf(protocol.CodeOverflow, "more was sent than was granted"))
		}
		return
	}
	for len(in.order) > 1 && (len(in.order) > maxParts || in.size > unbounded+uint64(len(in.order))*messageCost) {
		oldest := in.order[0]
		if oldest == n {
			oldest = in.order[1]
		}
		in.remove(oldest)
	}
}

// isCut tells whether a message of that number was cut; its bytes have been taken then.
func (ch *Channel) isCut(f *frame) bool {
	for i := range ch.in.cuts {
		c := &ch.in.cuts[i]
		if c.n != f.n {
			continue
		}
		cost := uint64(len(f.payload))
		if !c.counted {
			c.counted = true
			cost += messageCost
		}
		if f.kind == kindNumbered || ch.arrive(cost) {
			ch.taken(cost)
		}
		return true
	}
	return false
}

// cut takes a CUT.
func (ch *Channel) cut(f *frame) error {
	in := &ch.in
	if ch.numbered != (f.n > 0) || ch.name != "" {
		return badFrame("a CUT that makes no sense for its channel")
	}
	p := in.part
	if ch.numbered {
		if (in.fin || in.shut) && f.n > in.announced {
			return badFrame("a message comes behind the last")
		}
		p = in.parts[f.n]
		in.cuts = append(in.cuts, cutMessage{f.n, p != nil})
		in.cuts = in.cuts[max(0, len(in.cuts)-maxCuts):]
		in.n++
		if p != nil {
			in.remove(f.n)
		}
	} else if p == nil {
		return badFrame("a CUT where no message has begun")
	}
	in.part = nil
	ch.weigh()
	if p != nil {
		ch.giveBack(p.claim)
		if !in.discard {
			ch.taken(messageCost + p.have)
		}
	}
	ch.check()
	ch.review()
	return nil
}
