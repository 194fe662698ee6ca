package peer

import (
	"sync"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// unasked is what a raw channel holds while the application has not asked for a message of it. Nobody here need have wanted the channel, so what all
// of a peer hold together is bounded, with its unreliable channels: 64 raw ones of five messages of 256 KiB would be 80 MiB.
type unasked struct {
	mu      sync.Mutex
	asked   bool
	counted int64 // in mux.Mux.Unasked
}

// hold counts a message that has come. It returns false when that is too much.
func (ch *rawChannel) hold(size int) bool {
	u := &ch.unasked
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.asked {
		return true
	}
	u.counted += int64(size)
	return !ch.conn.junction.mux.Unasked(int64(size))
}

// ask says that somebody reads the channel, or nobody ever will: what it holds is bounded for itself from now on.
func (ch *rawChannel) ask() {
	u := &ch.unasked
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.asked {
		u.asked = true
		ch.conn.junction.mux.Unasked(-u.counted)
	}
}

// tooMuch ends a channel that nobody has asked for, and drops what it holds. Only pump calls it, which is who fills unread.
func (ch *rawChannel) tooMuch() {
	ch.shutdown(protocol.Errorf(protocol.CodeOverflow, "too much has come that nobody has asked for"))
	for {
		select {
		case <-ch.unread:
		default:
			return
		}
	}
}
