package udpbatch

import (
	"net/netip"
)

// Outbox gathers datagrams until Flush. It belongs to one goroutine at a time.
type Outbox struct {
	sender // what the system calls read

	packets []outPacket
	lanes   []*Lane // those with packets, in the order of their first ones
}

type outPacket struct {
	p    []byte
	next int // of the same lane; 0 for none, so packets[0] is nobody's
}

// Lane is a way from a socket to a destination, whose datagrams stay in order. Whoever makes it keeps it, for as long as there
// may be more to send. At any time one Outbox at most may have packets of it.
type Lane struct {
	sock *Socket
	to   netip.AddrPort
	dest destination // to, as the system calls take it

	noSegments bool // UDP_SEGMENT was refused for this destination: on its path datagrams of this size do not fit
	head, tail int  // packets; 0 for none
}

// Lane makes one from the socket to an address.
func (s *Socket) Lane(to netip.AddrPort) *Lane {
	l := &Lane{sock: s, to: to}
	l.dest.set(s.v6, to)
	return l
}

// To is where the lane leads.
func (l *Lane) To() netip.AddrPort { return l.to }

// NewOutbox makes an outbox that gathers at most so many datagrams: with one more it sends them first.
func NewOutbox(packets int) *Outbox {
	o := &Outbox{packets: make([]outPacket, 1, packets+1)}
	o.init(packets)
	return o
}

// Add gathers a datagram, without a copy: p must stay as it is until Flush.
func (o *Outbox) Add(l *Lane, p []byte) (dropped int) {
	if len(o.packets) == cap(o.packets) {
		dropped = o.Flush()
	}
	i := len(o.packets)
	o.packets = append(o.packets, outPacket{p: p})
	if l.head == 0 {
		l.head = i
		o.lanes = append(o.lanes, l)
	} else {
		o.packets[l.tail].next = i
	}
	l.tail = i
	return dropped
}

// Len is how many datagrams wait for Flush.
func (o *Outbox) Len() int { return len(o.packets) - 1 }

// Flush sends everything that was gathered. It waits only when the buffer of a socket is full, until that is not, unless the socket
// has DontWait. dropped is how many datagrams the kernel refused: to an address that it cannot reach, for example. There is nothing
// else to do about them.
func (o *Outbox) Flush() (dropped int) {
	if len(o.lanes) == 0 {
		return 0
	}
	dropped = o.flush()
	for _, l := range o.lanes {
		l.head, l.tail = 0, 0
	}
	clear(o.lanes)
	clear(o.packets)
	o.lanes, o.packets = o.lanes[:0], o.packets[:1]
	return dropped
}

// sendOne sends a datagram where one call takes one.
func (l *Lane) sendOne(p []byte) bool {
	_, err := l.sock.conn.WriteToUDPAddrPort(p, l.to)
	return err == nil
}
