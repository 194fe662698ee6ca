package mux

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is two Muxes with a connection between them that can be cut and made anew.
type world struct {
	t    testing.TB
	side [2]*end
	cfg  network
}

// network is how the fake data channels behave. The zero value delivers within WriteFrame.
type network struct {
	delay  time.Duration                   // frames arrive so much later, from a goroutine of the trunk's
	lose   func(class Class) bool          // of unreliable classes
	cut    func(from int) bool             // asked before each frame: the connection is cut here
	full   chan struct{}                   // not nil: WriteFrame waits for a token
	record func(from int, raw []byte)      // sees each frame
	slow   func(class Class) time.Duration // opening takes so long
	frame  int
}

type end struct {
	world    *world
	index    int
	mux      *Mux
	link     *Link
	accepted chan *Channel
	failed   chan error
	refuse   bool
}

var errCut = protocol.Errorf(protocol.CodeConnectionLost, "the test has cut the connection")

func newWorld(t testing.TB, n network, config ...Config) *world {
	w := &world{t: t, cfg: n}
	for i := range w.side {
		e := &end{world: w, index: i, accepted: make(chan *Channel, 1000), failed: make(chan error, 1000)}
		var c Config
		if len(config) > 0 {
			c = config[min(i, len(config)-1)]
		}
		c.Accept = func(ch *Channel) bool {
			if e.refuse {
				return false
			}
			e.accepted <- ch
			return true
		}
		e.mux = New(c)
		w.side[i] = e
	}
	return w
}

// wire is one connection.
type wire struct {
	world *world
	ctx   context.Context
	cut   context.CancelFunc
	wg    sync.WaitGroup
	n     network
	mu    sync.Mutex
	over  bool
}

// connect makes a connection and attaches it on both sides. cut ends it, and returns when both are detached.
func (w *world) connect() (cut func()) { return w.connection().end }

func (w *world) connection() *wire {
	x := &wire{n: w.cfg, world: w}
	x.ctx, x.cut = context.WithCancel(context.Background())
	ready := make(chan struct{})
	for _, e := range w.side {
		other := w.side[1-e.index]
		e.link = e.mux.Attach(Connection{
			MaxFrame: x.n.frame,
			Fail: func(err error) {
				e.failed <- err
				x.cut()
			},
			Open: func(ctx context.Context, class Class, receive func([]byte)) (Trunk, error) {
				select {
				case <-ready:
				case <-ctx.Done():
					return nil, ctx.Err()
				}
				if x.n.slow != nil {
					select {
					case <-time.After(x.n.slow(class)):
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
				here, there := x.pipe(class, e.index), x.pipe(class, other.index)
				here.deliver(other.link.Accept(there, class))
				there.deliver(receive)
				return here, nil
			},
		})
	}
	close(ready)
	return x
}

func (x *wire) end() {
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
	x.cut()
	x.wg.Wait() // what has come is received
	x.world.side[0].link.Detach(errCut)
	x.world.side[1].link.Detach(errCut)
}

// pipe is one direction of a fake data channel.
type pipe struct {
	wire    *wire
	class   Class
	from    int
	receive func([]byte)
	more    chan struct{} // nil when there is no delay

	mu    sync.Mutex
	queue []timed
}

type timed struct {
	at  time.Time
	raw []byte
}

func (x *wire) pipe(class Class, from int) *pipe { return &pipe{wire: x, class: class, from: from} }

func (p *pipe) deliver(receive func([]byte)) {
	p.receive = receive
	if p.wire.n.delay == 0 {
		return
	}
	p.more = make(chan struct{}, 1)
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	if p.wire.over {
		return
	}
	p.wire.wg.Go(func() {
		for {
			p.mu.Lock()
			queue := p.queue
			p.queue = nil
			p.mu.Unlock()
			for _, f := range queue {
				select {
				case <-time.After(time.Until(f.at)):
					p.receive(f.raw)
				case <-p.wire.ctx.Done():
					return
				}
			}
			select {
			case <-p.more:
			case <-p.wire.ctx.Done():
				return
			}
		}
	})
}

var errOver = errors.New("the fake connection is over")

func (p *pipe) WriteFrame(ctx context.Context, raw []byte) error {
	x := p.wire
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if x.n.full != nil {
		select {
		case <-x.n.full:
		case <-ctx.Done():
			return ctx.Err()
		case <-x.ctx.Done():
			return errOver
		}
	}
	x.mu.Lock()
	if x.ctx.Err() == nil && x.n.cut != nil && x.n.cut(p.from) {
		x.cut()
	}
	over := x.ctx.Err() != nil
	if x.n.record != nil && !over {
		x.n.record(p.from, raw)
	}
	x.mu.Unlock()
	if over {
		return errOver
	}
	if !p.class.Reliable() && x.n.lose != nil && x.n.lose(p.class) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more != nil {
		p.queue = append(p.queue, timed{time.Now().Add(x.n.delay), append([]byte(nil), raw...)})
		signal(p.more)
		return nil
	}
	p.receive(raw)
	return nil
}

// close ends both sides.
func (w *world) close() {
	for _, e := range w.side {
		e.mux.Close(nil)
	}
}

// open opens a channel from side 0 and returns both ends.
func (w *world) open(o Options) (a, b *Channel) {
	w.t.Helper()
	a, err := w.side[0].mux.Open(w.t.Context(), "x", o)
	if err != nil {
		w.t.Fatal(err)
	}
	return a, <-w.side[1].accepted
}

func code(err error) protocol.ErrorCode {
	if coded, ok := errors.AsType[*protocol.Error](err); ok {
		return coded.Code
	}
	return ""
}
