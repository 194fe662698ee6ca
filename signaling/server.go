package signaling

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Server is a signaling server: an http.Handler for all carriers, with Shutdown, Close and Stats. Make one with New. All
// methods may be called from any goroutine.
type Server struct {
	// Set once by New.
	authorize  func(context.Context, AuthRequest) (Grant, error)
	ice        iceFunc
	candidates bool
	relayEnded func(peer string)
	reported   func(Report)
	origins    []string
	limits     Limits
	log        zerolog.Logger
	resume     sealer
	upgrader   websocket.Upgrader
	ctx        context.Context // ends with Close; bounds the callbacks
	cancel     context.CancelFunc
	done       chan struct{} // closed when every goroutine has ended after Shutdown or Close

	// Safe for use by many goroutines.
	count       *counters
	frames      sync.Pool // *[]byte, for reading
	failures    *failures
	revocations *revocations
	serial      atomic.Uint64 // of the newest conn
	closing     atomic.Bool
	leaveBy     atomic.Int64   // when the window of a goaway ends, in Unix nanoseconds; 0 before a Shutdown
	carriers    sync.WaitGroup // conn.serve
	running     sync.WaitGroup // timers; see timer

	// Guarded by mu, which is held for map operations only.
	mu        sync.Mutex
	conns     map[*conn]struct{}
	sessions  map[string]*session              // by peer id
	peersOf   map[string]map[*session]struct{} // by identity, of those that have one
	rooms     map[string]*room                 // by name
	posted    map[string]*conn                 // those over HTTP, by the id of their mailbox
	addresses map[netip.Prefix]int
	bodies    map[netip.Prefix]int     // that are being read
	strangers map[string]struct{}      // origins that were refused, the first maxStrangers
	ending    map[string]chan struct{} // by peer id: closed when RelayEnded has returned
	over      bool                     // no session is left, and nothing may be started any more
}

// New makes a server. It starts no goroutine until somebody connects.
func New(cfg Config) *Server {
	limits := cfg.Limits.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		authorize:   cfg.Authorize,
		ice:         cfg.ICEServers,
		candidates:  cfg.Candidates,
		relayEnded:  cfg.RelayEnded,
		reported:    cfg.Reported,
		limits:      limits,
		log:         cfg.Logger,
		resume:      newSealer(cfg.Secret),
		ctx:         ctx,
		cancel:      cancel,
		done:        make(chan struct{}),
		count:       newCounters(),
		conns:       map[*conn]struct{}{},
		failures:    &failures{limits: limits, of: map[netip.Prefix]failed{}},
		revocations: &revocations{most: limits.Revocations, until: map[revoked]time.Time{}},
		sessions:    map[string]*session{},
		peersOf:     map[string]map[*session]struct{}{},
		rooms:       map[string]*room{},
		posted:      map[string]*conn{},
		addresses:   map[netip.Prefix]int{},
		bodies:      map[netip.Prefix]int{},
		strangers:   map[string]struct{}{},
		ending:      map[string]chan struct{}{},
	}
	s.frames.New = func() any { b := make([]byte, 0, 2<<10); return &b }
	s.upgrader = newUpgrader(s)
	if len(cfg.Secret) == 0 {
		s.log.Info().Msg("resume tokens are signed with a random secret: after a restart all clients are new peers, unless one is set (serve --secret)")
	}
	if s.authorize == nil {
		s.authorize = refuseAll
		s.log.Error().Msg("no Authorize function: every client is refused")
	}
	for _, pattern := range slices.Clone(cfg.Origins) {
		if err := CheckOrigin(pattern); err != nil {
			s.log.Error().Err(err).Msg("origin ignored")
			continue
		}
		s.origins = append(s.origins, pattern)
	}
	return s
}

// register lists a connection, or ends it if the server is ending.
func (s *Server) register(c *conn) {
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	// Asked after listing: either this sees that the server is closing, or Shutdown sees the connection.
	switch {
	case s.ctx.Err() != nil:
		c.abort()
	case s.closing.Load():
		c.goAway()
	}
}

// post lets a connection be found by what is posted for it.
func (s *Server) post(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posted[c.carrier.(posted).box().id] = c
}

// forget is the last thing that a connection's goroutine does.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	if k, ok := c.carrier.(posted); ok {
		delete(s.posted, k.box().id)
	}
	s.release(c.addr)
	s.mu.Unlock()
	s.carriers.Done()
}

// Shutdown lets nobody in any more, sends every client a `goaway`, and serves on while they leave by themselves, for Limits.GoAway
// or until Limits.Linger before ctx's deadline. Who is left then is closed with 4000. It returns when all connections and goroutines have
// ended. If ctx ends before, it does what Close does and returns ctx's error. It may be called twice, and during a Close.
//
// Nobody is told that a peer is away or has left because of it: it is on its way to where they go too.
func (s *Server) Shutdown(ctx context.Context) error {
	length := s.window(ctx)
	s.leaveBy.CompareAndSwap(0, time.Now().Add(length).UnixNano()) // before closing is set, for who then is told by register
	conns, first := s.stop()
	if first {
		for _, c := range conns {
			c.goAway()
		}
	}
	window := time.NewTimer(length)
	defer window.Stop()
	select {
	case <-s.done:
		return nil
	case <-window.C:
		conns, _ = s.stop()
		for _, c := range conns {
			c.close(protocol.CloseGoingAway)
		}
	case <-ctx.Done():
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.Close()
		return context.Cause(ctx)
	}
}

// window is for how long a Shutdown may wait for clients to leave by themselves.
func (s *Server) window(ctx context.Context) time.Duration {
	by, ok := ctx.Deadline()
	if !ok {
		return s.limits.GoAway
	}
	return max(0, min(s.limits.GoAway, time.Until(by)-s.limits.Linger))
}

// within is what is left of the window, as a goaway says it.
func (s *Server) within() int64 {
	return max(0, time.Until(time.Unix(0, s.leaveBy.Load())).Milliseconds())
}

// Close ends every connection without a word and returns when all goroutines have ended; a callback of the Config that ignores its
// context keeps it waiting. It may be called twice, and during a Shutdown. It never fails; the error is there for io.Closer.
func (s *Server) Close() error {
	s.cancel()
	conns, _ := s.stop()
	for _, c := range conns {
		c.abort()
	}
	<-s.done
	return nil
}

// stop keeps new connections out and returns the open ones, and whether it is the first to do so.
func (s *Server) stop() (conns []*conn, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first = !s.closing.Swap(true); first {
		go s.finish()
	}
	conns = make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns, first
}

// finish waits for everything that runs. Timers come after the connections, because those start them.
func (s *Server) finish() {
	s.carriers.Wait()
	s.mu.Lock()
	sessions := make([]*session, 0, len(s.sessions))
	for _, sess := range s.sessions {
		sessions = append(sessions, sess)
	}
	clear(s.sessions)
	clear(s.peersOf)
	clear(s.rooms)
	s.over = true
	s.mu.Unlock()
	for _, sess := range sessions {
		sess.stopTimers()
	}
	s.running.Wait()
	s.cancel()
	close(s.done)
}
