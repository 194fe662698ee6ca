package udpbatch

import "net/netip"

// maxJoined is the most that the kernel puts together: what a datagram may have.
const maxJoined = 1 << 16

// Joined are datagrams from one source that the kernel has put together, which all have one size but for the last, which may be shorter.
type Joined struct {
	From netip.AddrPort // an IPv4 address as such
	rest []byte
	size int

	joining                 // what the system calls read and write
	buf     [maxJoined]byte // last: the garbage collector looks at nothing behind the last pointer
}

// Peek is the next datagram. ok is false when there is none.
func (j *Joined) Peek() (p []byte, ok bool) {
	if len(j.rest) == 0 {
		return nil, false
	}
	return j.rest[:min(j.size, len(j.rest))], true
}

// Len is how many datagrams there are that are not read.
func (j *Joined) Len() int { return (len(j.rest) + j.size - 1) / max(j.size, 1) }

// Next goes on to the one after that which Peek returns.
func (j *Joined) Next() { j.rest = j.rest[min(j.size, len(j.rest)):] }

func takeJoined(from *Spare[Joined]) *Joined {
	j := from.Take()
	if j == nil {
		j = new(Joined)
		j.init()
	}
	return j
}
