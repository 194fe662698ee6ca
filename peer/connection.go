package peer

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
)

// controlLabel is the channel that both SDKs create before they negotiate, with the negotiated id 0. It makes the SDP have a
// data section, and a peer is connected when it is open.
const controlLabel = "beckon"

// connection is the WebRTC half of a peer: one RTCPeerConnection, its negotiation and its channels. It knows nothing of rooms:
// what it has to say to the other side it gives to say, and what the other side says is given to hear.
type connection struct {
	// Set once, before run starts.
	ctx         context.Context
	end         context.CancelCauseFunc // ends ctx; the first cause counts
	factory     *factory
	offers      bool
	timeout     time.Duration
	asks        bool // the other side wants to be asked to close a channel; see close.go
	log         zerolog.Logger
	local       string // the peer ids, for addresses
	remote      string
	say         func(protocol.SignalData)
	onConnected func()

	connected chan struct{} // closed by run's side when the control channel is open
	done      chan struct{} // closed when run and all goroutines of the connection have ended
	abandoned chan struct{} // closed by abandon: nobody will read what is still unread
	opening   chan struct{} // a token for each channel open in flight
	resetting chan struct{} // a token while a stream reset of ours is under way
	accepted  chan *Channel

	overflowed   atomic.Uint64 // channels that were closed because nobody accepted them
	refused      atomic.Int32  // those of them whose streams have not ended
	abandonOnce  sync.Once
	connectOnce  sync.Once
	wake         chan struct{} // a token while heard is not empty
	pcSet        chan struct{} // closed when pc is set, or could not be made
	pc           *webrtc.PeerConnection
	closing      sync.RWMutex        // held by run while it closes pc
	control      *Channel            // set before connected is closed
	channels     map[uint16]*Channel // guarded by mu: those that are being read, by their stream
	maxSend      int                 // bytes of a message that the other side takes; set before connected is closed
	mu           sync.Mutex
	heard        []protocol.SignalData     // guarded by mu; taken by run
	over         bool                      // guarded by mu: no goroutine may be started any more
	goroutines   sync.WaitGroup            // added to under mu while not over
	keptForLater []webrtc.ICECandidateInit // owned by run: candidates before the description
	candidates   int                       // owned by run: how many Pion was given
}

func newConnection(ctx context.Context, end context.CancelCauseFunc, f *factory, offers bool, timeout time.Duration) *connection {
	return &connection{
		ctx: ctx, end: end, factory: f, offers: offers, timeout: timeout,
		connected: make(chan struct{}),
		done:      make(chan struct{}),
		abandoned: make(chan struct{}),
		opening:   make(chan struct{}, maxOpening),
		resetting: make(chan struct{}, 1),
		accepted:  make(chan *Channel, maxUnaccepted),
		wake:      make(chan struct{}, 1),
		pcSet:     make(chan struct{}),
		channels:  make(map[uint16]*Channel),
	}
}

// hear queues what the other side said. It never blocks.
func (c *connection) hear(data protocol.SignalData) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heard) >= maxSignals {
		c.end(protocol.Errorf(protocol.CodeOverflow, "the peer sends signals faster than they can be followed"))
		return
	}
	c.heard = append(c.heard, data)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run negotiates, follows what is heard, and closes everything when the connection's context ends. It is the one goroutine
// that may call GracefulClose: that waits for Pion's goroutines, so from one of Pion's callbacks it would wait for itself.
func (c *connection) run() {
	defer close(c.done)
	pc, err := c.open()
	close(c.pcSet)
	if err != nil {
		c.end(protocol.Errorf(protocol.CodeConnectFailed, "%v", err))
		return
	}
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	if c.offers {
		err = c.offer()
	}
	for err == nil && c.ctx.Err() == nil {
		select {
		case <-c.wake:
			err = c.follow()
		case <-timer.C:
			select {
			case <-c.connected:
			default:
				err = protocol.Errorf(protocol.CodeConnectFailed, "no way to the peer was found within %v; is there a TURN server?", c.timeout)
			}
		case <-c.ctx.Done():
		}
	}
	if err != nil {
		if Code(err) == "" {
			err = protocol.Errorf(protocol.CodeConnectFailed, "%v", err)
		}
		c.end(err)
	}
	c.log.Debug().AnErr("err", context.Cause(c.ctx)).Msg("peer connection closes")
	c.closing.Lock()
	defer c.closing.Unlock()
	if err := pc.GracefulClose(); err != nil {
		c.log.Debug().Err(err).Msg("peer connection close")
	}
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	// Whoever accepts at all has done so by then. Without this, visitors could fill the memory of a program that does not.
	forget := time.AfterFunc(acceptLinger, c.forgetUnaccepted)
	defer forget.Stop()
	c.goroutines.Wait()
}

// open makes the peer connection and its control channel.
func (c *connection) open() (*webrtc.PeerConnection, error) {
	pc, err := c.factory.connection()
	if err != nil {
		return nil, err
	}
	pc.OnICECandidate(c.candidate)
	pc.OnConnectionStateChange(c.stateChanged)
	pc.OnDataChannel(c.offered)
	// This is how the end of the association is learnt, whichever way it comes: an abort, a DTLS close. Pion also calls it when
	// it stops accepting channels, because a stream came that did not begin with an open message.
	pc.SCTP().OnClose(func(error) {
		c.end(protocol.Errorf(protocol.CodeClosed, "the other side closed the connection"))
	})
	negotiated, id := true, uint16(0)
	control, err := pc.CreateDataChannel(controlLabel, &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	if err != nil {
		pc.GracefulClose()
		return nil, err
	}
	control.OnOpen(func() { c.controlOpened(control) })
	c.pc = pc
	return pc, nil
}

// spawn starts a goroutine that run waits for. It returns false when the connection is over.
func (c *connection) spawn(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.goroutines.Go(f)
	return true
}

// controlOpened is called by Pion when the association is there.
func (c *connection) controlOpened(control *webrtc.DataChannel) {
	raw, err := detach(control)
	if err != nil {
		c.end(protocol.Errorf(protocol.CodeConnectFailed, "the control channel did not open: %v", err))
		return
	}
	c.maxSend = int(min(c.pc.SCTP().GetCapabilities().MaxMessageSize, math.MaxInt32))
	ch := newChannel(c, controlLabel, ChannelOptions{})
	ch.sink = c.command
	ch.start(raw)
	c.control = ch
	c.connectOnce.Do(func() { close(c.connected) })
	if c.onConnected != nil {
		c.onConnected()
	}
}

func (c *connection) stateChanged(s webrtc.PeerConnectionState) {
	c.log.Debug().Stringer("state", s).Msg("peer connection")
	if s != webrtc.PeerConnectionStateFailed {
		return
	}
	select {
	case <-c.connected:
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the way to the peer is lost"))
	default:
		c.end(protocol.Errorf(protocol.CodeConnectFailed, "no way to the peer was found; is there a TURN server?"))
	}
}

// close delivers what was sent, for as long as ctx lasts, and ends the connection and all of it.
func (c *connection) close(ctx context.Context, cause error) {
	c.flush(ctx)
	c.end(cause)
	c.abandon()
	<-c.done
}

// abandon says that nobody will read what has come and is not read yet.
func (c *connection) abandon() { c.abandonOnce.Do(func() { close(c.abandoned) }) }

// buffered is how many bytes are on their way to the other side, and 0 when the connection is being closed: Pion would make
// the question wait for that.
func (c *connection) buffered() int {
	if !c.closing.TryRLock() {
		return 0
	}
	defer c.closing.RUnlock()
	return c.pc.SCTP().BufferedAmount()
}

// flush waits until the other side has all that was sent, or ctx ends. Closing a peer connection does not: it drops what is
// on its way.
func (c *connection) flush(ctx context.Context) {
	select {
	case <-c.connected:
	default:
		return
	}
	// Pion tells per channel when its buffer is empty, and the sum only when asked.
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for c.buffered() > 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		case <-c.ctx.Done():
			return
		}
	}
}
