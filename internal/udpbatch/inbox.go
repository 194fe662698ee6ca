package udpbatch

import (
	"net/netip"
)

// Inbox holds the datagrams of a batch. It belongs to one goroutine at a time. What At returns stays in place until Reset, or
// until Receive, which resets.
type Inbox struct {
	system // what the system calls read and write

	size     int // of a datagram at most
	headroom int
	buf      []byte
	n        int // slots in use
	slots    []inSlot
}

type inSlot struct {
	len  int
	from netip.AddrPort
}

// NewInbox makes an inbox for so many datagrams at a time of at most size bytes. In front of each are headroom bytes, which are
// its owner's.
func NewInbox(slots, size, headroom int) *Inbox {
	in := &Inbox{size: size, headroom: headroom, buf: make([]byte, slots*(headroom+size+1)), slots: make([]inSlot, slots)}
	in.init()
	return in
}

// slot is the buffer of slot i: one byte more than a datagram may have, so that one that was cut shows.
func (in *Inbox) slot(i int) []byte {
	stride := in.headroom + in.size + 1
	return in.buf[i*stride+in.headroom : (i+1)*stride : (i+1)*stride]
}

// Len is how many datagrams there are.
func (in *Inbox) Len() int { return in.n }

// Free is how many more could be received.
func (in *Inbox) Free() int { return len(in.slots) - in.n }

// Reset forgets what was received.
func (in *Inbox) Reset() { in.n = 0 }

// At is a datagram and where it came from: an IPv4 address always as such. ok is false for one that was longer than the inbox's
// size, of which the rest is lost.
func (in *Inbox) At(i int) (p []byte, from netip.AddrPort, ok bool) {
	s := &in.slots[i]
	return in.slot(i)[:s.len], s.from, s.len <= in.size
}

// Before is a datagram with the last n bytes of the headroom in front of it.
func (in *Inbox) Before(i, n int) []byte {
	at := i*(in.headroom+in.size+1) + in.headroom
	return in.buf[at-n : at+in.slots[i].len]
}
