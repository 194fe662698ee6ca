package signaling

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// mailbox is the reading half of the carriers over HTTP: bodies that are posted to /v1/send, one after the other, whose frames
// conn.serve reads. It holds one body at a time, which bounds it as a socket's buffer is bounded.
type mailbox struct {
	id   string // unguessable: who knows it speaks for the client
	room int    // the largest frame
	conn *conn  // set before the mailbox can be found

	// Guarded by mu, as is what embeds a mailbox. conn.mu may be held when it is taken, never the other way round.
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when something here has changed
	by      time.Time     // read's deadline
	n       uint64        // the number of the newest body; the hello has none
	frames  [][]byte      // what read has not yet had of it
	idle    bool          // all of it has been handled
	turn    uint64        // of the newest request that waits for that
	shut    bool          // nothing is read any more
	dead    bool          // the carrier has ended: nothing is written either
}

var (
	// errCarrierOver is the end of what belongs to a carrier that has ended.
	errCarrierOver = errors.New("signaling: carrier: ended")
	// errStale is the end of a request that is not the next one, or is not the newest any more.
	errStale = errors.New("signaling: carrier: stale request")
)

// newMailbox makes one that holds a hello.
func newMailbox(limit int, hello []byte) *mailbox {
	return &mailbox{id: rand.Text(), room: limit, changed: make(chan struct{}), frames: [][]byte{hello}}
}

// tell wakes all who wait. mu must be held, as for wait.
func (m *mailbox) tell() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// wait gives mu away until something has changed, or the time has come or ctx has ended, whose error it returns.
func (m *mailbox) wait(ctx context.Context, by time.Time) error {
	changed := m.changed
	m.mu.Unlock()
	defer m.mu.Lock()
	t := time.NewTimer(time.Until(by))
	defer t.Stop()
	select {
	case <-changed:
		return nil
	case <-t.C:
		return os.ErrDeadlineExceeded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *mailbox) await() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		switch {
		case m.dead:
			return net.ErrClosed
		case m.shut:
			return errClosing
		case len(m.frames) > 0:
			return nil
		case !m.idle: // the frame before this call was its last
			m.idle = true
			m.tell()
		case !time.Now().Before(m.by):
			return os.ErrDeadlineExceeded
		}
		if m.idle {
			_ = m.wait(context.Background(), m.by)
		}
	}
}

func (m *mailbox) read(buf []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	frame := m.frames[0] // nobody but us takes one away
	m.frames = m.frames[1:]
	if len(frame) > m.room {
		return buf, errFrameTooLarge
	}
	return append(buf, frame...), nil
}

func (m *mailbox) expect(by time.Time, closing bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	earlier := by.Before(m.by)
	m.by = by
	m.shut = m.shut || closing
	if earlier || closing { // a later deadline can be found when the earlier one has come
		m.tell()
	}
}

// deliver hands a body over and waits until its frames have been handled. One that was handed over before is not again. The error
// is errStale, errCarrierOver if it ended before all were handled, or that of ctx: the frames are handled then all the same.
func (m *mailbox) deliver(ctx context.Context, n uint64, frames [][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn++
	turn := m.turn
	m.tell() // who waited before need not any more
	for {
		switch {
		case m.n == n && (m.idle || m.shut && len(m.frames) == 0):
			return nil
		case m.shut:
			return errCarrierOver
		case turn != m.turn || n != m.n && n != m.n+1:
			return errStale
		case n == m.n+1 && m.idle:
			m.n, m.frames, m.idle = n, frames, false
			m.tell()
		}
		if err := m.wait(ctx, time.Now().Add(forever)); err != nil {
			return err
		}
	}
}

// forever is longer than anything here lasts.
const forever = 24 * time.Hour

// posted is a carrier that has a mailbox.
type posted interface{ box() *mailbox }

func (m *mailbox) box() *mailbox { return m }

func (m *mailbox) linger() {}

// end lets go of the carrier: nobody finds it any more, or waits for it.
func (m *mailbox) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut, m.dead = true, true
	m.tell()
}
