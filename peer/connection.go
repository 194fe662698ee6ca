package peer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/peer/mux"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// controlLabel is the channel that both SDKs create before they negotiate, with the negotiated id 0. It makes the SDP have a
// data section, and a peer is connected when it is open.
const controlLabel = "beckon"

// connection is the WebRTC half of a peer: one RTCPeerConnection, its negotiation and its channels. It knows nothing of rooms:
// what it has to say to the other side it gives to say, and what the other side says is given to hear. How it ended decides
// whether another takes its place: with CodeConnectionLost it was lost, with any other code it is the peer's end as well.
type connection struct {
	// Set once, before run starts.
	ctx       context.Context
	end       context.CancelCauseFunc // ends ctx; the first cause counts
	factory   *factory
	offers    bool
	replaces  bool // one that was connected
	timeout   time.Duration
	asks      bool // the other side wants to be asked to close a channel; see close.go
	log       zerolog.Logger
	local     string // the peer ids, for addresses
	remote    string
	junction  *junction
	proving   *proving // nil if the other side is not verified
	turns     *turns
	deadline  *deadline
	before    error // what ended the one in whose place it is, nil if it has replaced none that had ended
	say       func(protocol.SignalData)
	reachable func() bool // the other side can be signalled
	moved     func(State) // connected, or reconnecting

	// Guarded by meeting.mu.
	counted, summed bool // it is among the connections that were made; its bytes among those of connections that have ended

	// Guarded by room.mu.
	session  string
	answered bool // the first offer, if this side offers

	connected chan struct{} // closed by run's side when the control channel is open
	done      chan struct{} // closed when run and all goroutines of the connection have ended
	gone      chan struct{} // closed when the association has ended
	abandoned chan struct{} // closed by abandon: nobody will read what is still unread
	opening   chan struct{} // a token for each channel open in flight
	resetting chan struct{} // a token while a stream reset of ours is under way

	overflowed atomic.Uint64 // channels that were closed because nobody accepted them
	refused    atomic.Int32  // those of them whose streams have not ended
	leaving    atomic.Bool   // close has been called: an end of the association is no loss
	parted     atomic.Bool   // the other side has been told by a goodbye
	dismissed  atomic.Bool   // the other side has said goodbye
	heardAt    atomic.Int64  // when something came on a channel, in nanoseconds after began
	began      time.Time

	bytesSent, bytesReceived atomic.Uint64 // of the association, when it was last asked
	negotiated               time.Time     // when run has begun to negotiate; set before pcSet is closed
	abandonOnce              sync.Once
	goneOnce                 sync.Once
	attached                 chan struct{} // closed when link is set
	link                     *mux.Link     // the peer's channels on this connection; nil if another has taken its place before
	wake                     chan struct{} // a token while run has something to look at
	pcSet                    chan struct{} // closed when pc is set, or could not be made
	pc                       *webrtc.PeerConnection
	closing                  sync.RWMutex // held by run while it closes pc
	control                  *rawChannel  // set before connected is closed
	maxSend                  int          // bytes of a message that the other side takes; set before connected is closed

	mu         sync.Mutex             // guards the next ones
	channels   map[uint16]*rawChannel // those that are being read, by their stream
	heard      []protocol.SignalData
	ice        webrtc.ICEConnectionState
	uprooted   uprooted
	stranded   bool                  // there was no network when the last candidates were gathered
	held       []protocol.SignalData // candidates that wait for their description to be said
	holding    bool
	unsaid     controlMessage // waits for the control channel
	uttering   bool           // somebody writes it
	over       bool           // no goroutine may be started any more
	goroutines sync.WaitGroup // added to while not over
	drained    bool           // no trunk may begin any more
	trunks     sync.WaitGroup // those that are read; added to while not drained

	// Owned by run.
	lookout      lookout
	rounds       *rate.Limiter             // of negotiation, after the first
	keptForLater []webrtc.ICECandidateInit // candidates before the description
	mayAdd       int                       // so many candidates of the last description
}

func newConnection(ctx context.Context, end context.CancelCauseFunc, f *factory, offers bool, timeout time.Duration) *connection {
	return &connection{
		ctx: ctx, end: end, factory: f, offers: offers, timeout: timeout,
		began:     time.Now(),
		deadline:  new(deadline),
		connected: make(chan struct{}),
		done:      make(chan struct{}),
		gone:      make(chan struct{}),
		abandoned: make(chan struct{}),
		attached:  make(chan struct{}),
		opening:   make(chan struct{}, maxOpening),
		resetting: make(chan struct{}, 1),
		wake:      make(chan struct{}, 1),
		pcSet:     make(chan struct{}),
		channels:  make(map[uint16]*rawChannel),
		rounds:    rate.NewLimiter(rate.Every(roundEvery), roundBurst),
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
	c.nudge()
}

// nudge makes run look at how things are.
func (c *connection) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run negotiates, follows what is heard, looks out for the other side, and closes everything when the connection's context
// ends; of that it tells ended at once. It is the one goroutine that may call GracefulClose: that waits for Pion's goroutines,
// so from one of Pion's callbacks it would wait for itself.
func (c *connection) run(ended func()) {
	defer close(c.done)
	err := c.awaitTurn()
	turn := err == nil
	if turn {
		err = c.open()
	}
	c.negotiated = time.Now()
	close(c.pcSet)
	if err == nil {
		err = c.live()
	}
	if err != nil {
		c.end(c.fault(err))
	}
	c.drain()
	c.junction.detach(c)
	ended()
	c.log.Debug().Err(context.Cause(c.ctx)).Msg("peer connection closes")
	c.awaitParting()
	if c.pc != nil {
		c.closing.Lock()
		defer c.closing.Unlock()
		if err := c.pc.GracefulClose(); err != nil {
			c.log.Debug().Err(err).Msg("peer connection close")
		}
	}
	if turn {
		c.turns.giveBack()
	}
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	// Whoever accepts at all has done so by then. Without this, visitors could fill the memory of a program that does not.
	forgotten := make(chan struct{})
	forget := time.AfterFunc(acceptLinger, func() {
		c.junction.forget(c)
		close(forgotten)
	})
	defer forget.Stop()
	c.goroutines.Wait()
	if c.junction.keeps(c) {
		select {
		case <-forgotten:
		case <-c.abandoned:
		}
	}
}

// awaitTurn waits until this connection may be made: an offer, which holds for the network as it is now, until the other side
// can be told of it. It returns an error when the context has ended.
func (c *connection) awaitTurn() error {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for since := time.Now(); c.offers && !c.reachable(); {
		select {
		case <-ticker.C:
		case <-c.wake:
		case <-c.ctx.Done():
			return codedCause(c.ctx)
		}
		now := time.Now()
		c.deadline.putOff(now.Sub(since))
		since = now
	}
	ctx, cancel := context.WithDeadline(c.ctx, c.deadline.begin(c.timeout))
	defer cancel()
	if !c.turns.take(ctx) {
		if c.ctx.Err() == nil {
			return c.late()
		}
		return codedCause(c.ctx)
	}
	c.nudge() // a token may have been taken above
	return nil
}

// live does all that there is to do between the open and the end.
func (c *connection) live() error {
	if c.offers {
		if err := c.offer(false); err != nil {
			return err
		}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	c.lookout.start(time.Now(), c.deadline.begin(c.timeout))
	for {
		if c.ctx.Err() != nil {
			return nil
		}
		select {
		case <-c.wake:
			if err := c.follow(); err != nil {
				return err
			}
		case <-timer.C:
		case <-c.ctx.Done():
			return nil
		}
		wait, err := c.look(time.Now())
		if err != nil {
			return err
		}
		timer.Reset(wait)
	}
}

// open makes the peer connection and its control channel.
func (c *connection) open() error {
	pc, err := c.factory.connection(c.ctx)
	if err != nil {
		return err
	}
	pc.OnICECandidate(c.candidate)
	pc.OnICEConnectionStateChange(c.iceChanged)
	pc.OnConnectionStateChange(c.stateChanged)
	pc.OnDataChannel(c.offered)
	// This is how the end of the association is learnt, whichever way it comes: an abort, a DTLS close. Pion also calls it when
	// it stops accepting channels, because a stream came that did not begin with an open message.
	pc.SCTP().OnClose(c.associationEnded)
	negotiated, id := true, uint16(0)
	control, err := pc.CreateDataChannel(controlLabel, &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	if err != nil {
		pc.GracefulClose()
		return err
	}
	control.OnOpen(func() { c.controlOpened(control) })
	c.pc = pc
	return nil
}

// hasBegun tells whether negotiated is set.
func (c *connection) hasBegun() bool {
	select {
	case <-c.pcSet:
		return true
	default:
		return false
	}
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
