package signaling

import "github.com/beckon-rtc/beckon/signaling/protocol"

// eventLog is a room's log: where it stands, and its recent events as they go over the wire. The room's mutex guards it. The
// frames are shared by all queues and never changed.
type eventLog struct {
	epoch     string
	position  uint64   // of the newest event; 0 before the first
	frames    [][]byte // the newest events, in order
	bytes     int
	maxEvents int
	maxBytes  int
}

func newEventLog(l Limits) eventLog {
	return eventLog{epoch: protocol.NewInstance(), maxEvents: l.RingEvents, maxBytes: l.RingBytes}
}

// add appends an event, and lets the oldest go beyond the bounds; the newest always stays.
func (l *eventLog) add(frame []byte) {
	l.position++
	l.frames = append(l.frames, frame)
	l.bytes += len(frame)
	for len(l.frames) > 1 && (len(l.frames) > l.maxEvents || l.bytes > l.maxBytes) {
		l.bytes -= len(l.frames[0])
		l.frames[0] = nil // or the backing array would keep it
		l.frames = l.frames[1:]
	}
}

// first is the position of the oldest event that is still there.
func (l *eventLog) first() uint64 { return l.position - uint64(len(l.frames)) + 1 }

// has tells whether all events after a position are still there.
func (l *eventLog) has(after uint64) bool { return after <= l.position && after+1 >= l.first() }

// between returns a copy of the events after one position up to and with another; has(after) must be true.
func (l *eventLog) between(after, end uint64) [][]byte {
	if after >= end {
		return nil
	}
	first := l.first()
	return append([][]byte(nil), l.frames[after+1-first:end+1-first]...)
}
