//go:build linux

package main

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// moment is one in the life of a connection that is opened. But for the first they are seen from outside, in what passes, so that they
// mean the same whatever the stack.
type moment int

const (
	joined  moment = iota // the signaling server has let this end in
	checked               // the first connectivity check was sent or came
	secured               // the first record of the DTLS handshake
	carried               // the first encrypted one that is no handshake
	count
)

// moments are when they were. A nil one keeps nothing.
type moments struct {
	begun time.Time
	mu    sync.Mutex
	at    [count]time.Time // guarded by mu
}

func (m *moments) mark(what moment) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at[what].IsZero() {
		m.at[what] = time.Now()
	}
}

// look sees what a datagram is by its first byte (RFC 7983, section 7), and a record by its type.
func (m *moments) look(p []byte) {
	switch {
	case len(p) < 13:
	case p[0] < 4:
		m.mark(checked)
	case p[0] == 22 && p[3] == 0 && p[4] == 0:
		m.mark(secured)
	case p[0] == 23:
		m.mark(carried)
	}
}

// Parts of the time from the call of join until a channel is open. All but Join are the connection's.
type Parts struct {
	Join    time.Duration // to the signaling server and into the room
	Signals time.Duration // the descriptions, and the first candidates
	ICE     time.Duration
	DTLS    time.Duration
	Channel time.Duration // SCTP, and the channel on it
}

// Open is without the join.
func (p Parts) Open() time.Duration { return p.Signals + p.ICE + p.DTLS + p.Channel }

func (m *moments) parts(open time.Time) Parts {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.at
	if at[carried].IsZero() { // a channel of ours is open before anything is said
		at[carried] = open
	}
	for i := range at { // what was not watched, or came in another order, takes no time
		before := m.begun
		if i > 0 {
			before = at[i-1]
		}
		if at[i].Before(before) {
			at[i] = before
		}
	}
	return Parts{at[joined].Sub(m.begun), at[checked].Sub(at[joined]), at[secured].Sub(at[checked]), at[carried].Sub(at[secured]), open.Sub(at[carried])}
}

// watched is this machine's network, whose every other end is far, and in which one can see what passes.
type watched struct {
	*stdnet.Net
	delay time.Duration // of what is sent
	late  bool          // so is what comes
	at    *moments
}

func newWatched(to Place, at *moments) transport.Net {
	n, err := stdnet.NewNet()
	if err != nil {
		panic(err) // it looks at the interfaces, which a machine that measures has
	}
	return watched{n, to.Delay, to.Alone && to.Delay > 0, at}
}

func (w watched) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := net.ListenUDP(network, address)
	if err != nil {
		return nil, err
	}
	if address != nil && address.IP.IsMulticast() { // for names; it is looked into
		return conn, nil
	}
	c := &watchedConn{UDPConn: conn, in: w, closed: make(chan struct{}), late: make(chan lateDatagram, 1<<12)}
	c.running.Go(c.run)
	if w.late {
		c.coming = make(chan lateDatagram, 1<<12)
		c.receiving.Go(c.receive)
	}
	return c, nil
}

// watchedConn sends each datagram a fixed time after it was written, and may give it to the reader as long after it came.
type watchedConn struct {
	*net.UDPConn
	in        watched
	late      chan lateDatagram
	coming    chan lateDatagram // nil if what comes is not late
	once      sync.Once
	closed    chan struct{}
	running   sync.WaitGroup
	receiving sync.WaitGroup // its own: it ends when the socket is closed
}

type lateDatagram struct {
	at time.Time
	b  []byte
	of netip.AddrPort // to whom, or from whom
}

func (c *watchedConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	if c.coming != nil {
		return c.readLate(b)
	}
	n, from, err := c.ReadFromUDPAddrPort(b)
	c.in.at.look(b[:n])
	return n, from, err
}

// receive notes when datagrams come, until the socket is closed.
func (c *watchedConn) receive() {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a refusal of something that was sent
		}
		select {
		case c.coming <- lateDatagram{time.Now().Add(c.in.delay), append([]byte(nil), buf[:n]...), from}:
		default: // as from any full buffer
		}
	}
}

// readLate does not know a deadline: Pion sets one when it closes the socket, which ends it as well.
func (c *watchedConn) readLate(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-c.coming:
		if !c.wait(d.at) {
			break
		}
		n := copy(b, d.b)
		c.in.at.look(b[:n])
		return n, d.of, nil
	case <-c.closed:
	}
	return 0, netip.AddrPort{}, net.ErrClosed
}

// SetDeadline leaves out the reads of receive.
func (c *watchedConn) SetDeadline(t time.Time) error {
	if c.coming != nil {
		return c.SetWriteDeadline(t)
	}
	return c.UDPConn.SetDeadline(t)
}

// wait returns false if the socket was closed meanwhile.
func (c *watchedConn) wait(until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.closed:
		return false
	}
}

func (c *watchedConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	c.in.at.look(b)
	if c.in.delay == 0 {
		return c.WriteToUDPAddrPort(b, to)
	}
	select {
	case c.late <- lateDatagram{time.Now().Add(c.in.delay), append([]byte(nil), b...), to}:
		return len(b), nil
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *watchedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.WriteToAddrPort(b, to.(*net.UDPAddr).AddrPort())
}

func (c *watchedConn) run() {
	for {
		select {
		case d := <-c.late:
			if !c.wait(d.at) {
				return
			}
			_, _ = c.WriteToUDPAddrPort(d.b, d.of) // as lost as on any way
		case <-c.closed:
			return
		}
	}
}

func (c *watchedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.running.Wait()
	err := c.UDPConn.Close()
	c.receiving.Wait()
	return err
}
