package signaling

import (
	"time"

	"github.com/gorilla/websocket"
)

// item is an entry of a connection's queue: a frame, or the place from which a lagging member is caught up.
type item struct {
	op     int // websocket.TextMessage, PingMessage, PongMessage or CloseMessage
	frame  []byte
	cursor *cursor // for a marker; op and frame are unused
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
		c.enqueueText(frame)
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
	c.enqueueText(frame)
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

// ping queues a WebSocket ping, unless one waits there already.
func (c *conn) ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	if !c.pinging {
		c.pinging = true
		c.enqueue(item{op: websocket.PingMessage})
	}
	c.pinger.again(c.server.limits.Ping)
}

// answerPing queues a pong. RFC 6455, section 5.5.3 lets us answer the latest ping alone, which bounds what a flood of them costs.
func (c *conn) answerPing(data string) {
	c.heard()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pong = data
	if !c.closing && !c.ponging {
		c.ponging = true
		c.enqueue(item{op: websocket.PongMessage})
	}
}

// full tells whether the queue has no room. c.mu must be held, as for the two below.
func (c *conn) full() bool {
	return c.frames >= c.server.limits.QueueFrames || c.bytes >= c.server.limits.QueueBytes
}

func (c *conn) enqueueText(frame []byte) {
	c.frames++
	c.bytes += len(frame)
	c.enqueue(item{op: websocket.TextMessage, frame: frame})
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
	for next := 0; ; next++ {
		c.mu.Lock()
		if done.op == websocket.TextMessage {
			c.frames--
			c.bytes -= len(done.frame)
			c.changed.Broadcast()
		}
		if err != nil {
			c.fail()
		}
		if next >= len(c.queue) {
			c.rest()
			c.mu.Unlock()
			return
		}
		if next == drainBatch {
			// What is written goes, or a queue that is never empty would grow for ever.
			c.queue = append(c.queue[:0], c.queue[next:]...)
			next = 0
		}
		done = c.queue[next]
		c.queue[next] = item{}
		payload := done.frame
		switch done.op {
		case websocket.PingMessage:
			c.pinging = false
		case websocket.PongMessage:
			c.ponging = false
			payload = []byte(c.pong)
		}
		c.mu.Unlock()
		err = c.write(done, payload)
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
	c.ws.Close() // wakes the reader, which ends the connection
}

// write writes one item without a lock held.
func (c *conn) write(it item, payload []byte) error {
	switch {
	case it.cursor != nil:
		for _, frame := range it.cursor.catchUp() {
			if err := c.writeText(frame); err != nil {
				return err
			}
		}
		return nil
	case it.op == websocket.TextMessage:
		return c.writeText(payload)
	}
	return c.ws.WriteControl(it.op, payload, c.writeBy())
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

func (c *conn) writeText(frame []byte) error {
	c.ws.SetWriteDeadline(c.writeBy())
	if err := c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		return err
	}
	c.server.count.out.Add(1)
	return nil
}
