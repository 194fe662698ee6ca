package peer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

// rawChannel is a data channel of its own: one that the application asked for or the other side opened as such, the control
// channel, or a trunk. All of them share one flow-control window of 1 MiB at the receiver, so one that is not read stops the
// others; what the control channel and the trunks bring is taken at once.
type rawChannel struct {
	// Set once, before the channel is given out.
	conn    *connection
	label   string
	options ChannelOptions
	ctx     context.Context
	end     context.CancelCauseFunc

	opened    chan struct{} // closed when the other side has acknowledged the channel
	started   chan struct{} // closed when raw is set
	raw       *datachannel.DataChannel
	sink      func(message) // takes what comes instead of receive, and the bytes only for the time of the call; nil if it is an application's
	trunk     bool          // its end is the connection's, or the other way round
	unread    chan message  // filled and closed by pump
	ended     chan struct{} // closed when pump has ended, or will never start
	abandoned chan struct{} // closed when nobody will read any more
	writing   chan struct{} // holds a token while somebody writes or closes
	refused   bool          // nobody accepted it in time

	closeOnce   sync.Once
	resetOnce   sync.Once
	abandonOnce sync.Once

	messagesSent, bytesSent         atomic.Uint64
	messagesReceived, bytesReceived atomic.Uint64
	small                           [smallMessage]byte // owned by pump

	unasked unasked

	mu   sync.Mutex
	shut bool // guarded by mu: the write deadline stays in the past
}

// smallMessage is in bytes what a channel holds ready to read into for as long as it is there: enough for what is said on the control
// channel, and to open a channel on a trunk.
const smallMessage = 128

// lookahead is how many messages pump holds ready. The rest waits in SCTP's window, which is what stops the sender.
const lookahead = 4

func newRaw(c *connection, label string, o ChannelOptions) *rawChannel {
	ch := &rawChannel{
		conn: c, label: label, options: o,
		opened:    make(chan struct{}),
		started:   make(chan struct{}),
		unread:    make(chan message, lookahead),
		ended:     make(chan struct{}),
		abandoned: make(chan struct{}),
		writing:   make(chan struct{}, 1),
	}
	ch.ctx, ch.end = context.WithCancelCause(c.ctx)
	return ch
}

// start gives the channel its stream, once Pion has opened it, and begins to read. Messages that came before wait in the
// stream: nothing reads a detached channel but who detached it.
func (ch *rawChannel) start(raw *datachannel.DataChannel) {
	ch.ready(raw)
	spawn := ch.conn.spawn
	if ch.trunk {
		spawn = ch.conn.spawnTrunk
	}
	if !spawn(ch.pump) {
		ch.conn.unregister(ch)
		close(ch.unread)
		close(ch.ended)
	}
}

// ready makes the channel one that can be written to.
func (ch *rawChannel) ready(raw *datachannel.DataChannel) {
	ch.raw = raw
	ch.conn.register(ch)
	context.AfterFunc(ch.ctx, ch.ending)
	close(ch.started)
}

// ending stops the writes, and of a trunk the reads when all that has come was read: a deadline that has passed ends a read only where it
// would wait.
func (ch *rawChannel) ending() {
	ch.shutWrites()
	if ch.trunk {
		ch.raw.SetReadDeadline(past())
	}
}

// fail ends a channel that Pion did not open, instead of start.
func (ch *rawChannel) fail(err error) {
	ch.end(protocol.Errorf(protocol.CodeClosed, "the channel did not open: %v", err))
	close(ch.unread)
	close(ch.ended)
	close(ch.started)
}

// close ends the channel from this side; there is no place on the wire for a reason.
func (ch *rawChannel) close(string) {
	ch.shutdown(protocol.Errorf(protocol.CodeClosed, "the channel was closed by this side"))
}

func (ch *rawChannel) context() context.Context { return ch.ctx }

func (ch *rawChannel) abandon() {
	ch.abandonOnce.Do(func() { close(ch.abandoned) })
	ch.ask()
}

// whenStarted waits the moment between Pion's OnDataChannel and its OnOpen, and for the control channel's OnOpen, which sets
// what writes need. No context ends that wait: the channel that was taken for a caller who gives up in between would be lost. It
// returns false for one that never started.
func (ch *rawChannel) whenStarted() bool {
	for _, moment := range []chan struct{}{ch.conn.connected, ch.started} {
		select {
		case <-moment:
		case <-ch.conn.done:
		}
	}
	select {
	case <-ch.started:
		return true
	default:
		return false
	}
}

// past is a deadline that makes a blocked call return now.
func past() time.Time { return time.Unix(1, 0) }

// detach takes the channel out of Pion's hands. Pion's interface has not all that its one implementation has and that is
// needed: the stream's id, and the moment of the acknowledgement.
func detach(dc *webrtc.DataChannel) (*datachannel.DataChannel, error) {
	raw, err := dc.DetachWithDeadline()
	if err != nil {
		return nil, err
	}
	detached, ok := raw.(*datachannel.DataChannel)
	if !ok {
		raw.Close()
		return nil, protocol.Errorf(protocol.CodeInternal, "Pion's channel is a %T", raw)
	}
	return detached, nil
}
