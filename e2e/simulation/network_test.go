package simulation

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
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
	mux.Handle("/v1/", l.server)
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

// host is where a player runs: an address, and the lines to the server.
type host struct {
	w    *world
	name string
	addr netip.Addr
	base time.Duration // how far away it is

	mu   sync.Mutex // guards all below
	slow bool       // its lines are thin
	gone bool       // it is no more
	in   bool       // the newest hello has led into the room
	sick bool       // the lines were cut or holed by the plan, and nothing has shown yet that the player is there
	// Those that work. A WebSocket is one of them, a stream two, polls come over any number.
	lines map[*memnet.Link]struct{}
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
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		link.Cut(0, 0)
	} else {
		h.lines[link] = struct{}{}
	}
	return &meter{
		Conn: c,
		wrote: &scanner{frame: func(text []byte) {
			if typeOf(text) == string(protocol.TypeHello) {
				h.mu.Lock()
				h.in = false
				h.mu.Unlock()
			}
			h.w.oracle.fromClient(text)
		}},
		got: &scanner{frame: func(text []byte) {
			if typeOf(text) == string(protocol.TypeJoined) {
				h.heard(link, true)
			}
		}, line: func(kind protocol.Type) {
			if kind == protocol.TypePolled {
				h.heard(link, false) // what was lost with a line may come over another: the next hello may never be needed
			}
		}},
		closed: func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			delete(h.lines, link)
		},
	}, nil
}

// heard is told that a line has brought the answer to a join, or to a poll of somebody who is in the room.
func (h *host) heard(link *memnet.Link, joined bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, works := h.lines[link]; !works || !joined && !(h.in && h.sick) {
		return
	}
	h.in, h.sick = true, false
	h.w.oracle.back(h.name)
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

// connected tells whether the lines work and have brought the answer to the join.
func (h *host) connected() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in && !h.sick
}

// inFlight is how many bytes are on the lines.
func (h *host) inFlight() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for line := range h.lines {
		n += line.InFlight()
	}
	return n
}

// lost is told that the lines end with the server.
func (h *host) lost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.take()
}

// take returns the lines that work, which do so no more. h.mu must be held.
func (h *host) take() []*memnet.Link {
	lines := slices.Collect(maps.Keys(h.lines))
	clear(h.lines)
	h.sick = true
	return lines
}

// cut ends the lines; each end notices in its own time.
func (h *host) cut() {
	near, far := h.w.luck.between(0, 50*time.Millisecond), h.w.luck.between(0, 50*time.Millisecond)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, line := range h.take() {
		line.Cut(near, far)
	}
}

// hole lets everything vanish that is said over the lines.
func (h *host) hole() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, line := range h.take() {
		line.Hole()
	}
}

// vanish ends the host: the power cord.
func (h *host) vanish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	for _, line := range h.take() {
		line.Cut(0, 0)
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
