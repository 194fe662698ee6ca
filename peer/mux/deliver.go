package mux

import (
	"bytes"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	maxParts = 16 // incomplete messages that an unreliable channel keeps
	// Of a channel with flow control. Who sends one message after the other in parts of 16 KiB never has so many on their way.
	maxIncomplete = 256
	maxCuts       = 64 // numbers of messages that were cut and are remembered, because parts of them may come yet
	ackEvery      = 32 // messages
	ackBytes      = 64 << 10
	ackDelay      = 20 * time.Millisecond
	lostWait      = time.Second // for messages that may be lost, at the end of an unreliable channel
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

	asked   bool  // the application has, for a message
	counted int64 // in Mux.unasked

	discard   bool // what comes is dropped: this side has closed
	finished  bool // FIN has come
	fin, shut bool // FIN or CLOSE, CLOSE has come
	announced uint64
	waited    bool // for what is lost
	complete  bool // all that was announced has come
	reason    string

	messages, bytes, missed uint64 // received, for Stats; dropped unread
	unacked, unackedBytes   int
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
	if ch.windowed && !ch.in.grants.arrive(cost) {
		ch.reset(protocol.Errorf(protocol.CodeOverflow, "more was sent than was granted"))
		return false
	}
	if most := ch.largest(); cost > messageCost+most {
		ch.reset(protocol.Errorf(protocol.CodeMessageTooLarge, "a message was sent that is larger than the %d bytes that its receiver takes", most))
		return false
	}
	return true
}

// largest is the largest message that is taken.
func (ch *Channel) largest() uint64 {
	most := uint64(ch.mux.config.MaxMessage)
	if !ch.windowed {
		most = min(most, unbounded)
	}
	return most
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
		ch.fit()
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
			p.claim = ch.mux.budget.ask(ch, p.total)
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
	ch.weigh()
	if ch.gone {
		return // what came whole keeps its room until it is read, or thrown away: it is still held
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
	ch.weigh()
	if cost > 0 {
		ch.taken(cost)
	}
	signal(ch.readable)
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
