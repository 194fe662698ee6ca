package peer

import (
	"context"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"golang.org/x/time/rate"
)

// State is how far the connection to a peer is.
type State string

// The states, in the order of a peer's life.
const (
	// StateWaiting: no connection is being made.
	StateWaiting State = "waiting"
	// StateConnecting: the first connection is being made.
	StateConnecting State = "connecting"
	// StateConnected: channels can be opened.
	StateConnected State = "connected"
	// StateReconnecting: the way to the peer is lost, and another is looked for. When it is connected again, either the channels
	// go on where they were, or they have ended with CodeConnectionLost and new ones can be opened.
	StateReconnecting State = "reconnecting"
	// StateClosed: the peer left, or its connection ended for good; Context's cause says why.
	StateClosed State = "closed"
)

// meeting is what a peer has of connections: one after the other, each in the place of one that was lost.
type meeting struct {
	junction *junction
	turns    *turns
	deadline *deadline

	// Guarded by room.mu.
	early   []protocol.SignalData // candidates that came before their description
	asked   time.Time             // for the first offer; zero if it was not
	closing bool                  // by this side: nothing takes the place of what ends now

	mu      sync.Mutex
	conn    *connection   // the newest, nil before the first
	state   State         // never StateClosed, which is the end of the peer's context
	met     bool          // it has been connected
	lost    time.Time     // since when it is not, and was before; zero while it is
	changed chan struct{} // closed, and made anew, when one of them changes
	counts  PeerStats     // of bytes, those of connections that have ended
}

func newMeeting(j *junction) *meeting {
	return &meeting{
		junction: j,
		turns:    newTurns(),
		deadline: new(deadline),
		state:    StateWaiting,
		changed:  make(chan struct{}),
	}
}

// look returns how things are, and what is closed when they are no longer so.
func (m *meeting) look() (c *connection, s State, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conn, m.state, m.changed
}

func (m *meeting) current() *connection {
	c, _, _ := m.look()
	return c
}

// begin makes c the current connection.
func (m *meeting) begin(c *connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn = c
	c.replaces = m.met
	m.state = StateConnecting
	if m.met {
		m.state = StateReconnecting
		m.lose()
	}
	m.change()
}

// move says that c is connected, or looks for another way. It tells whether the peer is connected for the first time, and since when it
// was not; zero where nothing was lost.
func (m *meeting) move(c *connection, s State) (first bool, lost time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != c {
		return false, time.Time{}
	}
	first = s == StateConnected && !m.met
	m.met = m.met || first
	m.state = s
	switch s {
	case StateConnected:
		if !c.counted {
			c.counted = true
			m.counts.Connections++
		} else {
			m.counts.Restarts++
		}
		lost, m.lost = m.lost, time.Time{}
		m.deadline.clear()
	case StateReconnecting:
		m.lose()
	}
	m.change()
	return first, lost
}

// lostSince is since when the peer is not connected, and was before.
func (m *meeting) lostSince() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lost
}

func (m *meeting) lose() {
	if m.lost.IsZero() {
		m.lost = time.Now()
	}
}

func (m *meeting) change() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// connected waits until the peer is connected, again perhaps. again is closed when that may have changed.
func (p *Peer) connected(ctx context.Context) (c *connection, again <-chan struct{}, err error) {
	for {
		c, state, changed := p.meeting.look()
		switch {
		case ctx.Err() != nil:
			return nil, nil, aborted(ctx)
		case p.ctx.Err() != nil:
			return nil, nil, codedCause(p.ctx)
		case state == StateConnected:
			return c, changed, nil
		}
		p.await(ctx, changed)
	}
}

// await waits for a change, or the end of ctx or of the peer.
func (p *Peer) await(ctx context.Context, change <-chan struct{}) {
	select {
	case <-change:
	case <-ctx.Done():
	case <-p.ctx.Done():
	}
}

// deadline is until when a peer is to be connected: one for all connections that follow each other until one of them is. Only the time
// counts in which the other side can be reached.
type deadline struct {
	mu sync.Mutex
	at time.Time // zero while nothing is waited for; guarded by mu
}

// begin returns when it is, from now on if none has begun.
func (d *deadline) begin(timeout time.Duration) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.IsZero() {
		d.at = time.Now().Add(timeout)
	}
	return d.at
}

// putOff moves it by a time that does not count.
func (d *deadline) putOff(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.at.IsZero() {
		d.at = d.at.Add(by)
	}
}

// clear ends it, because the peer is connected.
func (d *deadline) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = time.Time{}
}

// turns bound what the other side can make this one spend on connections, by offering one session after the other: how many
// peer connections there are at a time, and how many are made. Who waits for its turn and is replaced never makes one.
type turns struct {
	slots chan struct{}
	pace  *rate.Limiter
}

const (
	// maxConnections are the peer connections with one peer: one, and those before it that are still being closed. Closing can
	// take 8 s, for a TURN server that does not answer; the next one must not wait for that.
	maxConnections = 3
	// newEvery and newBurst: so often a connection is made. One that is lost takes 15 s, one whose association ends takes none.
	newEvery = 5 * time.Second
	newBurst = 4
)

func newTurns() *turns {
	return &turns{slots: make(chan struct{}, maxConnections), pace: rate.NewLimiter(rate.Every(newEvery), newBurst)}
}

// take waits for a turn, which is to be given back. It returns false when ctx has ended.
func (t *turns) take(ctx context.Context) bool {
	if t.pace.Wait(ctx) != nil {
		return false
	}
	select {
	case t.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t *turns) giveBack() { <-t.slots }
