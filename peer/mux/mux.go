package mux

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/rs/zerolog"
)

const (
	maxOpen     = 256              // channels that each side has open
	openSlack   = 64               // how many more are taken: a RESET on one lane may be overtaken by an OPEN on another
	mostOpen    = 4 * maxOpen      // with those that this side has closed; and durable ones, with those that are not open again yet
	maxClosed   = 256              // names of durable channels that were closed and are remembered
	resumeGrace = 30 * time.Second // in which the other side opens its durable channels again
	// DefaultMaxMessage is the largest message that is taken when Config says nothing, in bytes.
	DefaultMaxMessage = 256 << 20
)

// Config is what a Mux is told. Accept is required.
type Config struct {
	// MaxMessage is the largest message that is taken, in bytes, and what all that are larger than a window may take up together.
	// 0 is DefaultMaxMessage.
	MaxMessage int
	// Accept takes a channel that the other side has opened, or returns false: then it is reset with overflow. It is called by
	// the pump of a trunk, must not block, and must not call Detach.
	Accept func(*Channel) bool
	Logger zerolog.Logger
}

// Mux is one side of all channels with a peer. It lives across connections, of which it has one at a time. All its methods may
// be called from any goroutine.
type Mux struct {
	config Config
	slots  chan struct{} // a token for each of our channels that is open
	ctx    context.Context
	end    context.CancelCauseFunc

	mu      sync.Mutex
	link    *Link               // nil while there is no connection
	changed chan struct{}       // closed and replaced when link or the number of channels changes
	closing error               // why nothing is opened any more
	ours    []*Channel          // our durable channels, in the order in which they were opened
	theirs  map[string]*Channel // the other side's, by their names
	closed  []string            // names of theirs that were closed in order, the latest last

	unasked atomic.Int64 // see maxUnasked; across connections, too

	budget budget // across connections: what was not read of an earlier one is still held
}

// New makes a Mux that waits for its first connection.
func New(config Config) *Mux {
	if config.MaxMessage <= 0 {
		config.MaxMessage = DefaultMaxMessage
	}
	m := &Mux{config: config, slots: make(chan struct{}, maxOpen), changed: make(chan struct{}), theirs: map[string]*Channel{}}
	m.budget.free = uint64(config.MaxMessage)
	m.ctx, m.end = context.WithCancelCause(context.Background())
	return m
}

// notify wakes who waits for a change. It is called with mu held.
func (m *Mux) notify() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Open opens a channel: one that is ordered and reliable as soon as there is a connection, any other when the other side has taken it.
// It also waits while 256 channels of this side are open. When the connection is lost meanwhile the error is of CodeConnectionLost.
func (m *Mux) Open(ctx context.Context, label string, o Options) (*Channel, error) {
	if err := o.Check(label); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, aborted(ctx)
	}
	select {
	case m.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, aborted(ctx)
	case <-m.ctx.Done():
		return nil, context.Cause(m.ctx)
	}
	ch := newChannel(m, true, label, o)
	if o.Durable {
		var name [8]byte
		rand.Read(name[:])
		ch.name = hex.EncodeToString(name[:])
	}
	l, err := m.awaitLink(ctx)
	if err == nil {
		err = l.open(ctx, ch)
	}
	if err != nil {
		ch.mu.Lock() // a new link may have begun with it, if it is durable
		ch.reset(protocol.Errorf(protocol.CodeAborted, "the opener gave up"))
		ch.unlock()
		return nil, err
	}
	if o.Lane() {
		return ch, nil
	}
	select {
	case <-ch.opened:
		return ch, nil
	case <-ch.ctx.Done():
		return nil, context.Cause(ch.ctx)
	case <-ctx.Done():
		ch.Reset(&protocol.Error{Code: protocol.CodeAborted, Text: "the opener gave up"})
		return nil, aborted(ctx)
	}
}

func (m *Mux) awaitLink(ctx context.Context) (*Link, error) {
	for {
		m.mu.Lock()
		l, changed, closing := m.link, m.changed, m.closing
		m.mu.Unlock()
		switch {
		case closing != nil:
			return nil, closing
		case l != nil:
			return l, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, aborted(ctx)
		}
	}
}

// Shutdown opens no more channels, closes all (requests that are not answered yet are reset), and waits until the other side has answered, so that what was sent has arrived. It
// returns nil when all have been, or the connection is over; when ctx ends first, an error of CodeAborted.
func (m *Mux) Shutdown(ctx context.Context) error {
	m.mu.Lock()
	if m.closing == nil {
		m.closing = protocol.Errorf(protocol.CodeClosed, "the peer is being closed by this side")
		m.notify()
	}
	l := m.link
	m.mu.Unlock()
	if l == nil {
		return nil
	}
	durable, _ := m.durable()
	for _, ch := range append(l.all(), durable...) { // of which some may not be open again yet
		ch.conclude()
	}
	for {
		left, changed := m.durable()
		m.mu.Lock()
		gone := m.link != l
		m.mu.Unlock()
		if gone || len(l.all())+len(left) == 0 {
			return l.settle(ctx)
		}
		select {
		case <-changed:
		case <-l.ctx.Done():
			return nil
		case <-ctx.Done():
			return aborted(ctx)
		}
	}
}

// durable are all durable channels; changed is closed when there are fewer.
func (m *Mux) durable() (all []*Channel, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all = slices.Clone(m.ours)
	for _, ch := range m.theirs {
		all = append(all, ch)
	}
	return all, m.changed
}

// Close ends everything now, durable channels too, with cause. It may be called twice.
func (m *Mux) Close(cause error) {
	cause = coded(cause, protocol.CodeClosed, "the peer was closed")
	m.mu.Lock()
	m.closing = cause
	l := m.link
	m.notify()
	m.mu.Unlock()
	m.end(cause)
	if l != nil {
		l.Detach(cause)
	}
	left, _ := m.durable()
	for _, ch := range left {
		ch.mu.Lock()
		ch.finish(cause)
		ch.unlock()
	}
}

// forget drops a durable channel, and remembers its name when it was closed in order.
func (m *Mux) forget(ch *Channel, inOrder bool) {
	ch.giveSlot()
	m.mu.Lock()
	defer m.mu.Unlock()
	if ch.name != "" && ch.ours {
		m.ours = slices.DeleteFunc(m.ours, func(c *Channel) bool { return c == ch })
	} else if ch.name != "" && m.theirs[ch.name] == ch {
		delete(m.theirs, ch.name)
		if inOrder {
			m.closed = append(m.closed, ch.name)
			m.closed = m.closed[max(0, len(m.closed)-maxClosed):]
		}
	}
	if m.closing != nil {
		m.notify() // Shutdown counts
	}
}

func (ch *Channel) giveSlot() {
	if ch.ours {
		ch.free.Do(func() { <-ch.mux.slots })
	}
}

// wasClosed tells whether a durable channel of that name of the other side was closed in order.
func (m *Mux) wasClosed(name string) bool { return slices.Contains(m.closed, name) }
