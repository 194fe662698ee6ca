package udpbatch

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// perSocket is how many datagrams are taken from a socket before the next one's turn.
const perSocket = 32

func (p *Poller) run() {
	defer close(p.done)
	n := 0
	look := func(epoll uintptr) bool {
		var err error
		if n, err = unix.EpollWait(int(epoll), p.events[:], 0); err != nil {
			n = 0
		}
		return n > 0
	}
	for p.raw.Read(look) == nil {
		p.find(n)
		for _, d := range p.ready {
			p.read(d)
		}
		p.flush()
	}
}

// find turns events into sockets. One that was removed since is left out.
func (p *Poller) find(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = p.ready[:0]
	for _, e := range p.events[:n] {
		if d := p.sockets[uint64(uint32(e.Fd))|uint64(uint32(e.Pad))<<32]; d != nil {
			p.ready = append(p.ready, d)
		}
	}
}

// read takes what one socket has. What it leaves behind is still an event at the next look.
func (p *Poller) read(d *Polled) {
	room := min(d.handler.Room(), perSocket)
	if room == 0 {
		d.pause()
		return
	}
	if p.in.Free() < room {
		p.flush()
	}
	first := p.in.Len()
	switch err := d.sock.tryReceive(p.in, room); {
	case errors.Is(err, net.ErrClosed): // its owner knows
	case err != nil:
		d.handler.Failed(err)
		d.rest()
	case p.in.Len() > first:
		d.handler.Received(p.in, first)
	}
}

func (p *Poller) flush() {
	if p.in.Len() > 0 {
		p.cfg.Flush()
		p.in.Reset()
	}
}
