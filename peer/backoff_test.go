package peer

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures       int
		random         float64
		longest, least time.Duration
		want           time.Duration
	}{
		{0, 0, longestWait, 0, 0}, // full jitter: it may be at once
		{0, 0.5, longestWait, 0, 125 * time.Millisecond},
		{1, 0.5, longestWait, 0, 250 * time.Millisecond},
		{6, 0.5, longestWait, 0, 8 * time.Second},
		{7, 0.5, longestWait, 0, 15 * time.Second}, // no longer than half a minute
		{1e9, 0.5, longestWait, 0, 15 * time.Second},
		{1e9, 1, longestFor(15 * time.Second), 0, 10 * time.Second}, // nor than the others wait
		{1e9, 1, longestFor(time.Hour), 0, 30 * time.Second},
		{1e9, 1, longestFor(0), 0, 30 * time.Second},    // a server that does not say
		{0, 0.5, longestWait, time.Second, time.Second}, // not before the server wants it
		{7, 0.5, longestWait, time.Second, 15 * time.Second},
		{0, 0.5, longestWait, -time.Second, 125 * time.Millisecond},
	} {
		if got := backoff(c.failures, c.random, c.longest, c.least); got != c.want {
			t.Errorf("after %d failures, with %v of at most %v and at least %v: %v, want %v", c.failures, c.random, c.longest, c.least, got, c.want)
		}
	}
}

// What the other side of another connection would say again is told from what says nothing about it.
func TestWhatMayPass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		again bool
		after time.Duration
	}{
		{io.EOF, true, 0},
		{errMoved, true, 0},
		{errUprooted, true, 0},
		{&websocket.CloseError{Code: websocket.CloseAbnormalClosure}, true, 0},
		{&websocket.CloseError{Code: int(protocol.CloseTryLater)}, true, 0},
		{&websocket.CloseError{Code: int(protocol.CloseReplaced)}, false, 0},
		{refusal(protocol.ErrorReply{Code: protocol.CodeRateLimited, RetryAfter: 1500}), true, 1500 * time.Millisecond},
		{refusal(protocol.ErrorReply{Code: protocol.CodeTooManyRooms}), true, 0},
		{refusal(protocol.ErrorReply{Code: protocol.CodeInternal}), true, 0},
		{refusal(protocol.ErrorReply{Code: protocol.CodeUnauthorized, RetryAfter: 1500}), false, 0},
		{refusal(protocol.ErrorReply{Code: protocol.CodeForbidden}), false, 0},
		{refusal(protocol.ErrorReply{Code: protocol.CodeRoomFull}), false, 0},
		{protocol.Errorf(protocol.CodeConnectFailed, "no answer"), true, 0},
		{protocol.Errorf(protocol.CodeBadFrame, "a binary frame"), false, 0},
		{passing{errors.New("HTTP 503"), 5 * time.Second}, true, 5 * time.Second},
	} {
		if after, again := mayPass(c.err); again != c.again || after != c.after {
			t.Errorf("%v: again %v after %v, want %v after %v", c.err, again, after, c.again, c.after)
		}
	}
}
