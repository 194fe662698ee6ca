package peer

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// allocating is the socket of a TURN client, whose allocation can be given up.
//
// Pion's client asks for an allocation eight times within 7.8 s, and nothing ends that but an answer. Closing a connection waits for it,
// so where UDP is blocked every connection that lived for less would take as long to close, and Room.Close with it. So when ctx has
// ended, the client reads an answer to what it waits for: a refusal. An allocation that is there is left alone, because the goodbyes
// of the layers above still go over it.
type allocating struct {
	net.PacketConn
	ctx  context.Context
	stop func() bool // of the wait for ctx

	mu      sync.Mutex
	request [stunHeader]byte // of the last request for an allocation
	server  net.Addr         // that it went to; nil while there is nothing to give up
}

// The first bytes of a STUN message (RFC 8489, section 5): the type, the length of what follows, the magic cookie and the id of the
// transaction. The types are of RFC 8656, section 17.
const (
	stunHeader      = 20
	allocateRequest = 0x0003
	allocateRefusal = 0x0113
)

func newAllocating(ctx context.Context, conn net.PacketConn) *allocating {
	a := &allocating{PacketConn: conn, ctx: ctx}
	a.stop = context.AfterFunc(ctx, a.giveUp)
	return a
}

// giveUp wakes the reader when there is something to give up.
func (a *allocating) giveUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		a.PacketConn.SetReadDeadline(time.Unix(1, 0)) // long ago
	}
}

// WriteTo remembers what is asked for. What is asked for after the end fails at once.
func (a *allocating) WriteTo(b []byte, to net.Addr) (int, error) {
	if len(b) >= stunHeader && b[0] == allocateRequest>>8 && b[1] == allocateRequest&0xff {
		a.mu.Lock()
		if a.ctx.Err() != nil {
			a.mu.Unlock()
			return 0, context.Cause(a.ctx)
		}
		copy(a.request[:], b)
		a.server = to
		a.mu.Unlock()
	}
	return a.PacketConn.WriteTo(b, to)
}

// ReadFrom reads what the server says, or the refusal.
func (a *allocating) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := a.PacketConn.ReadFrom(b)
	a.mu.Lock()
	defer a.mu.Unlock()
	server := a.server
	a.server = nil // whatever it was that came, the client goes on
	if !errors.Is(err, os.ErrDeadlineExceeded) || a.ctx.Err() == nil || server == nil || len(b) < stunHeader {
		return n, from, err
	}
	a.PacketConn.SetReadDeadline(time.Time{})
	copy(b, a.request[:])
	b[0], b[1], b[2], b[3] = allocateRefusal>>8, allocateRefusal&0xff, 0, 0
	return stunHeader, server, nil
}

func (a *allocating) Close() error {
	a.stop()
	return a.PacketConn.Close()
}
