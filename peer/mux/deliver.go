package mux

import (
	"bytes"
	"slices"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	maxParts = 16 // incomplete messages that an unreliable channel keeps
	maxCuts  = 64 // numbers of messages that were cut and are remembered, because parts of them may come yet
	ackEvery = 32 // messages
	ackBytes = 64 << 10
	ackDelay = 20 * time.Millisecond
	lostWait = time.Second // for messages that may be lost, at the end of an unreliable channel
)

// incoming is the receiving half of a channel, guarded by its mu.
type incoming struct {
	grants grants
	n      uint64 // messages that have arrived whole; in numbered delivery, or were cut
	queue  arrivals
	part   *partial            // ordered delivery: the message that has begun
	parts  map[uint64]*partial // numbered delivery: those that have
	order  []uint64            // their numbers, in the order in which they began
	size   uint64              // of all parts, as flow control counts
	cuts   []cutMessage

	discard   bool // what comes is dropped: this side has closed
	fin, shut bool // FIN, CLOSE has come
	announced uint64
	waited    bool // for what is lost
	complete  bool // all that was announced has come
	reason    string

	messages, bytes, missed uint64 // received, for Stats; dropped unread
	unacked, unackedBytes   int
}

// partial is a message of which a part has come.
type partial struct {
	text   bool
	total  uint64
	have   uint64
	reach  uint64 // the end of what has come
	buffer []byte // grows up to total
	claim  *claim // on the link's budget; nil: none yet, or none needed
}

type cutMessage struct {
	n       uint64
	counted bool // its first part was
}

// takeData takes a DATA frame.
func (ch *Channel) takeData(f *frame) error {
	in := &ch.in
	if (in.fin || in.shut) && (!ch.numbered || f.n > in.announced) {
		return badFrame("a message comes behind the last")
	}
	switch f.kind {
	case kindWhole:
		if in.part != nil {
			return badFrame("a message comes within another")
		}
		if ch.arrive(messageCost + uint64(len(f.payload))) {
			ch.deliver(arrival{data: f.payload, text: f.text}, true)
		}
	case kindFirst:
		if in.part != nil {
			return badFrame("a message comes within another")
		}
		if ch.begin(f) {
			in.part = ch.newPartial(f)
			ch.add(in.part, f)
			ch.review()
		}
	case kindNext:
		p := in.part
		if p == nil || uint64(len(f.payload)) > p.total-p.have {
			return badFrame("a part comes behind the end of its message")
		}
		f.offset = p.have
		if ch.arrive(uint64(len(f.payload))) && ch.add(p, f) {
			in.part = nil
			ch.deliver(arrival{data: p.buffer, text: p.text, claim: p.claim}, false)
		}
	case kindNumbered:
		if in.parts[f.n] != nil {
			return badFrame("message %d comes twice", f.n)
		}
		if ch.arrive(messageCost+uint64(len(f.payload))) && !ch.isCut(f) {
			ch.deliver(arrival{data: f.payload, text: f.text}, true)
		}
	case kindPart:
		return ch.numberedPart(f)
	}
	return nil
}

// arrive counts bytes; it returns false when they were not granted, or are too many for a message, and has reset the channel.
func (ch *Channel) arrive(cost uint64) bool {
	if !ch.windowed {
		if cost > unbounded+messageCost {
			ch.reset(protocol.Errorf(protocol.CodeMessageTooLarge, "a message is larger than %d bytes", unbounded))
			return false
		}
		return true
	}
	if !ch.in.grants.arrive(cost) {
		ch.reset(protocol.Errorf(protocol.CodeOverflow, "more was sent than was granted"))
		return false
	}
	if cost > messageCost+uint64(ch.mux.config.MaxMessage) {
		ch.reset(protocol.Errorf(protocol.CodeMessageTooLarge, "a message is larger than %d bytes", ch.mux.config.MaxMessage))
		return false
	}
	return true
}

// begin is arrive for the first part that comes of a message.
func (ch *Channel) begin(f *frame) bool {
	most := uint64(ch.mux.config.MaxMessage)
	if !ch.windowed {
		most = min(most, unbounded)
	}
	if f.total > most {
		ch.reset(protocol.Errorf(protocol.CodeMessageTooLarge, "a message of %d bytes is larger than %d", f.total, most))
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

// deliver gives a whole message to who reads. copied says that its bytes are the frame's.
func (ch *Channel) deliver(m arrival, copied bool) {
	in := &ch.in
	in.n++
	in.messages++
	in.bytes += uint64(len(m.data))
	size := len(m.data)
	if in.discard {
		if copied {
			ch.taken(messageCost + uint64(size))
		}
		ch.giveBack(m.claim)
	} else {
		if copied {
			m.data = bytes.Clone(m.data)
			if m.data == nil {
				m.data = []byte{}
			}
		}
		in.queue.push(m)
		for !ch.windowed && in.queue.size > unbounded && in.queue.len() > 1 {
			in.queue.pop()
			in.missed++
		}
		signal(ch.readable)
	}
	if ch.name != "" {
		ch.acknowledge(size)
	}
	ch.check()
}

// acknowledge says ACK, at once or in a moment.
func (ch *Channel) acknowledge(size int) {
	in := &ch.in
	in.unacked++
	in.unackedBytes += size
	switch {
	case in.unacked >= ackEvery || in.unackedBytes >= ackBytes:
		ch.say(sayAck)
	case in.unacked == 1:
		if ch.ackTimer == nil {
			ch.ackTimer = time.AfterFunc(ackDelay, ch.ackNow)
		} else {
			ch.ackTimer.Reset(ackDelay)
		}
	}
}

func (ch *Channel) ackNow() {
	ch.mu.Lock()
	defer ch.unlock()
	if !ch.gone && ch.link != nil && ch.in.unacked > 0 {
		ch.say(sayAck)
	}
}

// taken counts what the application has taken, or will not, and says WINDOW when it is time.
func (ch *Channel) taken(cost uint64) {
	if ch.windowed && ch.in.grants.take(cost) && !ch.gone && !ch.in.shut {
		ch.say(sayWindow)
	}
}

// review grants the rest of the messages that have begun, if they are the next to be taken and could not come otherwise.
func (ch *Channel) review() {
	in := &ch.in
	if !ch.windowed || ch.gone || in.discard || in.shut || ch.link == nil || in.queue.len() > 0 {
		return
	}
	end := in.grants.taken
	for p := range in.all {
		if messageCost+p.total > in.grants.window && p.claim == nil && in.grants.taken+messageCost+p.total > in.grants.granted {
			p.claim = ch.link.budget.ask(ch, p.total)
		}
		if p.claim == nil || p.claim.b.has(p.claim) {
			end += messageCost + p.total
		} else {
			end += messageCost + p.have
		}
	}
	if in.grants.extend(end) {
		ch.say(sayWindow)
	}
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

// giveBack ends a claim on the budget.
func (ch *Channel) giveBack(c *claim) {
	if c != nil {
		ch.after.served = append(ch.after.served, c.b.giveBack(c)...)
	}
}

// forgetParts drops the messages that have begun.
func (ch *Channel) forgetParts() {
	in := &ch.in
	var lost uint64
	for p := range in.all {
		ch.giveBack(p.claim)
		lost += messageCost + p.have
	}
	in.part, in.parts, in.order, in.size, in.cuts = nil, nil, nil, 0, nil
	in.unacked, in.unackedBytes = 0, 0
	if ch.gone {
		for m := range in.queue.all {
			ch.giveBack(m.claim)
		}
		return
	}
	if in.discard {
		in.grants.taken -= lost
	}
	in.grants.again(lost)
}

// drop forgets what has come, and what will come.
func (ch *Channel) drop() {
	in := &ch.in
	if in.discard {
		return
	}
	var cost uint64
	for in.queue.len() > 0 {
		m := in.queue.pop()
		cost += messageCost + uint64(len(m.data))
		ch.giveBack(m.claim)
	}
	for p := range in.all {
		ch.giveBack(p.claim)
		p.buffer, p.claim = nil, nil
		cost += messageCost + p.have
	}
	in.discard = true
	if cost > 0 {
		ch.taken(cost)
	}
	signal(ch.readable)
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

// awaitLost waits a moment for what may have been lost.
func (ch *Channel) awaitLost() {
	if ch.timer != nil {
		return
	}
	ch.timer = time.AfterFunc(lostWait, func() {
		ch.mu.Lock()
		defer ch.unlock()
		if !ch.gone {
			ch.in.waited = true
			ch.check()
		}
	})
}
