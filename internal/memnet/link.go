package memnet

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Link is the way between the two ends of a connection, with what can go wrong on it. Its methods may be called from any goroutine, and
// again.
type Link struct {
	// Set once. delay is called with a pipe's mutex held.
	listener  *Listener
	delay     func() (lag, gap time.Duration)
	near, far *conn
}

// segment is what one write has put on its way.
type segment struct {
	at    time.Time // when it arrives
	bytes []byte
}

// DialVia is DialFrom over a link of its own. delay is asked at each write: the bytes arrive after lag, and at least gap after
// those before them in the same direction, so that a gap makes a thin line and a lag a long one. What is on its way counts
// against the connection's buffer. delay may be called from many goroutines at once, and must not call into this package.
func (l *Listener) DialVia(ctx context.Context, from netip.Addr, delay func() (lag, gap time.Duration)) (net.Conn, *Link, error) {
	link := &Link{listener: l, delay: delay}
	link.near, link.far = pair(l.buffer, l.localAddr(from), l.Addr(), link)
	l.mu.Lock()
	l.links = append(l.links, link) // before it can be accepted: Kill must find it
	l.mu.Unlock()
	if err := l.offer(ctx, link.far); err != nil {
		return nil, nil, err
	}
	return link.near, link, nil
}

// Hole makes a black hole of the link: nothing that is written arrives any more, nor does what is on its way, nor the end of either side. No call
// fails for it.
func (k *Link) Hole() {
	k.near.in.lose()
	k.near.out.lose()
}

// Cut ends the connection, with everything that is on its way. Each end notices by itself, the dialling one after near and the
// accepting one after far: its calls fail with ECONNRESET, after what has arrived.
func (k *Link) Cut(near, far time.Duration) {
	k.Hole()
	k.near.resetAfter(near)
	k.far.resetAfter(far)
}

// InFlight is how many bytes are on their way, in both directions.
func (k *Link) InFlight() int {
	n := 0
	for _, p := range []*pipe{k.near.in, k.near.out} {
		p.mu.Lock()
		n += p.onWay
		p.mu.Unlock()
	}
	return n
}

func (k *Link) killed() bool { return k != nil && k.listener.dead.Load() }

// Kill is the sudden death of the process that listens: Dial is refused, every connection that came by DialVia is cut at one and the same
// moment, and none of the last words that a connection might cause on another gets out. notice says after how long each dialling
// end learns of it.
func (l *Listener) Kill(notice func() time.Duration) {
	l.dead.Store(true)
	l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, link := range l.links {
		link.Cut(notice(), 0)
	}
	l.links = nil
}

func (c *conn) resetAfter(d time.Duration) {
	reset := func() {
		c.in.reset(&c.in.reading)
		c.out.reset(&c.out.writing)
	}
	if d <= 0 {
		reset()
		return
	}
	time.AfterFunc(d, reset)
}
