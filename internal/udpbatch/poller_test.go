package udpbatch

import (
	"encoding/binary"
	"runtime"
	"sync"
	"testing"
	"time"
)

// counter is a Handler that expects numbered datagrams in order.
type counter struct {
	t *testing.T

	mu     sync.Mutex
	room   int
	next   int
	failed int
	full   chan struct{} // told when room has come to 0
	done   chan struct{} // closed when next is want
	want   int
}

func (c *counter) Room() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.room == 0 {
		select {
		case c.full <- struct{}{}:
		default:
		}
	}
	return c.room
}

func (c *counter) Received(in *Inbox, first int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := first; i < in.Len(); i++ {
		if p, _, _ := in.At(i); binary.BigEndian.Uint32(p) != uint32(c.next) {
			c.t.Errorf("datagram %d is %d", c.next, binary.BigEndian.Uint32(p))
		}
		c.next++
		c.room--
	}
	if c.next == c.want {
		close(c.done)
	}
}

func (c *counter) Failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
}

func (c *counter) allow(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room = n
}

func newCounter(t *testing.T, room, want int) *counter {
	return &counter{t: t, room: room, want: want, full: make(chan struct{}, 1), done: make(chan struct{})}
}

func (c *counter) wait() {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.mu.Lock()
		defer c.mu.Unlock()
		c.t.Fatalf("%d of %d datagrams", c.next, c.want)
	}
}

func newPoller(t *testing.T) *Poller {
	t.Helper()
	p, err := NewPoller(Config{Inbox: NewInbox(16, 100, 4), Flush: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestPoller(t *testing.T) {
	t.Parallel()
	p := newPoller(t)
	const sockets, each = 20, 50
	out, from := NewOutbox(64), listen(t, "udp4")
	var counters []*counter
	var lanes []*Lane
	for range sockets {
		s, c := listen(t, "udp4"), newCounter(t, 1000, each)
		d, err := p.Add(s, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.Remove)
		counters, lanes = append(counters, c), append(lanes, from.Lane(addrOf(s)))
	}
	for i := range each {
		for _, l := range lanes {
			out.Add(l, numbered(i, 20))
		}
	}
	out.Flush()
	for _, c := range counters {
		c.wait()
	}
}

func TestPollerPauses(t *testing.T) {
	t.Parallel()
	p := newPoller(t)
	s, c := listen(t, "udp4"), newCounter(t, 3, 10)
	d, err := p.Add(s, c)
	if err != nil {
		t.Fatal(err)
	}
	out, from := NewOutbox(64), listen(t, "udp4")
	l := from.Lane(addrOf(s))
	for i := range 10 {
		out.Add(l, numbered(i, 4))
	}
	out.Flush()
	<-c.full
	c.allow(1)
	d.Resume()
	<-c.full
	d.Resume() // without room it pauses again
	<-c.full
	c.allow(6)
	d.Resume()
	c.wait()
	d.Remove()
	d.Remove()
	d.Resume()
}

// TestPollerForgets removes and closes sockets while they receive.
func TestPollerForgets(t *testing.T) {
	t.Parallel()
	p := newPoller(t)
	out, from := NewOutbox(64), listen(t, "udp4")
	for i := range 50 {
		s, c := listen(t, "udp4"), newCounter(t, 1000, 5)
		d, err := p.Add(s, c)
		if err != nil {
			t.Fatal(err)
		}
		l := from.Lane(addrOf(s))
		for j := range 5 {
			out.Add(l, numbered(j, 4))
		}
		out.Flush()
		if i%2 == 0 {
			c.wait()
		}
		d.Remove()
		s.conn.Close()
		if _, err := p.Add(s, c); err == nil && i == 0 {
			t.Error("Add takes a closed socket")
		}
	}
	p.Close()
	p.Close()
}

// TestPollerErrors has a socket fail by a deadline in the past, which is an error that a test can cause.
func TestPollerErrors(t *testing.T) {
	t.Parallel()
	p := newPoller(t)
	s, c := listen(t, "udp4"), newCounter(t, 10, 1)
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
	d, err := p.Add(s, c)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Remove()
	out, from := NewOutbox(1), listen(t, "udp4")
	out.Add(from.Lane(addrOf(s)), numbered(0, 4))
	out.Flush()
	for deadline := time.Now().Add(patience); ; {
		c.mu.Lock()
		failed := c.failed
		c.mu.Unlock()
		if failed >= 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d errors", failed)
		}
		runtime.Gosched()
	}
	_ = s.conn.SetReadDeadline(time.Time{})
	c.wait()
}
