package protocol

import "encoding/json"

// EventKind names an entry of a room's log.
type EventKind string

// The kinds of event.
const (
	EventJoined  EventKind = "joined"
	EventAway    EventKind = "away"
	EventBack    EventKind = "back"
	EventLeft    EventKind = "left"
	EventUpdated EventKind = "updated"
	EventMessage EventKind = "message"
)

// LeftReason says why a member left.
type LeftReason string

// The reasons to leave.
const (
	// LeftBye: the peer ended its session.
	LeftBye LeftReason = "bye"
	// LeftLeave: the peer left this room.
	LeftLeave LeftReason = "leave"
	// LeftTimeout: the peer's connection was lost, and the grace passed.
	LeftTimeout LeftReason = "timeout"
	// LeftKicked: the server's operator has ended its session.
	LeftKicked LeftReason = "kicked"
)

// Event (server to client) is one entry of a room's log. Every member sees the entries of an epoch in the same order.
type Event struct {
	Room string    `json:"room"`
	Kind EventKind `json:"kind"`
	// Position is this entry's place in the log; the first is 1.
	Position uint64 `json:"position"`
	// Stable is the position that every member had acknowledged when the entry was made.
	Stable uint64 `json:"stable"`
	// Peer is whom the entry is about.
	Peer string `json:"peer"`
	// Member (joined, back) is the peer as it is now.
	Member *Member `json:"member,omitempty"`
	// Attributes (updated) are the new ones.
	Attributes json.RawMessage `json:"attributes,omitempty"`
	// Reason (left) says why.
	Reason LeftReason `json:"reason,omitempty"`
	// Instance, N and Data (message) are the sender's: the pair of Instance and N is the message's name.
	Instance string          `json:"instance,omitempty"`
	N        uint64          `json:"n,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
}
