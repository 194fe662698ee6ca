package peer

import (
	"context"
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// EventKind names what happened in a room.
type EventKind string

// The kinds of event.
const (
	// EventJoined: a peer is here. Those who were here before this one joined come without an event; see Room.Peers.
	EventJoined EventKind = "joined"
	// EventAway: a peer's connection to the server is lost. It may come back, and its channels may live.
	EventAway EventKind = "away"
	// EventBack: a peer that was away is back.
	EventBack EventKind = "back"
	// EventUpdated: a peer changed its attributes.
	EventUpdated EventKind = "updated"
	// EventLeft: a peer is gone.
	EventLeft EventKind = "left"
	// EventMessage: a peer said something to the room.
	EventMessage EventKind = "message"
	// EventSignal: a peer said something to this one alone, with Peer.Signal.
	EventSignal EventKind = "signal"
	// EventGap: events were missed, messages perhaps, and cannot be had any more: this peer was away for too long, fell too far
	// behind, or the server took it for a new one. Events for what changed follow; then Room.Peers is right again.
	EventGap EventKind = "gap"
	// EventUnverified: a peer has not proven who it is, or wants a proof of this side and got none that it takes. There is no connection
	// to it, and will be none before it has left and joined. Event.Err says why, and so does the cause of the peer's Context: errors.As finds
	// the *identity.Error, whose Reason is identity.Refused if it was the other side that refused this one. It is said, too, of who was
	// here before this one joined.
	EventUnverified EventKind = "unverified"
	// EventState: the connection to the server is lost, or back, with all that was missed before this event. Event.State says
	// which. The room's end is no event: Recv returns it.
	EventState EventKind = "state"
	// EventLimit: the server's relay gives this peer no more than it has, of what Event.Err says. It is said at most now and then,
	// and ends nothing by itself.
	EventLimit EventKind = "limit"
)

// Event is one thing that happened in a room.
type Event struct {
	Kind EventKind
	// Peer is whom the event is about, or who said it; nil for EventGap, EventState and EventLimit.
	Peer *Peer
	// Data is what was said, as JSON: EventMessage and EventSignal.
	Data json.RawMessage
	// Reason is why it left: EventLeft.
	Reason protocol.LeftReason
	// State is what the room's became: EventState.
	State RoomState
	// Err is which limit, with a sentence of the server's: EventLimit. Its Code is CodeRelayAllocations, CodeRelayBytes or
	// CodeRelayBandwidth. Or why a peer is not verified: EventUnverified, CodePeerUnverified.
	Err error
	// Missed is how many events between the one before and this one were dropped because nobody read them: at most 1024 wait.
	Missed int
}

// Recv returns the next event of the room, other than those that this peer caused. It waits until there is one, the room ends
// or ctx does; ctx bounds this call alone. At most 1024 events wait to be read; then the oldest goes, and the next event says
// how many are missing. The state is always right: read it from Peers and Peer, and use events to learn that it changed.
func (r *Room) Recv(ctx context.Context) (Event, error) {
	e, missed, err := r.events.take(ctx, r.ctx)
	if err != nil {
		return Event{}, wrap(err, "recv in room %q", r.name)
	}
	e.Missed = missed
	return e, nil
}

// emit queues an event. Who is here when Join returns comes without one. The caller holds mu.
func (r *Room) emit(e Event) {
	if r.condition == "" && e.Kind != EventUnverified {
		return
	}
	if r.events.push(e) {
		r.eventsMissed.Add(1)
	}
}
