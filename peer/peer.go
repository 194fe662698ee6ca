package peer

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
)

// Peer is another member of a room, and the connection to it, which is replaced when it is lost. All its methods may be called
// from any goroutine.
type Peer struct {
	// Set once.
	room     *Room
	id       string
	instance string
	identity string
	here     context.Context         // ends when the peer leaves
	left     context.CancelCauseFunc // ends here
	ctx      context.Context         // within here; ends when there is no connection any more, too
	end      context.CancelCauseFunc // ends ctx; the first cause counts
	meeting  *meeting

	// Set once: what it shows, and a token while it is asked whether that will do.
	shown       identity.End // without a Peer if it shows nothing
	attestation string
	asked       chan struct{}

	trusted  bool        // who has the token of asked
	verified atomic.Bool // proven on a connection that was open

	// Guarded by room.mu.
	attributes json.RawMessage
	away       bool
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
	_, state, _ := p.meeting.look()
	return state
}

// Context ends when the peer leaves or the connection to it ends for good, or the room ends. A connection that is lost is not the
// end: the peer is StateReconnecting then, and the context ends when no other one could be made within Config.ConnectTimeout.
// context.Cause says why, as a *protocol.Error: CodeClosed when one of the sides ended it or the peer left, CodeConnectFailed when
// no way to it was ever found, CodePeerUnverified when it did not prove who it is (see Config.Identity; errors.As finds the
// *identity.Error, with the reason), CodeConnectionLost when the way was lost or the peer was away for too long, or what ended the room.
func (p *Peer) Context() context.Context { return p.ctx }

// Open opens a channel to the peer. It waits until the peer is connected, or connected again, and while 256 channels of this side are open.
// One that is ordered and reliable is there then, without a round trip, and what is sent on it follows at once; any other, and one that is
// Raw, when the other side has taken it. nil options are ordered and reliable. ctx bounds the call, not the channel.
//
// Errors: CodeUnsupported for options that exclude each other, CodeAborted, CodeOverflow when too many channels wait for the other side's
// Accept, or why the peer's Context ended.
func (p *Peer) Open(ctx context.Context, label string, options *ChannelOptions) (*Channel, error) {
	var o ChannelOptions
	if options != nil {
		o = *options
	}
	ch, err := p.open(ctx, label, o)
	if err != nil {
		return nil, wrap(err, "open %.80q", label)
	}
	return ch, nil
}

func (p *Peer) open(ctx context.Context, label string, o ChannelOptions) (*Channel, error) {
	if err := o.check(label); err != nil { // before anything is waited for
		return nil, err
	}
	for {
		c, changed, err := p.connected(ctx)
		if err != nil {
			return nil, err
		}
		var ch *Channel
		if o.Raw {
			ch, err = c.openedRaw(ctx, label, o)
		} else {
			ch, err = c.openedMux(ctx, label, o)
		}
		if err == nil || ctx.Err() != nil || c.ctx.Err() == nil {
			return ch, err
		}
		p.await(ctx, changed) // another connection takes the place of that one, or the peer has ended as well
	}
}

func (c *connection) openedRaw(ctx context.Context, label string, o ChannelOptions) (*Channel, error) {
	ch, err := c.openRaw(ctx, label, o)
	if err != nil {
		return nil, err
	}
	return &Channel{way: ch, conn: c, label: label, options: o}, nil
}

func (c *connection) openedMux(ctx context.Context, label string, o ChannelOptions) (*Channel, error) {
	ch, err := c.junction.mux.Open(ctx, label, o.muxed())
	if err != nil {
		return nil, err
	}
	return wrapMux(ch, c), nil
}

// Accept returns the next channel that the peer has opened, but for those that Room.Listen takes; of several that are opened at about the same time, any: tell them by their
// labels. It waits until there is one, the peer's Context ends or ctx does;
// ctx bounds this call alone. Messages that came before Accept are not lost, and a channel whose connection has been replaced
// since is returned as well, with what came on it. At most 256 channels wait to be accepted: a further one is refused, which the
// other side sees (CodeOverflow), and counted in Room.Stats; so are those that wait still 30 s after their connection's end.
func (p *Peer) Accept(ctx context.Context) (*Channel, error) {
	ch, err := p.meeting.junction.accept(ctx, p.ctx)
	if err != nil {
		return nil, wrap(err, "accept from %q", p.id)
	}
	return ch, nil
}

// PeerConnection is Pion's object, for what this package does not do; nil while there is none, before the first connection and
// for a moment whenever it is replaced. Do not close it, and do not set its callbacks for candidates, states and channels.
func (p *Peer) PeerConnection() *webrtc.PeerConnection {
	c := p.meeting.current()
	if c == nil {
		return nil
	}
	select {
	case <-c.pcSet:
		return c.pc
	default:
		return nil
	}
}

// Close ends the connection to the peer, which stays a member of the room, and waits for all of it to end. What was sent is
// delivered first, for at most Config.CloseTimeout. It may be called twice, and always returns nil. A closed peer is not
// connected again before it has left and joined.
func (p *Peer) Close() error {
	r := p.room
	cause := protocol.Errorf(protocol.CodeClosed, "the peer was closed by this side")
	r.mu.Lock()
	p.meeting.closing = true
	c := p.meeting.current()
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

// awaitConnected waits until the peer is connected. The side that offers fails after the connect timeout; so that the other
// one does as well when no offer comes, the wait for it is bounded by the same time.
func (p *Peer) awaitConnected(ctx context.Context) error {
	if _, state, changed := p.meeting.look(); state == StateWaiting {
		offered, cancel := context.WithTimeout(ctx, p.room.cfg.ConnectTimeout)
		defer cancel()
		p.await(offered, changed)
		if _, state, _ := p.meeting.look(); state == StateWaiting && offered.Err() != nil && ctx.Err() == nil && p.ctx.Err() == nil {
			return protocol.Errorf(protocol.CodeConnectFailed, "the peer made no offer within %v", p.room.cfg.ConnectTimeout)
		}
	}
	_, _, err := p.connected(ctx)
	return err
}
