package peer

import (
	"context"
	"encoding/json"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// State is how far the connection to a peer is.
type State string

// The states, in the order of a peer's life.
const (
	// StateWaiting: no connection is being made.
	StateWaiting State = "waiting"
	// StateConnecting: a connection is being made.
	StateConnecting State = "connecting"
	// StateConnected: channels can be opened.
	StateConnected State = "connected"
	// StateClosed: the peer left, or its connection ended; Context's cause says why.
	StateClosed State = "closed"
)

// Peer is another member of a room, and the connection to it. All its methods may be called from any goroutine.
type Peer struct {
	// Set once.
	room       *Room
	id         string
	instance   string
	identity   string
	here       context.Context         // ends when the peer leaves
	left       context.CancelCauseFunc // ends here
	ctx        context.Context         // within here; ends with the connection too
	end        context.CancelCauseFunc // ends ctx; the first cause counts
	connecting chan struct{}           // closed when conn is set

	// Guarded by room.mu.
	attributes json.RawMessage
	away       bool
	conn       *connection // set once; those who have seen connecting closed may read it without mu
	asked      bool        // for an offer
}

// ID is the peer's id, unique on its server.
func (p *Peer) ID() string { return p.id }

// Instance is the random id of the peer's SDK object: a page that was reloaded is another one.
func (p *Peer) Instance() string { return p.instance }

// Identity is who the server says the peer is, by its token; "" for anonymous.
func (p *Peer) Identity() string { return p.identity }

// Attributes are what the peer says of itself, a JSON object, or nil.
func (p *Peer) Attributes() json.RawMessage {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.attributes
}

// Away tells that the peer's connection to the server is lost and it may come back.
func (p *Peer) Away() bool {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.away
}

// State is how far the connection to the peer is now.
func (p *Peer) State() State {
	if p.ctx.Err() != nil {
		return StateClosed
	}
	select {
	case <-p.connecting:
	default:
		return StateWaiting
	}
	select {
	case <-p.conn.connected:
		return StateConnected
	default:
		return StateConnecting
	}
}

// Context ends when the peer leaves, its connection ends or fails, or the room ends. context.Cause says why, as a
// *protocol.Error: CodeClosed when one of the sides ended it or the peer left, CodeConnectFailed when no way to it was found,
// CodeConnectionLost when the way was lost or the peer was away for too long, or what ended the room.
func (p *Peer) Context() context.Context { return p.ctx }

// Open opens a channel to the peer and returns when the other side has acknowledged it. It waits until the peer is connected,
// and while 16 other opens to it are in flight. nil options are ordered and reliable. ctx bounds the call, not the channel.
//
// Errors: CodeUnsupported for options that exclude each other, CodeAborted, or why the peer's Context ended.
func (p *Peer) Open(ctx context.Context, label string, options *ChannelOptions) (*Channel, error) {
	var o ChannelOptions
	if options != nil {
		o = *options
	}
	_, err := o.init() // before anything is waited for
	if err == nil {
		err = p.awaitConnecting(ctx)
	}
	var ch *Channel
	if err == nil {
		ch, err = p.conn.openChannel(ctx, label, o)
	}
	if err != nil {
		return nil, wrap(err, "open %.80q", label)
	}
	return ch, nil
}

// Accept returns the next channel that the peer has opened. It waits until there is one, the peer's Context ends or ctx does;
// ctx bounds this call alone. Messages that came before Accept are not lost. At most 64 channels wait to be accepted: a
// further one is closed, which the other side sees, and counted in Room.Stats; so are those that wait still 30 s after the
// connection's end.
func (p *Peer) Accept(ctx context.Context) (*Channel, error) {
	err := p.awaitConnecting(ctx)
	var ch *Channel
	if err == nil {
		ch, err = p.conn.accept(ctx)
	}
	if err != nil {
		return nil, wrap(err, "accept from %q", p.id)
	}
	return ch, nil
}

// PeerConnection is Pion's object, for what this package does not do; nil while the state is StateWaiting, and when it could
// not be made. Do not close it,
// and do not set its callbacks for candidates, the connection state and channels.
func (p *Peer) PeerConnection() *webrtc.PeerConnection {
	select {
	case <-p.connecting:
	default:
		return nil
	}
	<-p.conn.pcSet
	return p.conn.pc
}

// Close ends the connection to the peer, which stays a member of the room, and waits for all of it to end. What was sent is
// delivered first, for at most Config.CloseTimeout. It may be called twice, and always returns nil. A closed peer is not
// connected again before it has left and joined.
func (p *Peer) Close() error {
	r := p.room
	cause := protocol.Errorf(protocol.CodeClosed, "the peer was closed by this side")
	r.mu.Lock()
	c := p.conn
	if c == nil {
		p.end(cause) // and with mu held, so that none is made any more
	}
	r.mu.Unlock()
	if c != nil {
		ctx, cancel := context.WithTimeout(p.ctx, r.cfg.CloseTimeout)
		defer cancel()
		c.close(ctx, cause)
	}
	return nil
}

// awaitConnecting waits until a connection is being made.
func (p *Peer) awaitConnecting(ctx context.Context) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	select {
	case <-p.connecting:
		return nil
	case <-ctx.Done():
		return aborted(ctx)
	case <-p.ctx.Done():
		select {
		case <-p.connecting: // and ended since: what came can still be accepted
			return nil
		default:
			return codedCause(p.ctx)
		}
	}
}

// awaitConnected waits until the peer is connected. The side that offers fails after the connect timeout; so that the other
// one does as well when no offer comes, the wait for it is bounded by the same time.
func (p *Peer) awaitConnected(ctx context.Context) error {
	timer := time.NewTimer(p.room.cfg.ConnectTimeout)
	defer timer.Stop()
	select {
	case <-timer.C:
		return protocol.Errorf(protocol.CodeConnectFailed, "the peer made no offer within %v", p.room.cfg.ConnectTimeout)
	case <-p.connecting:
		return p.conn.await(ctx, p.conn.connected)
	case <-ctx.Done():
		return aborted(ctx)
	case <-p.ctx.Done():
		return codedCause(p.ctx)
	}
}
