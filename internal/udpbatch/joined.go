package udpbatch

import (
	"net/netip"
	"sync"
)

// maxJoined is the most that the kernel puts together: what a datagram may have.
const maxJoined = 1 << 16

// Joined are datagrams from one source that the kernel has put together, which all have one size but for the last, which may be shorter.
type Joined struct {
	From netip.AddrPort // an IPv4 address as such
	rest []byte
	size int

	buf     [maxJoined]byte
	joining // what the system calls read and write
}

// Peek is the next datagram. ok is false when there is none.
func (j *Joined) Peek() (p []byte, ok bool) {
	if len(j.rest) == 0 {
		return nil, false
	}
	return j.rest[:min(j.size, len(j.rest))], true
}

// Next goes on to the one after that which Peek returns.
func (j *Joined) Next() { j.rest = j.rest[min(j.size, len(j.rest)):] }

// Joiners shares the memory of what was received among sockets that have nothing to read most of the time. The zero value is ready, and
// may be used by any goroutine.
type Joiners struct{ free sync.Pool }

func (f *Joiners) get() *Joined {
	if j, ok := f.free.Get().(*Joined); ok {
		return j
	}
	j := new(Joined)
	j.init()
	return j
}

// Put gives back what a Joiner has returned, when it is read.
func (f *Joiners) Put(j *Joined) { f.free.Put(j) }
