package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// life is one server, from its start until it is killed.
type life struct {
	number   int
	listener *memnet.Listener
	server   *signaling.Server
	http     *http.Server
	served   chan struct{} // closed when Serve has returned
}

// begin starts a server, which knows nothing of the one before but the secret. Its limits are the defaults, those of rate and joins
// among them: in fake time the plan can afford to keep to them.
func (w *world) begin() {
	w.lives++
	l := &life{
		number: w.lives,
		// The buffer is small so that a thin line is felt by the server's queue, and not only by its socket.
		listener: memnet.Listen(4 << 10),
		server:   signaling.New(signaling.Config{Authorize: signaling.AllowAnonymous("*"), Secret: []byte("the secret of every life"), Logger: w.log}),
		served:   make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/ws", l.server)
	l.http = &http.Server{Handler: mux}
	go func() {
		defer close(l.served)
		l.http.Serve(&metered{l.listener, l, w})
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.life = l
}

// end kills the server: all that it has and all that is on its way vanishes at one moment. What then runs on is a dead man's
// goroutines, whose words nobody gets; they are waited for.
func (w *world) end() {
	w.mu.Lock()
	l := w.life
	w.life = nil
	w.mu.Unlock()
	l.listener.Kill(func() time.Duration { return w.luck.between(0, 50*time.Millisecond) })
	l.server.Close()
	l.http.Close()
	<-l.served
}

// metered is a listener whose connections are read along.
type metered struct {
	net.Listener
	life *life
	w    *world
}

func (m *metered) Accept() (net.Conn, error) {
	c, err := m.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &meter{Conn: c, wrote: &scanner{frame: func(text []byte) { m.w.oracle.fromServer(m.life.number, text) }}}, nil
}

// host is where a player runs: an address, and the line to the server.
type host struct {
	w    *world
	name string
	addr netip.Addr
	base time.Duration // how far away it is

	mu   sync.Mutex // guards all below
	slow bool       // its line is thin
	gone bool       // it is no more
	line *line
}

// line is a host's newest connection.
type line struct {
	link *memnet.Link
	sick bool // cut or holed by the plan
	in   bool // it has brought the answer to a join
}

var errNoServer = errors.New("nobody listens")

// dial is what peer.Config.Dial wants.
func (h *host) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	h.w.mu.Lock()
	life := h.w.life
	h.w.mu.Unlock()
	h.mu.Lock()
	gone := h.gone
	h.mu.Unlock()
	if life == nil || gone {
		return nil, errNoServer
	}
	c, link, err := life.listener.DialVia(ctx, h.addr, h.delay)
	if err != nil {
		return nil, err
	}
	l := &line{link: link}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		link.Cut(0, 0)
	}
	h.line = l
	return &meter{
		Conn:  c,
		wrote: &scanner{frame: h.w.oracle.fromClient},
		got: &scanner{frame: func(text []byte) {
			if typeOf(text) == string(protocol.TypeJoined) {
				h.w.oracle.back(h.name)
				h.mu.Lock()
				defer h.mu.Unlock()
				l.in = true
			}
		}},
	}, nil
}

// delay is the network's: each connection has its own, so what is said over two of them arrives in any order.
func (h *host) delay() (lag, gap time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slow {
		gap = 20 * time.Millisecond
	}
	return h.base + h.w.luck.between(0, 20*time.Millisecond), gap
}

// connected tells whether the line works and has brought the answer to the join.
func (h *host) connected() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.line != nil && h.line.in && !h.line.sick
}

// inFlight is how many bytes are on the line.
func (h *host) inFlight() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.line == nil {
		return 0
	}
	return h.line.link.InFlight()
}

// lost is told that the line ends with the server.
func (h *host) lost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.line != nil {
		h.line.sick = true
	}
}

// cut ends the line; each end notices in its own time.
func (h *host) cut() {
	near, far := h.w.luck.between(0, 50*time.Millisecond), h.w.luck.between(0, 50*time.Millisecond)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.line.sick = true
	h.line.link.Cut(near, far)
}

// hole lets everything vanish that is said over the line.
func (h *host) hole() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.line.sick = true
	h.line.link.Hole()
}

// vanish ends the host: the power cord.
func (h *host) vanish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	if h.line != nil {
		h.line.sick = true
		h.line.link.Cut(0, 0)
	}
}

func (h *host) setSlow(slow bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slow = slow
}

func (h *host) isSlow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slow
}

// luck is the network's share of the seed. Goroutines draw from it in the order in which they come.
type luck struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func (l *luck) between(low, high time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return low + time.Duration(l.rng.Int64N(int64(high-low)))
}
