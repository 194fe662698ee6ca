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
	max int // set once

	// mu guards everything below; changed tells of every change to it.
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte
	reading side // closed by the end that reads
	writing side // closed by the end that writes
}

// side is one side of a pipe. The pipe's mutex guards it.
type side struct {
	closed  bool
	expired bool
	timer   *time.Timer
}

func newPipe(size int) *pipe {
	p := &pipe{max: size}
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
		case p.writing.closed:
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
		case p.reading.closed:
			return n, syscall.EPIPE
		case p.writing.expired:
			return n, os.ErrDeadlineExceeded
		}
		if room := min(p.max-len(p.buf), len(b)); room > 0 {
			p.buf = append(p.buf, b[:room]...)
			b = b[room:]
			n += room
			p.changed.Broadcast()
		}
		if len(b) == 0 {
			return n, nil
		}
		p.changed.Wait()
	}
}

// closeRead is the reading end's Close: what was not read is lost.
func (p *pipe) closeRead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading.close()
	p.buf = nil
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
