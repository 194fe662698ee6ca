package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipe is one direction of a connection: a bounded buffer with a reading and a writing side.
type pipe struct {
	// Set once.
	max  int
	link *Link // nil for one without faults and delays

	// mu guards everything below; changed tells of every change to it.
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte    // what can be read
	way     []segment // what is on its way, in order
	onWay   int       // its bytes
	lost    bool      // the link is cut or holed: nothing arrives any more
	reading side      // closed by the end that reads
	writing side      // closed by the end that writes
}

// side is one side of a pipe. The pipe's mutex guards it.
type side struct {
	closed  bool
	reset   bool // this end knows that the link is cut
	expired bool
	timer   *time.Timer
}

func newPipe(size int, link *Link) *pipe {
	p := &pipe{max: size, link: link}
	p.changed = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.reading.closed:
			return 0, net.ErrClosed
		case p.reading.expired:
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(p.buf) > 0:
			n := copy(b, p.buf)
			p.buf = p.buf[n:]
			if len(p.buf) == 0 {
				p.buf = nil // an idle connection keeps no memory
			}
			p.changed.Broadcast()
			return n, nil
		case p.reading.reset:
			return 0, syscall.ECONNRESET
		case p.writing.closed && !p.lost && len(p.way) == 0:
			return 0, io.EOF
		}
		p.changed.Wait()
	}
}

func (p *pipe) write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.writing.closed:
			return n, net.ErrClosed
		case p.writing.reset:
			return n, syscall.ECONNRESET
		case p.reading.closed && !p.lost:
			return n, syscall.EPIPE
		case p.writing.expired:
			return n, os.ErrDeadlineExceeded
		case p.lost || p.link.killed():
			return n + len(b), nil // as into a socket's buffer, from which nothing will come out
		}
		if room := min(p.max-len(p.buf)-p.onWay, len(b)); room > 0 {
			p.put(b[:room])
			b = b[room:]
			n += room
		}
		if len(b) == 0 {
			return n, nil
		}
		p.changed.Wait()
	}
}

// put takes bytes for which there is room. mu must be held.
func (p *pipe) put(b []byte) {
	if p.link == nil {
		p.buf = append(p.buf, b...)
		p.changed.Broadcast()
		return
	}
	lag, gap := p.link.delay()
	at := time.Now().Add(lag)
	if len(p.way) > 0 { // or it would overtake
		if after := p.way[len(p.way)-1].at.Add(gap); at.Before(after) {
			at = after
		}
	}
	p.way = append(p.way, segment{at, append([]byte(nil), b...)})
	p.onWay += len(b)
	if len(p.way) == 1 {
		time.AfterFunc(time.Until(at), p.arrive)
	}
}

// arrive makes readable what has arrived.
func (p *pipe) arrive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.way) > 0 && !p.way[0].at.After(time.Now()) {
		p.buf = append(p.buf, p.way[0].bytes...)
		p.onWay -= len(p.way[0].bytes)
		p.way = p.way[1:]
	}
	if len(p.way) > 0 {
		time.AfterFunc(time.Until(p.way[0].at), p.arrive)
	}
	p.changed.Broadcast()
}

// lose drops what is on its way, and all that is written from now on.
func (p *pipe) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = true
	p.way, p.onWay = nil, 0
	p.changed.Broadcast() // who waits for room need not any more
}

// reset makes the calls of one end fail, after what has arrived.
func (p *pipe) reset(s *side) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.reset = true
	p.changed.Broadcast()
}

// closeRead is the reading end's Close: what was not read is lost.
func (p *pipe) closeRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading.close()
	p.buf, p.way, p.onWay = nil, nil, 0
	p.changed.Broadcast()
}

// closeWrite is the writing end's Close: the reader gets the rest, then io.EOF.
func (p *pipe) closeWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writing.close()
	p.changed.Broadcast()
}

func (s *side) close() {
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

// set sets the side's deadline; the zero time means none. A call that waits is woken when the deadline has passed already,
// which is how net/http takes a connection back from its background read.
func (s *side) set(p *pipe, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.expired = !t.IsZero() && !time.Now().Before(t)
	if s.expired {
		p.changed.Broadcast()
		return
	}
	if t.IsZero() || s.closed {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if s.timer == timer { // not one that was replaced while it fired
			s.expired = true
			p.changed.Broadcast()
		}
	})
	s.timer = timer
}
