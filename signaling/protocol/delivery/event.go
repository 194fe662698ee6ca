package delivery

import (
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Event is something that happens to a machine: Send, Say, Received, Lost, Writable, Beat, TimerFired or Close.
type Event interface{ event() }

// Send asks to bring a direct message to one instance. It is answered by exactly one Resolved or Failed.
type Send struct {
	// Token is the caller's name for this message, which the answer repeats.
	Token    uint64          `json:"token"`
	Peer     string          `json:"peer"`
	Instance string          `json:"instance"`
	Data     json.RawMessage `json:"data"`
}

// Say asks to bring a message to the room. It is answered by exactly one Resolved or Failed.
type Say struct {
	Token uint64          `json:"token"`
	Data  json.RawMessage `json:"data"`
}

// Received brings a frame from the carrier, decoded. Types that are none of the machine's business do nothing. The joined frame
// that answers the join of a new carrier is what takes the machine online.
type Received struct {
	Frame protocol.Frame `json:"frame"`
}

// Lost says that the carrier is gone, with all that it may have had in flight.
type Lost struct{}

// Writable says that the carrier can take a frame. It is asked after a Wake, until no Transmit comes of it: so a frame is made
// when it can be written and not before, and a receipt stands for all that came until then.
type Writable struct{}

// Beat asks for the ping of the heartbeat, which carries the acknowledgement.
type Beat struct{}

// TimerFired says that a timer has run out. One that comes although the timer was cleared does nothing.
type TimerFired struct {
	Key string `json:"key"`
}

// Close ends the machine: whatever is outstanding fails with Code.
type Close struct {
	Code protocol.ErrorCode `json:"code"`
}

func (Send) event()       {}
func (Say) event()        {}
func (Received) event()   {}
func (Lost) event()       {}
func (Writable) event()   {}
func (Beat) event()       {}
func (TimerFired) event() {}
func (Close) event()      {}
