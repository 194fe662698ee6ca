package signaling

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// item is an entry of a connection's queue: a frame, or the place from which a lagging member is caught up.
type item struct {
	op     op
	code   protocol.CloseCode // of a close
	frame  []byte
	cursor *cursor // for a marker, whose op is opNone
}

// outcome tells what became of a frame that was offered.
type outcome int

const (
	queued outcome = iota
	noRoom
	ended
)

// push queues an answer to the connection's own request. It never fails for want of room: ready keeps a connection whose queue
// is full from asking more, so the queue passes its bound by one answer at most.
func (c *conn) push(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.enqueueFrame(frame)
	}
}

// offer queues what others say, if there is room. An event is not offered more than half of the queue: it can wait in its ring,
// while a signal that finds no room is dropped.
func (c *conn) offer(frame []byte, event bool) outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	maxFrames, maxBytes := c.server.limits.QueueFrames, c.server.limits.QueueBytes
	if event {
		maxFrames, maxBytes = (maxFrames+1)/2, maxBytes/2
	}
	switch {
	case c.closing:
		return ended
	case c.frames > 0 && (c.frames >= maxFrames || c.bytes+len(frame) > maxBytes):
		return noRoom
	}
	c.enqueueFrame(frame)
	return queued
}

// mark queues the place where a lagging cursor is to be caught up. There is at most one marker for each membership, so markers
// are not counted against the bound.
func (c *conn) mark(cur *cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.enqueue(item{cursor: cur})
	}
}

// ping queues a heartbeat, unless one waits there already.
func (c *conn) ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	if !c.pinging {
		c.pinging = true
		c.enqueue(item{op: opPing})
	}
	c.pinger.again(c.server.limits.Ping)
}

// answerPing queues a pong. RFC 6455, section 5.5.3 lets us answer the latest ping alone, which bounds what a flood of them costs.
func (c *conn) answerPing() {
	c.heard()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing && !c.ponging {
		c.ponging = true
		c.enqueue(item{op: opPong})
	}
}

// full tells whether the queue has no room. c.mu must be held, as for the two below.
func (c *conn) full() bool {
	return c.frames >= c.server.limits.QueueFrames || c.bytes >= c.server.limits.QueueBytes
}

func (c *conn) enqueueFrame(frame []byte) {
	c.frames++
	c.bytes += len(frame)
	c.enqueue(item{op: opFrame, frame: frame})
}

// enqueue adds an item and sees to it that a drainer runs.
func (c *conn) enqueue(it item) {
	if c.broken {
		return
	}
	c.queue = append(c.queue, it)
	if !c.writing {
		c.writing = true
		go c.drain()
	}
}

// drain writes the queue until it is empty. It is the one path that writes to the connection.
func (c *conn) drain() {
	var done item // what was just written
	var err error
	flushed := false
	for next := 0; ; next++ {
		c.mu.Lock()
		if done.op == opFrame {
			c.frames--
			c.bytes -= len(done.frame)
			c.changed.Broadcast()
		}
		if err != nil {
			c.fail()
		}
		if next >= len(c.queue) {
			if flushed || c.broken {
				c.rest()
				c.mu.Unlock()
				return
			}
			c.mu.Unlock()
			done, err, flushed = item{}, c.carrier.flush(c.writeBy()), true
			next-- // somebody may have queued something meanwhile
			continue
		}
		if next == drainBatch {
			// What is written goes, or a queue that is never empty would grow for ever.
			c.queue = append(c.queue[:0], c.queue[next:]...)
			next = 0
		}
		done = c.queue[next]
		c.queue[next] = item{}
		switch done.op {
		case opPing:
			c.pinging = false
		case opPong:
			c.ponging = false
		}
		c.mu.Unlock()
		err, flushed = c.write(done), false
	}
}

// drainBatch is after how many items a drainer tidies the queue.
const drainBatch = 64

// rest ends the drainer: the queue is empty. c.mu must be held.
func (c *conn) rest() {
	c.writing = false
	c.queue = c.queue[:0]
	if cap(c.queue) > 4 {
		c.queue = nil // an idle connection keeps little memory
	}
	c.changed.Broadcast()
}

// fail gives up the connection after a failed write. c.mu must be held.
func (c *conn) fail() {
	c.server.count.drops[DropLost].Add(uint64(c.frames))
	c.broken = true
	c.queue, c.frames, c.bytes = nil, 0, 0
	c.carrier.abort() // wakes the reader, which ends the connection
}

// write writes one item without a lock held.
func (c *conn) write(it item) error {
	switch {
	case it.cursor != nil:
		for _, frame := range it.cursor.catchUp() {
			if err := c.writeFrame(frame); err != nil {
				return err
			}
		}
		return nil
	case it.op == opFrame:
		return c.writeFrame(it.frame)
	}
	return c.carrier.control(it.op, it.code, c.writeBy())
}

// writeBy is the deadline of a write that begins now. Once closing has begun there is one for all that is queued: who takes a
// frame now and then may be slow, but not for hundreds of frames after the end.
func (c *conn) writeBy() time.Time {
	by := time.Now().Add(c.server.limits.Write)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing && c.until.Before(by) {
		return c.until
	}
	return by
}

func (c *conn) writeFrame(frame []byte) error {
	if err := c.carrier.write(frame, c.writeBy()); err != nil {
		return err
	}
	c.server.count.out.Add(1)
	return nil
}
