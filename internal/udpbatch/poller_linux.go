package udpbatch

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pollEvents is how many sockets one look at the epoll can find. Those that wait for the next are not forgotten.
const pollEvents = 128

// Poller reads many sockets in one goroutine. All methods may be called at any time.
//
// It has an epoll of its own, which itself is watched by that of the Go runtime: so its goroutine waits as all others do, and not
// in a system call, which would hold a thread and cost milliseconds under load.
type Poller struct {
	cfg  Config
	file *os.File // the epoll
	raw  syscall.RawConn
	done chan struct{} // closed by run

	mu      sync.Mutex
	sockets map[uint64]*Polled // guarded by mu
	last    uint64             // guarded by mu

	// Owned by run.
	in     *Inbox
	events [pollEvents]unix.EpollEvent
	ready  []*Polled
}

// Polled is a socket that a Poller reads.
type Polled struct {
	poller  *Poller
	sock    *Socket
	handler Handler
	id      uint64
	most    int // datagrams to ask for; owned by Poller.run

	mu      sync.Mutex
	paused  atomic.Bool // written with mu
	removed bool        // guarded by mu
}

// NewPoller starts one without sockets. Close ends it.
func NewPoller(cfg Config) (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("udpbatch: epoll: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // without it os.File would not hand it to the runtime's poller
		_ = unix.Close(fd)
		return nil, fmt.Errorf("udpbatch: epoll: %w", err)
	}
	p := &Poller{cfg: cfg, file: os.NewFile(uintptr(fd), "epoll"), done: make(chan struct{}), sockets: map[uint64]*Polled{}, in: cfg.Inbox}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		_ = p.file.Close()
		return nil, fmt.Errorf("udpbatch: epoll: %w", err)
	}
	go p.run()
	return p, nil
}

// Close ends the reading. No Handler is called once it returns, so none may call it. The sockets stay open.
func (p *Poller) Close() {
	_ = p.file.Close() // again is an error, and harmless
	<-p.done
}

// Add begins to read a socket.
func (p *Poller) Add(s *Socket, h Handler) (*Polled, error) {
	p.mu.Lock()
	p.last++
	d := &Polled{poller: p, sock: s, handler: h, id: p.last, most: 1}
	p.sockets[d.id] = d
	p.mu.Unlock()
	if err := d.control(unix.EPOLL_CTL_ADD, unix.EPOLLIN); err != nil {
		p.forget(d)
		return nil, fmt.Errorf("udpbatch: poll: %w", err)
	}
	return d, nil
}

func (p *Poller) forget(d *Polled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sockets, d.id)
}

// Remove ends the reading of the socket, before or after that is closed. It may be called again.
func (d *Polled) Remove() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.removed {
		return
	}
	d.removed = true
	d.poller.forget(d)
	_ = d.control(unix.EPOLL_CTL_DEL, 0) // a closed socket has left by itself
}

// Resume reads on after a Room of 0. It may be called when there was none, and then costs next to nothing.
func (d *Polled) Resume() {
	if !d.paused.Load() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paused.Load() && !d.removed {
		d.paused.Store(d.control(unix.EPOLL_CTL_MOD, unix.EPOLLIN) != nil)
	}
}

// pause leaves the socket alone. It asks for room again once Resume can see the pause: otherwise both could miss each other.
func (d *Polled) pause() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused.Store(true)
	if d.removed || d.handler.Room() > 0 || d.control(unix.EPOLL_CTL_MOD, 0) != nil {
		d.paused.Store(false)
	}
}

// rest leaves the socket alone for a while, after an error. With datagrams waiting the epoll would not let it go otherwise.
func (d *Polled) rest() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.removed && d.control(unix.EPOLL_CTL_MOD, 0) == nil {
		d.paused.Store(true)
		time.AfterFunc(afterError, d.Resume)
	}
}

// control asks the epoll for what is done with the socket.
func (d *Polled) control(op int, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: int32(d.id), Pad: int32(d.id >> 32)}
	var err, ctl error
	err = d.poller.raw.Control(func(epoll uintptr) {
		ctl = d.sock.raw.Control(func(fd uintptr) { err = unix.EpollCtl(int(epoll), op, int(fd), &e) })
	})
	if ctl != nil {
		return ctl
	}
	return err
}
