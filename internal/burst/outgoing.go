package burst

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

const (
	// most datagrams are held back at a time, and mostBytes: what the kernel takes in one call, as two messages. Whoever writes more waits
	// for the call, as for a full buffer of the system.
	most      = 64
	mostBytes = 1 << 16
	// patience is how many rounds of the scheduler without another datagram are taken for the end of a burst.
	patience = 4
	// gap is the time between two small records below which they are part of something larger, acknowledgements of it mostly.
	gap = 50 * time.Microsecond
	// pair is how many small ones follow each other where nothing larger is: an answer, and that what it answers has come.
	pair = 2
)

// batch are the datagrams that are held back.
type batch struct {
	buf  [mostBytes]byte
	ends [most]int
	n    int
}

func (b *batch) bytes() int {
	if b.n == 0 {
		return 0
	}
	return b.ends[b.n-1]
}

func (b *batch) fits(p []byte) bool { return b.n < most && b.bytes()+len(p) <= mostBytes }

func (b *batch) add(p []byte) {
	at := b.bytes()
	b.ends[b.n] = at + copy(b.buf[at:], p)
	b.n++
}

// outgoing is what a Conn writes.
type outgoing struct {
	sock     *udpbatch.Socket
	flushing sync.WaitGroup // of the one flush

	mu      sync.Mutex     // guards the next ones, and is held while a datagram is sent alone
	room    sync.Cond      // for a change of waiting, on mu
	waiting *batch         // nil if nothing is held back
	lane    *udpbatch.Lane // of waiting; kept for the next
	busy    bool           // flush runs
	closed  bool
	dropped int       // datagrams that the system refused and nobody was told of
	small   time.Time // when the last small record was written
	row     int       // how many small ones were written before the next, with no gap between

	large atomic.Bool // something large was written or read since the last small record
}

// alone tells whether a record is one that nothing follows, probably: small ones are answers, which somebody waits for, unless there are
// many. quick is whether it is not about something large, an acknowledgement. The caller holds mu.
func (o *outgoing) alone(record []byte) (alone, quick bool) {
	if len(record) >= worthwhile {
		o.sawLarge()
		return false, false
	}
	now := time.Now()
	if now.Sub(o.small) > gap {
		o.row = 0
	}
	first, quick := o.row == 0, !o.large.Swap(false)
	alone = first || quick && o.row < pair
	o.small = now
	o.row++
	return alone, quick
}

// sawLarge needs no lock.
func (o *outgoing) sawLarge() {
	if !o.large.Load() {
		o.large.Store(true)
	}
}

// write sends a datagram or holds it back. That the system refused some that were held back before is told once, to whoever writes the
// next: that one is written all the same.
func (c *Conn) write(p []byte, to netip.AddrPort) (n int, err error) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() {
		if err == nil && o.dropped > 0 {
			err = fmt.Errorf("burst: write: %d datagrams before this one were refused", o.dropped)
			o.dropped = 0
		}
	}()
	for o.waiting != nil && !o.closed && (!o.waiting.fits(p) || o.lane.To() != to) {
		o.room.Wait()
	}
	switch {
	case o.closed:
		return 0, net.ErrClosed
	case !o.busy && !isRecords(p) || len(p) > mostBytes:
		return c.udp.WriteToUDPAddrPort(p, to)
	}
	if o.waiting == nil && (o.lane == nil || o.lane.To() != to) {
		o.lane = o.sock.Lane(to)
	}
	if !o.busy {
		if alone, quick := o.alone(p); alone && quick {
			// The net package tells the runtime of a call that may wait, and the runtime looks after such calls every 20 µs: a round trip of
			// small messages takes a tenth less time. What is on a large message's account has better uses for the processor's time.
			return c.udp.WriteToUDPAddrPort(p, to)
		} else if alone {
			outbox := c.sockets.outbox()
			outbox.Add(o.lane, p)
			o.dropped += outbox.Flush()
			c.sockets.outboxes.Put(outbox)
			return len(p), nil
		}
	}
	if o.waiting == nil {
		o.waiting = c.sockets.batch()
	}
	o.waiting.add(p)
	if !o.busy {
		o.busy = true
		o.flushing.Go(c.flush)
	}
	return len(p), nil
}

func (o *outgoing) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.room.Broadcast()
}

func (o *outgoing) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

// held is how many datagrams wait, and whether more may come.
func (o *outgoing) held() (n int, open bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil {
		return 0, false
	}
	return o.waiting.n, !o.closed && o.waiting.n < most
}

// flush sends what is held back until there is nothing more. Whoever writes goes on meanwhile.
func (c *Conn) flush() {
	o := &c.out
	outbox := c.sockets.outbox()
	defer c.sockets.outboxes.Put(outbox)
	dropped := 0
	for {
		c.gather()
		o.mu.Lock()
		b, lane := o.waiting, o.lane
		o.waiting, o.busy = nil, b != nil
		o.dropped += dropped
		o.room.Broadcast()
		o.mu.Unlock()
		if b == nil {
			return
		}
		at := 0
		for _, end := range b.ends[:b.n] {
			outbox.Add(lane, b.buf[at:end])
			at = end
		}
		dropped = outbox.Flush()
		if b.n >= aBurst {
			c.sockets.reserve.use()
		}
		b.n = 0
		c.sockets.batches.Put(b)
	}
}

// gather lets others run until they write no more.
func (c *Conn) gather() {
	before, open := c.out.held()
	for quiet := 0; open && quiet < patience; {
		runtime.Gosched()
		var n int
		if n, open = c.out.held(); n == before {
			quiet++
		} else {
			before, quiet = n, 0
		}
	}
}

func (s *Sockets) batch() *batch {
	if b := s.batches.Take(); b != nil {
		return b
	}
	return new(batch)
}

func (s *Sockets) outbox() *udpbatch.Outbox {
	if o := s.outboxes.Take(); o != nil {
		return o
	}
	return udpbatch.NewOutbox(most)
}
