//go:build !linux

package udpbatch

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Poller reads many sockets, here in a goroutine each. All methods may be called at any time.
type Poller struct {
	cfg Config
	wg  sync.WaitGroup // the goroutines of the sockets

	turn sync.Mutex // held while a handler runs

	mu     sync.Mutex
	all    map[*Polled]bool // guarded by mu
	closed bool             // guarded by mu
}

// Polled is a socket that a Poller reads.
type Polled struct {
	poller  *Poller
	sock    *Socket
	handler Handler
	resumed chan struct{} // holds one, so that Resume never waits
	done    chan struct{} // closed by Remove
	once    sync.Once
}

// NewPoller starts one without sockets. Close ends it.
func NewPoller(cfg Config) (*Poller, error) {
	return &Poller{cfg: cfg, all: map[*Polled]bool{}}, nil
}

// Close ends the reading. No Handler is called once it returns, so none may call it. Here it closes the sockets.
func (p *Poller) Close() {
	p.mu.Lock()
	p.closed = true
	var all []*Polled
	for d := range p.all {
		all = append(all, d)
	}
	p.mu.Unlock()
	for _, d := range all {
		d.Remove()
		_ = d.sock.conn.Close()
	}
	p.wg.Wait()
}

// Add begins to read a socket.
func (p *Poller) Add(s *Socket, h Handler) (*Polled, error) {
	if err := s.probe(); err != nil {
		return nil, fmt.Errorf("udpbatch: poll: %w", err)
	}
	d := &Polled{poller: p, sock: s, handler: h, resumed: make(chan struct{}, 1), done: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, net.ErrClosed
	}
	p.all[d] = true
	p.wg.Add(1)
	go d.run()
	return d, nil
}

// Remove ends the reading of the socket, which is to be closed next. It may be called again.
func (d *Polled) Remove() {
	d.once.Do(func() { close(d.done) })
}

// Resume reads on after a Room of 0. It may be called when there was none.
func (d *Polled) Resume() {
	select {
	case d.resumed <- struct{}{}:
	default:
	}
}

func (d *Polled) run() {
	p := d.poller
	defer p.wg.Done()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.all, d)
	}()
	in := NewInbox(1, p.cfg.Inbox.size, p.cfg.Inbox.headroom)
	for {
		select {
		case <-d.done:
			return
		default:
		}
		err := d.sock.Receive(in)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			d.failed(err)
			select {
			case <-time.After(afterError):
			case <-d.done:
				return
			}
			continue
		}
		if !d.hand(in) {
			return
		}
	}
}

func (d *Polled) failed(err error) {
	d.poller.turn.Lock()
	defer d.poller.turn.Unlock()
	d.handler.Failed(err)
}

// hand waits for room, and then for the other sockets.
func (d *Polled) hand(in *Inbox) bool {
	for d.handler.Room() == 0 {
		select {
		case <-d.resumed:
		case <-d.done:
			return false
		}
	}
	d.poller.turn.Lock()
	defer d.poller.turn.Unlock()
	d.handler.Received(in, 0)
	d.poller.cfg.Flush()
	return true
}
