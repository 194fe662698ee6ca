package udpbatch

import (
	"errors"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// perSocket is how many datagrams are taken from a socket at most before the next one's turn.
const perSocket = 32

func (p *Poller) run() {
	defer close(p.done)
	for p.raw.Read(p.look) == nil { // it fails when the epoll is closed
	}
}

// look is called by the runtime's poller when there may be something, and looks once. If there may be more it returns true, for then run
// calls it again, unless closed; else it is waited for until there may be something. See Inbox.serve, for the reason why that may be
// without having found nothing.
func (p *Poller) look(epoll uintptr) (again bool) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, epoll, uintptr(unsafe.Pointer(&p.events[0])), pollEvents, 0, 0, 0)
	if errno != 0 {
		n = 0
	}
	again = errno == unix.EINTR || n == pollEvents
	p.find(int(n))
	for _, d := range p.ready {
		if p.read(d) {
			again = true
		}
	}
	p.flush()
	return again
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

// read takes what one socket has. It asks for little where there was little the last time. It says whether to look again: the socket
// may have more; and one that is left alone stays among those that are ready until a look finds that it is not, and to make it ready
// again would before that tell nobody.
func (p *Poller) read(d *Polled) (again bool) {
	room := min(d.handler.Room(), d.most, len(p.in.slots))
	if room == 0 {
		d.pause()
		return true
	}
	if p.in.Free() < room {
		p.flush()
	}
	first := p.in.Len()
	err := d.sock.tryReceive(p.in, room)
	got := p.in.Len() - first
	switch {
	case errors.Is(err, net.ErrClosed): // its owner knows
	case err != nil:
		d.handler.Failed(err)
		d.rest()
		return true
	case got > 0:
		d.handler.Received(p.in, first)
	}
	if got == room {
		d.most = min(2*got, perSocket)
	} else {
		d.most = max(1, got)
	}
	return got == room
}

func (p *Poller) flush() {
	if p.in.Len() > 0 {
		p.cfg.Flush()
		p.in.Reset()
	}
}
