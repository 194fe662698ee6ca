package peer

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

const (
	writeTimeout = 10 * time.Second
	// maxIncoming is the largest frame that is read: a snapshot of a thousand members with the largest attributes fits.
	maxIncoming = 16 << 20
	// defaultSilence is the heartbeat timeout until a welcome says another.
	defaultSilence = 25 * time.Second
)

// errMoved ends a carrier whose server is going away: the next one is made at once.
var errMoved = errors.New("the server is going away")

// cargo is what a carrier carries. Its methods are called from the carrier's two goroutines.
type cargo interface {
	// handle takes a frame that is not the carrier's own business. The error is about this frame alone.
	handle(c *carrier, kind protocol.Type, frame []byte) error
	// fill posts the next frame that there is to write, if there is one.
	fill(c *carrier)
	// beat posts a ping.
	beat(c *carrier)
}

// carrier is one WebSocket to a signaling server: the reading, the writing, the pace and the heartbeat. It does not outlive its
// connection, and what the frames mean is its cargo's business.
type carrier struct {
	// Set once.
	ws    *websocket.Conn
	cargo cargo
	log   zerolog.Logger
	wake  chan struct{} // a token while there may be something to write
	done  chan struct{} // closed by end

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

func newCarrier(ws *websocket.Conn, cargo cargo, log zerolog.Logger) *carrier {
	c := &carrier{
		ws: ws, cargo: cargo, log: log, silence: defaultSilence,
		wake: make(chan struct{}, 1), done: make(chan struct{}), refused: make(chan error, 1),
		welcomed: make(chan struct{}), started: make(chan struct{}), entered: make(chan struct{}),
	}
	ws.SetReadLimit(maxIncoming)
	// The server's WebSocket pings break the silence like any frame.
	ws.SetPingHandler(func(data string) error {
		c.heard()
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTimeout))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})
	return c
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

// start begins the pace and the heartbeat, which the welcome has told. Before it, only the hello is written.
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

// post queues a frame that goes before those of fill. They are few: one that finds maxUrgent before it means that the server
// takes nothing any more.
func (c *carrier) post(f protocol.Frame) {
	c.mu.Lock()
	full := len(c.urgent) >= maxUrgent
	if !c.bye && !full {
		c.urgent = append(c.urgent, protocol.Encode(f))
		c.bye = f.Type() == protocol.TypeBye
	}
	c.mu.Unlock()
	if full {
		c.end(protocol.Errorf(protocol.CodeConnectionLost, "the server takes no frames; %d wait", maxUrgent))
	}
	c.signalWake()
}

func (c *carrier) signalWake() {
	select {
	case c.wake <- struct{}{}:
	default:
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
		c.ws.Close() // not under mu: TLS may take seconds to say that it closes
	}
}

// read is the goroutine that takes what the server sends.
func (c *carrier) read() {
	for {
		frame, err := c.receive()
		if err != nil {
			c.end(err)
			return
		}
		if err := c.take(frame); err != nil {
			// Unknown types and fields come from later versions; what is malformed can only be left out.
			c.log.Debug().Err(err).Msg("frame left out")
		}
	}
}

// receive returns the next text frame.
func (c *carrier) receive() ([]byte, error) {
	c.heard()
	kind, frame, err := c.ws.ReadMessage()
	if err == nil && kind != websocket.TextMessage {
		return nil, protocol.Errorf(protocol.CodeBadFrame, "the server sent a binary frame")
	}
	return frame, err
}

func (c *carrier) heard() { c.ws.SetReadDeadline(time.Now().Add(c.silence)) }

// take does what is the carrier's own business of a frame, and hands on the rest.
func (c *carrier) take(frame []byte) error {
	env, err := protocol.Parse(frame)
	if err != nil {
		return err
	}
	switch env.Type {
	case protocol.TypeWelcome:
		return c.greeted(frame)
	case protocol.TypePing:
		m, err := protocol.Decode[protocol.Ping](frame)
		if err == nil {
			c.post(protocol.Pong{T: m.T})
		}
		return err
	case protocol.TypeGoAway:
		m, err := protocol.Decode[protocol.GoAway](frame)
		if err == nil && c.inRoom {
			c.move(time.Duration(m.Within) * time.Millisecond)
		}
		return err
	case protocol.TypeError:
		if !c.inRoom { // nothing has been asked for but to be let in
			m, err := protocol.Decode[protocol.ErrorReply](frame)
			if err == nil {
				c.refuse(refusal(m))
			}
			return err
		}
	}
	return c.cargo.handle(c, env.Type, frame)
}

func (c *carrier) refuse(err error) {
	select {
	case c.refused <- err:
	default: // the first one is being dealt with
	}
}

func (c *carrier) greeted(frame []byte) error {
	select {
	case <-c.welcomed:
		return protocol.Errorf(protocol.CodeBadFrame, "the server said welcome twice")
	default:
	}
	w, err := protocol.Decode[protocol.Welcome](frame)
	if err != nil {
		c.refuse(err)
		return err
	}
	c.welcome = w
	if t := w.Heartbeat.Timeout; t > 0 {
		c.silence = time.Duration(t) * time.Millisecond
	}
	close(c.welcomed)
	return nil
}

// move ends the carrier at a random moment of the window that a server gives which is about to end: not all of its clients are
// to arrive elsewhere at once.
func (c *carrier) move(within time.Duration) {
	after := time.Duration(rand.Float64() * float64(within))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.moving == nil {
		c.moving = time.AfterFunc(after, func() { c.end(errMoved) })
	}
}

// write is the goroutine that sends. It keeps to the rate that the welcome allows, because the server drops what is beyond it.
// A frame is made only when it can be written: so none gets old here, and one receipt stands for all that came until then. A
// heartbeat that is due goes before all others.
func (c *carrier) write() {
	var pace *rate.Limiter
	var beats <-chan time.Time
	started := c.started
	for {
		select {
		case <-beats:
			c.cargo.beat(c)
		default:
		}
		wait := untilNext(pace)
		if wait == 0 {
			if frame := c.next(); frame != nil {
				if pace != nil {
					pace.Allow()
				}
				if err := c.send(frame); err != nil {
					c.end(err)
					return
				}
				continue
			}
		}
		var paced <-chan time.Time
		wake := c.wake
		if wait > 0 {
			paced, wake = time.After(wait), nil
		}
		select {
		case <-started:
			started, pace = nil, c.pace
			ticker := time.NewTicker(c.interval())
			defer ticker.Stop()
			beats = ticker.C
		case <-beats:
			c.cargo.beat(c)
		case <-paced:
		case <-wake:
		case <-c.done:
			return
		}
	}
}

// interval is the time between two heartbeats.
func (c *carrier) interval() time.Duration {
	if i := c.welcome.Heartbeat.Interval; i > 0 {
		return time.Duration(i) * time.Millisecond
	}
	return defaultSilence / 2
}

// next returns the next frame to write, nil for none.
func (c *carrier) next() []byte {
	if frame := c.pop(); frame != nil {
		return frame
	}
	c.cargo.fill(c)
	return c.pop()
}

func (c *carrier) pop() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.urgent) == 0 {
		return nil
	}
	frame := c.urgent[0]
	c.urgent = c.urgent[1:]
	return frame
}

func (c *carrier) send(frame []byte) error {
	c.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}
