package peer

import "encoding/json"

// numbering is the delivery state between this instance and one other: both directions of the wire's `n`. It is a pure state
// machine without I/O or clock; whoever owns it guards it.
//
// Sending: signals are numbered from 1, and at most window of them are without a receipt; the others wait their turn.
// Receiving: only the next number counts. What comes twice is dropped and acknowledged again, what comes too early is dropped.
type numbering struct {
	window int

	sent    uint64 // the last number that was handed to the connection
	acked   uint64 // all up to this one have reached the other side
	waiting []json.RawMessage

	received uint64 // the last number that was accepted
	owed     bool   // a receipt up to received is to be sent
}

// outgoing is a numbered signal.
type outgoing struct {
	n    uint64
	data json.RawMessage
}

// send takes a signal and returns the number it has or will have.
func (s *numbering) send(data json.RawMessage) uint64 {
	s.waiting = append(s.waiting, data)
	return s.sent + uint64(len(s.waiting))
}

// ready takes the signals that the window allows to be sent now.
func (s *numbering) ready() (now []outgoing) {
	for len(s.waiting) > 0 && s.sent-s.acked < uint64(s.window) {
		s.sent++
		now = append(now, outgoing{s.sent, s.waiting[0]})
		s.waiting = s.waiting[1:]
	}
	return now
}

// receipt notes that all up to n have arrived. What was never sent cannot have.
func (s *numbering) receipt(n uint64) {
	if n > s.acked && n <= s.sent {
		s.acked = n
	}
}

// accept tells whether the signal with number n is the next one. A double owes a receipt as well: the first one may be lost.
func (s *numbering) accept(n uint64) bool {
	if n > s.received+1 {
		return false
	}
	s.owed = true
	if n <= s.received {
		return false
	}
	s.received = n
	return true
}

// owes returns the number of the receipt that is due, and 0 for none. One receipt answers all that came since the last.
func (s *numbering) owes() uint64 {
	if !s.owed {
		return 0
	}
	s.owed = false
	return s.received
}
