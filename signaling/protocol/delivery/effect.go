package delivery

import (
	"encoding/json"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Effect is something that the owner of a machine must do, in the order in which they come.
type Effect interface{ effect() }

// Transmit hands a frame to the carrier.
type Transmit struct {
	Frame protocol.Frame `json:"frame"`
}

// Wake says that there is something to write: the owner answers with Writable as soon as the carrier can take a frame.
type Wake struct{}

// SetTimer starts a timer, or starts it anew if one of that key runs.
type SetTimer struct {
	Key   string        `json:"key"`
	After time.Duration `json:"after"`
}

// ClearTimer stops a timer.
type ClearTimer struct {
	Key string `json:"key"`
}

// Resolved says that a direct message has reached its recipient, or a room message the room's log.
type Resolved struct {
	Token uint64 `json:"token"`
}

// Failed says that a message was given up. A direct message may have arrived all the same, with its receipt lost.
type Failed struct {
	Token uint64             `json:"token"`
	Code  protocol.ErrorCode `json:"code"`
}

// Direct delivers a direct message.
type Direct struct {
	Peer     string          `json:"peer"`
	Instance string          `json:"instance"`
	Data     json.RawMessage `json:"data"`
}

// Message delivers a room message, also the member's own.
type Message struct {
	Peer     string          `json:"peer"`
	Instance string          `json:"instance"`
	Data     json.RawMessage `json:"data"`
}

// Gap says that events of the room were missed, messages among them, and cannot be had any more.
type Gap struct{}

// Joined says that a peer is here. It may be away.
type Joined struct {
	Member protocol.Member `json:"member"`
}

// Away says that a peer's connection is lost; it may come back.
type Away struct {
	Member protocol.Member `json:"member"`
}

// Back says that a peer that was away is back.
type Back struct {
	Member protocol.Member `json:"member"`
}

// Updated says that a peer, perhaps this one, has other attributes.
type Updated struct {
	Member protocol.Member `json:"member"`
}

// Left says that a peer, perhaps this one, is gone.
type Left struct {
	Member protocol.Member     `json:"member"`
	Reason protocol.LeftReason `json:"reason"`
}

// Synced says that the members are as they are now: after a join, whatever was missed has been told. Their ranks may have
// changed.
type Synced struct{}

func (Transmit) effect()   {}
func (Wake) effect()       {}
func (SetTimer) effect()   {}
func (ClearTimer) effect() {}
func (Resolved) effect()   {}
func (Failed) effect()     {}
func (Direct) effect()     {}
func (Message) effect()    {}
func (Gap) effect()        {}
func (Joined) effect()     {}
func (Away) effect()       {}
func (Back) effect()       {}
func (Updated) effect()    {}
func (Left) effect()       {}
func (Synced) effect()     {}
