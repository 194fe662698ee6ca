package mux

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	lanes     = 4
	maxTrunks = 16 // that one side opens, lanes included
)

// Trunk is a data channel that channels share.
type Trunk interface {
	// WriteFrame sends one binary message. It waits while the association is full, and returns an error when ctx or the connection
	// ends; when it returns an error nothing was sent. It does not keep frame. One call at a time is promised.
	WriteFrame(ctx context.Context, frame []byte) error
}

// Connection is what a Link needs of a connection that is open.
type Connection struct {
	// Open opens a trunk, for which receive is to be called with what comes on it: by one goroutine, and frame is only valid during the
	// call. It may wait, but for a lane (Class.Lane) not for the acknowledgement of the other side. ctx ends with the link.
	Open func(ctx context.Context, class Class, receive func(frame []byte)) (Trunk, error)
	// MaxFrame is the other side's max-message-size, in bytes. 0 is 64 KiB, as RFC 8841, section 6.1 has it.
	MaxFrame int
	// Fail is called when the connection must end: with CodeBadFrame or CodeOverflow when the other side broke the protocol, CodeConnectionLost when
	// a trunk did not work. It must not block, and must not call Detach before it returns.
	Fail func(error)
}

// Link is one connection of a Mux.
type Link struct {
	// Set once.
	mux      *Mux
	conn     Connection
	ctx      context.Context
	stop     context.CancelCauseFunc
	most     int // payload bytes that fit a frame of the other side's
	batch    int // bytes of a BATCH
	queue    controls
	failing  sync.Once
	closing  atomic.Int64  // channels of the other side that this one has said CLOSE for
	heard    atomic.Bool   // something has come since this side has sent a message
	theirMax atomic.Uint64 // the largest message that the other side takes, as far as it has said

	// turn is who may write; the next three are its holder's.
	turn     turns
	buffer   []byte
	last     *Channel  // that sent
	switched time.Time // when it was another one before

	mu       sync.Mutex
	over     bool
	channels [2]map[uint32]*Channel // that are open: ours, theirs
	highest  [2]int64               // id that was opened; -1: none
	trunks   [2]int                 // how many there are
	opening  map[string]*trunk      // trunks of ours by class and lane; some are not ready
	theirs   map[string]*trunk      // trunks of the other side by class, but for lanes
	grace    *time.Timer            // until the other side must have opened its durable channels again
}

const (
	ours   = 0
	theirs = 1
)

func side(mine bool) int {
	if mine {
		return ours
	}
	return theirs
}

// Attach begins with a connection that is open. What was attached before is detached.
func (m *Mux) Attach(c Connection) *Link {
	l := &Link{
		mux: m, conn: c, most: longPart, channels: [2]map[uint32]*Channel{{}, {}}, highest: [2]int64{-1, -1},
		opening: map[string]*trunk{}, theirs: map[string]*trunk{},
	}
	if c.MaxFrame <= 0 {
		c.MaxFrame = 64 << 10
	}
	l.most = max(1, min(longPart, c.MaxFrame-maxHeader))
	l.batch = min(maxBatch, c.MaxFrame)
	l.theirMax.Store(firstGrant)
	l.ctx, l.stop = context.WithCancelCause(m.ctx)
	m.mu.Lock()
	before := m.link
	m.mu.Unlock()
	if before != nil {
		before.Detach(protocol.Errorf(protocol.CodeConnectionLost, "a new connection took the place of this one"))
	}
	m.mu.Lock()
	if m.ctx.Err() != nil {
		m.mu.Unlock()
		l.Detach(context.Cause(m.ctx))
		return l
	}
	m.link = l
	again := append([]*Channel(nil), m.ours...)
	wait := len(m.theirs) > 0
	m.notify()
	m.mu.Unlock()
	if wait {
		l.mu.Lock()
		l.grace = time.AfterFunc(resumeGrace, l.forgetForgotten)
		l.mu.Unlock()
	}
	if len(again) > 0 {
		l.queue.spawn(func() { l.reopen(again) })
	}
	return l
}

// Detach ends the link: the connection is over. Its channels end with cause, but for those that are durable. What had come before
// should have been given to receive. It waits for the link's goroutines and may be called twice.
func (l *Link) Detach(cause error) {
	cause = coded(cause, protocol.CodeConnectionLost, "the connection is over")
	l.mux.mu.Lock()
	if l.mux.link == l {
		l.mux.link = nil
		l.mux.notify()
	}
	l.mux.mu.Unlock()
	l.mu.Lock()
	l.over = true
	channels := l.channels
	l.channels = [2]map[uint32]*Channel{{}, {}}
	if l.grace != nil {
		l.grace.Stop()
	}
	l.mu.Unlock()
	l.stop(cause)
	for _, of := range channels {
		for _, ch := range of {
			ch.lose(l, cause)
		}
	}
	l.queue.stop()
}

// fail has the connection ended.
func (l *Link) fail(err error) {
	l.failing.Do(func() {
		l.mu.Lock()
		over := l.over
		l.over = true // nothing that comes after makes sense
		l.mu.Unlock()
		if !over {
			l.mux.config.Logger.Debug().Err(err).Msg("the connection ends")
			l.conn.Fail(err)
		}
	})
}

// broken is what a failed write means: for the caller, whose ctx it was, and for the link.
func (l *Link) broken(ctx context.Context, err error) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	err = coded(err, protocol.CodeConnectionLost, "a data channel does not take what is sent")
	l.fail(err)
	return err
}

// all are the channels that are open.
func (l *Link) all() (all []*Channel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.channels {
		for _, ch := range of {
			all = append(all, ch)
		}
	}
	return all
}

// leave takes a channel out; it returns false when it was not there.
func (l *Link) leave(ch *Channel, id uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of := l.channels[side(ch.ours)]; of[id] == ch {
		delete(of, id)
	}
}

// forgetForgotten ends the durable channels that the other side has not opened again.
func (l *Link) forgetForgotten() {
	m := l.mux
	var lost []*Channel
	m.mu.Lock()
	if m.link == l {
		for _, ch := range m.theirs {
			lost = append(lost, ch)
		}
	}
	m.mu.Unlock()
	for _, ch := range lost {
		ch.mu.Lock()
		if ch.link == nil && l.ctx.Err() == nil { // else it may have been open again, and have lost that connection just now
			ch.finish(protocol.Errorf(protocol.CodeConnectionLost, "the other side has not opened the channel again"))
		}
		ch.unlock()
	}
}
