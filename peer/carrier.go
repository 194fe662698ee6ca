package peer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

const (
	writeTimeout = 10 * time.Second
	// lastWordsTimeout is how long what a server has said at its end may take to be read when nothing can be written any more.
	lastWordsTimeout = time.Second
	// maxIncoming is the largest frame that is read: a snapshot of a thousand members with the largest attributes fits.
	maxIncoming = 16 << 20
	// defaultSilence is the heartbeat timeout until a welcome says another.
	defaultSilence = 25 * time.Second
)

// errMoved ends a carrier whose server is going away: the next one is made at once, if this one has lasted for a while.
var errMoved = errors.New("the server is going away")

// errUprooted ends a carrier whose own address the machine has no more. Nothing comes or goes on it, and it would be silent for long
// before anybody noticed.
var errUprooted = errors.New("the machine has lost the address of the connection")

// cargo is what a carrier carries. Its methods are called from the carrier's two goroutines.
type cargo interface {
	// handle takes a frame that is not the carrier's own business. The error is about this frame alone.
	handle(c *carrier, kind protocol.Type, frame []byte) error
	// fill posts the next frame that there is to write, if there is one.
	fill(c *carrier)
	// beat posts a ping.
	beat(c *carrier)
}

// carrier is one connection to a signaling server, of whatever kind: the reading, the writing, the pace and the heartbeat. It does not
// outlive its conduit, and what the frames mean is its cargo's business.
type carrier struct {
	// Set once.
	conduit conduit
	kind    Carrier
	from    string // this side's address, in which it ends with the machine's; "" if it is not known
	opened  time.Time
	cargo   cargo
	log     zerolog.Logger
	wake    chan struct{} // a token while there may be something to write
	done    chan struct{} // closed by end

	// Written before the channel of their own is closed, and read behind it.
	welcomed chan struct{}
	welcome  protocol.Welcome
	started  chan struct{}
	pace     *rate.Limiter
	entered  chan struct{}

	refused chan error // holds the server's refusal of the hello or the join

	// Owned by read.
	silence time.Duration // without a frame for that long the connection is dead
	inRoom  bool          // entered is closed

	mu     sync.Mutex // guards all below
	urgent [][]byte   // frames that go before those of fill
	bye    bool       // a bye is among them: nothing comes behind it
	moving *time.Timer
	err    error // why it ended; set before done is closed
}

func newCarrier(conduit conduit, kind Carrier, cargo cargo, log zerolog.Logger) *carrier {
	return &carrier{
		conduit: conduit, kind: kind, opened: time.Now(), cargo: cargo, log: log, silence: defaultSilence,
		wake: make(chan struct{}, 1), done: make(chan struct{}), refused: make(chan error, 1),
		welcomed: make(chan struct{}), started: make(chan struct{}), entered: make(chan struct{}),
	}
}

// await waits for one of the carrier's steps: welcomed or entered. Its error is the server's refusal, why the carrier ended, or
// that of ctx.
func (c *carrier) await(ctx context.Context, step <-chan struct{}) error {
	select {
	case <-step:
		return nil
	case err := <-c.refused:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
	}
	select {
	case <-step:
		return nil
	case err := <-c.refused: // a refusal that came before the end says more than that
		return err
	default:
		return c.err
	}
}

// start begins the pace and the heartbeat, which the welcome has told. Before it, nothing is written but a bye.
func (c *carrier) start(pace *rate.Limiter) {
	c.pace = pace
	close(c.started)
}

// enter says that the room has answered the join. read's goroutine calls it.
func (c *carrier) enter() {
	if !c.inRoom {
		c.inRoom = true
		close(c.entered)
	}
}

// end closes the connection. The first cause counts.
func (c *carrier) end(cause error) {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.err = cause
		if c.moving != nil {
			c.moving.Stop()
		}
		close(c.done)
	}
	c.mu.Unlock()
	if first {
		c.conduit.close() // not under mu: TLS may take seconds to say that it closes
	}
}
