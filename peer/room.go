package peer

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// RoomState is how it stands between a room and its server.
type RoomState string

// The states, which are those of the browser SDK.
const (
	// RoomJoined: what is said gets through.
	RoomJoined RoomState = "joined"
	// RoomReconnecting: the connection is lost and another one is being made. Channels do not notice; what is said waits.
	RoomReconnecting RoomState = "reconnecting"
	// RoomClosed: the room has ended; Context's cause says why.
	RoomClosed RoomState = "closed"
)

// Room is this peer's membership of a room: who else is here, what is said, and the connections to the others. It outlives its
// connection to the server: a lost one is replaced for as long as the room is open. All its methods may be called from any
// goroutine. Close must be called, also after the room has ended by itself.
type Room struct {
	// Set by Join.
	server    string
	name      string
	cfg       Config
	factory   *factory
	log       zerolog.Logger
	ctx       context.Context
	end       context.CancelCauseFunc // ends ctx; the first cause counts
	leaving   context.Context         // within ctx; ends when Close stops connecting
	leave     context.CancelFunc      // ends it
	connected *queue[*Peer]
	events    *queue[Event]
	requests  *inbox
	listeners listeners
	verifying *verifying // nil if peers are not verified

	goroutines   sync.WaitGroup // keep, each carrier's read and write, and every connection
	closing      atomic.Bool    // Close has been called: an end of the session is no loss
	closed       chan struct{}  // closed when Close is done
	eventsMissed atomic.Uint64
	overflowed   atomic.Uint64 // of connections that are done

	// Owned by who is connecting: Join, and then keep.
	instance string        // of the last hello
	fresh    bool          // its token was got for it
	longest  time.Duration // to wait before an attempt
	ladder   ladder

	mu          sync.Mutex // guards all below, and the fields of Peer that say so
	id          string     // the own peer id
	resume      string     // the newest resume token; "" if there is none, or it is of no use
	tokens      tokens
	carrier     *carrier // nil while there is none; it may not be in the room yet
	member      *membership
	limits      protocol.Limits // of the newest welcome
	pace        *rate.Limiter   // of the frames of this session; nil is without bound
	condition   RoomState       // "" until the first join
	whole       bool            // the members are complete: nothing that was missed is on its way any more
	rank        rank
	state       roster
	updates     updates
	peers       map[string]*Peer
	connections map[*connection]struct{} // also those of peers that have left, until they are done
	over        bool                     // no connection may be started any more
	addresses   addressWatch
}

// rank is a member's place in an epoch's log.
type rank struct {
	epoch  string
	joined uint64
}

// Name is the room's name.
func (r *Room) Name() string { return r.name }

// ID is this peer's own id, which the server gave it. It is another one if the server had to take this peer for a new one after
// a lost connection; an EventGap says so, and EventLeft and EventJoined for all others, to whom it is a new one as well.
func (r *Room) ID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id
}

// State is how it stands between the room and its server now. An EventState says that it changed.
func (r *Room) State() RoomState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.condition
}

// Carrier is what the room's frames ride on at the moment, "" while it is not joined. Another one may take its place whenever the
// connection to the server is lost.
func (r *Room) Carrier() Carrier {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.carrier == nil || r.condition != RoomJoined {
		return ""
	}
	return r.carrier.kind
}

// Context ends when the room does; a lost connection to the server does not end it. context.Cause says why, as a *protocol.Error:
// CodeClosed after Close, CodeUnauthorized, CodeForbidden, CodeRoomFull… when the server refuses this peer, CodeConnectionLost
// when it took this peer out of the room.
func (r *Room) Context() context.Context { return r.ctx }

// Peers returns the other members in the order in which they joined.
func (r *Room) Peers() []*Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.everybody(r.state.members())
}

// everybody returns the peers of these members, in their order. The caller holds mu.
func (r *Room) everybody(members []protocol.Member) []*Peer {
	peers := make([]*Peer, 0, len(r.peers))
	for _, m := range members {
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
// bounds this call alone. At most 1024 peers wait to be accepted, and those that have gone meanwhile are left out. A peer that is refused,
// or refuses this side, is never connected: an EventUnverified says so, and it is among Peers, with the reason in its Context's cause.
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
	// ChannelsOverflowed are channels, requests and connections to a listener that were refused or closed because nobody accepted them.
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
// the others see this peer leave at once, and waits for everything of the room to end. Without a connection to the server there
// is nobody to say goodbye to, and the others see this peer leave when its grace has passed. What is delivered and the goodbye
// are bounded by Config.CloseTimeout each; a TURN server that does not answer can take another 8 s, for which Pion waits. It may
// be called twice, and always returns nil.
func (r *Room) Close() error {
	if r.closing.Swap(true) {
		<-r.closed // a sync.Once would do it with a mutex, for which the fake time of an application's tests stands still
		return nil
	}
	defer close(r.closed)
	cause := protocol.Errorf(protocol.CodeClosed, "the room was closed by this side")
	r.closeConnections(cause)
	r.sayBye(cause)
	r.finish(cause)
	r.goroutines.Wait()
	r.log.Info().Msg("left")
	return nil
}

// finish ends the room but for its goroutines. The first cause counts.
func (r *Room) finish(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conclude(cause)
}

// conclude is finish for those who hold mu.
func (r *Room) conclude(cause error) {
	if r.condition == RoomClosed {
		return
	}
	r.condition = RoomClosed
	r.end(cause)
	r.updates.end(cause)
	if r.member != nil {
		r.member.close(cause)
	}
	if r.carrier != nil {
		r.carrier.end(cause)
	}
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

// sayBye stops connecting, says bye on whatever carrier there is, also one that has not got further than the hello, and waits for
// the server to end the session.
func (r *Room) sayBye(cause error) {
	r.mu.Lock()
	r.leave()
	c := r.carrier
	if c != nil {
		c.post(protocol.Bye{})
	}
	r.mu.Unlock()
	if c == nil {
		return
	}
	timer := time.NewTimer(r.cfg.CloseTimeout)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		c.end(cause)
	}
}
