package peer

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/rs/zerolog"
)

// Room is this peer's membership of a room: who else is here, what is said, and the connections to the others. All its methods
// may be called from any goroutine. Close must be called, also after the room has ended by itself.
type Room struct {
	// Set by Join.
	name      string
	id        string // the own peer id
	instance  string
	cfg       Config
	session   *session
	factory   *factory
	log       zerolog.Logger
	ctx       context.Context
	end       context.CancelCauseFunc // ends ctx; the first cause counts
	connected *queue[*Peer]
	events    *queue[Event]
	requests  chan struct{} // a token for each call that waits for its answer
	wake      chan struct{} // a token while there may be something to write
	readEnded chan struct{} // closed when read has ended

	goroutines   sync.WaitGroup // read, write and every connection
	closing      atomic.Bool    // Close has been called: an end of the session is no loss
	closed       chan struct{}  // closed when Close is done
	eventsMissed atomic.Uint64
	overflowed   atomic.Uint64 // of connections that are done

	mu          sync.Mutex // guards all below, and the fields of Peer that say so
	state       state
	peers       map[string]*Peer
	connections map[*connection]struct{} // also those of peers that have left, until they are done
	over        bool                     // no connection may be started any more
	addresses   addressWatch
	outgoing    [][]byte // frames to write
	owing       []*Peer  // to whom a receipt is due, each once
	owedFirst   bool     // whose turn it is in next
	acked       uint64   // the position that the server was told
	answers     answers
}

// Join enters a room of a server and returns when it is known who is there. The server is the URL of its root, such as
// "https://example.org"; the room is a name (see ParseURL for room links). A nil config is all defaults.
//
// ctx bounds the join and nothing after it; its values, not its end, are those of the room's own context. Errors have a code:
// CodeBadURL and CodeBadRoom before anything is sent, CodeUnauthorized, CodeForbidden, CodeRoomFull, CodeRateLimited… from the
// server, CodeConnectFailed when there is no Beckon server, CodeAborted when ctx ended.
func Join(ctx context.Context, server, room string, config *Config) (*Room, error) {
	r, err := join(ctx, server, room, config)
	if err != nil {
		return nil, wrap(err, "join %.80q", room)
	}
	return r, nil
}

func join(ctx context.Context, server, room string, config *Config) (*Room, error) {
	cfg, err := config.prepared()
	if err != nil {
		return nil, err
	}
	attributes, err := marshalObject(cfg.Attributes)
	if err != nil {
		return nil, err
	}
	if err := checkRoom(room); err != nil {
		return nil, err
	}
	ws, err := dial(ctx, server, &cfg)
	if err != nil {
		return nil, err
	}
	unwatch := context.AfterFunc(ctx, func() { ws.Close() })
	instance := protocol.NewInstance()
	s, err := greet(ws, instance, cfg.Token)
	if err != nil {
		unwatch()
		return nil, abortedOr(ctx, err)
	}
	joined, err := s.enter(protocol.Join{Room: room, Attributes: attributes, Topology: cfg.Topology})
	if alive := unwatch(); err != nil || !alive {
		ws.Close()
		return nil, abortedOr(ctx, err)
	}
	return newRoom(ctx, cfg, s, instance, joined), nil
}

// abortedOr prefers the end of ctx to the error that it caused.
func abortedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	return err
}

func newRoom(ctx context.Context, cfg Config, s *session, instance string, joined protocol.Joined) *Room {
	r := &Room{
		name: joined.Room, id: s.welcome.Peer, instance: instance, cfg: cfg, session: s,
		factory:     newFactory(&cfg),
		log:         cfg.Logger.With().Str("room", joined.Room).Logger(),
		connected:   newQueue[*Peer](maxUnread),
		events:      newQueue[Event](maxUnread),
		requests:    make(chan struct{}, maxRequests),
		wake:        make(chan struct{}, 1),
		readEnded:   make(chan struct{}),
		closed:      make(chan struct{}),
		state:       state{self: s.welcome.Peer, mesh: s.welcome.Limits.Mesh},
		peers:       make(map[string]*Peer),
		connections: make(map[*connection]struct{}),
		acked:       joined.Position,
		answers:     answers{messages: make(map[uint64]*answer)},
	}
	r.ctx, r.end = context.WithCancelCause(context.WithoutCancel(ctx))
	r.setICEServers(s.welcome.ICEServers)
	r.mu.Lock()
	for _, c := range r.state.snapshot(joined) {
		if p := r.appeared(c.member); p != nil {
			r.consider(p)
		}
	}
	r.mu.Unlock()
	r.log.Info().Str("peer", r.id).Int("members", len(joined.Members)).Msg("joined")
	r.goroutines.Go(r.read)
	r.goroutines.Go(r.write)
	return r
}

// Name is the room's name.
func (r *Room) Name() string { return r.name }

// ID is this peer's own id, which the server gave it.
func (r *Room) ID() string { return r.id }

// Context ends when the room does. context.Cause says why, as a *protocol.Error: CodeClosed after Close, CodeConnectionLost
// when the connection to the signaling server was lost, CodeUnauthorized when the server ended it for that.
func (r *Room) Context() context.Context { return r.ctx }

// Peers returns the other members in the order in which they joined.
func (r *Room) Peers() []*Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	peers := make([]*Peer, 0, len(r.peers))
	for _, m := range r.state.members {
		if p := r.peers[m.Peer]; p != nil {
			peers = append(peers, p)
		}
	}
	return peers
}

// Peer returns the member with that id, nil if there is none.
func (r *Room) Peer(id string) *Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peers[id]
}

// Accept returns the next peer that is connected, each once. It waits until there is one, the room ends or ctx does; ctx
// bounds this call alone. At most 1024 peers wait to be accepted, and those that have gone meanwhile are left out.
func (r *Room) Accept(ctx context.Context) (*Peer, error) {
	for {
		p, _, err := r.connected.take(ctx, r.ctx)
		if err != nil {
			return nil, wrap(err, "accept in room %q", r.name)
		}
		if p.ctx.Err() == nil {
			return p, nil
		}
	}
}

// Stats are counts of what was lost to bounds since the join.
type Stats struct {
	// EventsMissed are events that were dropped because Recv was not called.
	EventsMissed uint64
	// ChannelsOverflowed are channels that were closed because Peer.Accept was not called.
	ChannelsOverflowed uint64
}

// Stats returns the counts as they are now.
func (r *Room) Stats() Stats {
	s := Stats{EventsMissed: r.eventsMissed.Load(), ChannelsOverflowed: r.overflowed.Load()}
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.connections {
		s.ChannelsOverflowed += c.overflowed.Load()
	}
	return s
}

// Close leaves the room. It delivers what was sent on the channels, ends the connections, says goodbye to the server, so that
// the others see this peer leave at once, and waits for everything of the room to end. What is delivered and the goodbye are
// bounded by Config.CloseTimeout each; a TURN server that does not answer can take another 8 s, for which Pion waits. It may
// be called twice, and always returns nil.
func (r *Room) Close() error {
	if r.closing.Swap(true) {
		<-r.closed // a sync.Once would do it with a mutex, for which the fake time of an application's tests stands still
		return nil
	}
	defer close(r.closed)
	cause := protocol.Errorf(protocol.CodeClosed, "the room was closed by this side")
	r.closeConnections(cause)
	if r.ctx.Err() == nil {
		r.sayBye()
	}
	r.end(cause)
	r.session.ws.Close()
	r.goroutines.Wait()
	r.log.Info().Msg("left")
	return nil
}

// closeConnections ends the connections to all peers, those who have left among them: what they sent may still be unread.
func (r *Room) closeConnections(cause error) {
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.CloseTimeout)
	defer cancel()
	r.mu.Lock()
	r.over = true
	open := slices.Collect(maps.Keys(r.connections))
	r.mu.Unlock()
	var all sync.WaitGroup
	for _, c := range open {
		all.Go(func() { c.close(ctx, cause) })
	}
	all.Wait()
}

// sayBye says bye and waits for the server to end the session.
func (r *Room) sayBye() {
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.CloseTimeout)
	defer cancel()
	r.mu.Lock()
	r.post(protocol.Encode(protocol.Bye{}))
	r.mu.Unlock()
	select {
	case <-r.readEnded:
	case <-ctx.Done():
	}
}
