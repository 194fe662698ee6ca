package peer

import (
	"errors"
	"math"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

const (
	// firstWait bounds the wait after the first failure, and doubles with each further one up to longestWait.
	firstWait   = 250 * time.Millisecond
	longestWait = 30 * time.Second
	// lasting is how long a connection must have lasted to count as a success: a server that lets everybody in and fails at
	// once is not to be asked four times a second.
	lasting = time.Second
)

// backoff is how long to wait before the next attempt to connect when that many have failed: a random part, for which random in
// [0, 1) stands, of a limit that doubles up to longest, but at least as long as the server asked for. All of it is random ("full
// jitter"), because what makes one client fail, such as a server that restarts, makes all of them fail at the same moment.
func backoff(failures int, random float64, longest, least time.Duration) time.Duration {
	limit := min(float64(longest), float64(firstWait)*math.Pow(2, float64(failures)))
	return max(least, time.Duration(random*limit))
}

// longestFor is the longest wait where the others wait for a peer no longer than a grace, counted from when they are back
// themselves: who is back later is said to have left, and loses its connections, although nothing was wrong with it.
func longestFor(grace time.Duration) time.Duration {
	if grace <= 0 {
		return longestWait
	}
	return min(longestWait, grace*2/3)
}

// passing is an error after which another attempt may do better, after some time that the server may have named.
type passing struct {
	error
	after time.Duration
}

func (p passing) Unwrap() error { return p.error }

// refusal makes the error of a server's error frame.
func refusal(m protocol.ErrorReply) error {
	err := &protocol.Error{Code: m.Code, Text: m.Message}
	switch m.Code {
	case protocol.CodeRateLimited, protocol.CodeTooManyRooms, protocol.CodeInternal, protocol.CodeBusy, protocol.CodeGoingAway,
		protocol.CodeBodyTooSlow:
		return passing{err, time.Duration(m.RetryAfter) * time.Millisecond}
	}
	return err
}

// mayPass tells whether another connection may do better than the one that ended for that reason, and after what time. What the
// server refuses by name it would refuse again; what a network, a proxy or a dying server does says nothing.
func mayPass(err error) (after time.Duration, again bool) {
	if p, ok := errors.AsType[passing](err); ok {
		return p.after, true
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return 0, protocol.CloseCode(closed.Code).Reconnect()
	}
	switch Code(err) {
	case "", protocol.CodeConnectionLost, protocol.CodeConnectFailed:
		return 0, true
	}
	return 0, false
}
