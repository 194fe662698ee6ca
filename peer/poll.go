package peer

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// firstPoll bounds the answer to the hello, which comes when there is something to say, and that is the welcome.
const firstPoll = defaultSilence

// poll is the conduit whose frames come in the answers to one request after the other.
type poll struct {
	*posting

	// Owned by who receives.
	cursor uint64
	lines  [][]byte // that have come and were not received
}

var _ conduit = (*poll)(nil)

// poll opens a series of polls. The hello is not repeated when its answer is lost: that would be another connection.
func (a *approach) poll(ctx context.Context) (conduit, error) {
	k := &poll{posting: a.posting(ctx)}
	unwatch := context.AfterFunc(ctx, func() { k.fail(context.Cause(ctx)) })
	defer unwatch()
	answer, err := k.ask(pollPath, a.hello, firstPoll, maxIncoming)
	if err != nil {
		k.close()
		return nil, err
	}
	head, err := k.take(answer)
	if err == nil && head.Carrier != "" {
		k.carrier = head.Carrier
		return k, nil
	}
	k.close()
	return nil, passing{obstacle{protocol.Errorf(protocol.CodeConnectFailed,
		"%s answers, but not as a Beckon server does (at %s)", a.server, pollPath)}, 0}
}

func (k *poll) receive(silence time.Duration) ([]byte, error) {
	for len(k.lines) == 0 {
		// With the same cursor it gets the same lines again, so it may ask twice.
		body := protocol.Encode(protocol.Poll{Carrier: k.carrier, Cursor: k.cursor})
		answer, err := k.twice(pollPath, body, silence, maxIncoming)
		if err != nil {
			return nil, err
		}
		if _, err := k.take(answer); err != nil {
			return nil, err
		}
	}
	line := k.lines[0]
	k.lines = k.lines[1:]
	if c := isClose(line); c != nil {
		return nil, &websocket.CloseError{Code: c.Code, Text: c.Reason}
	}
	return line, nil
}

// take reads an answer, whole or not at all.
func (k *poll) take(answer []byte) (protocol.Polled, error) {
	first, rest, _ := bytes.Cut(answer, []byte("\n"))
	head, err := protocol.DecodeLine[protocol.Polled](first)
	if err != nil {
		return head, fmt.Errorf("%.80q is no answer to a poll", first)
	}
	var lines [][]byte
	for line := range bytes.SplitSeq(rest, []byte("\n")) {
		if len(line) > 0 {
			lines = append(lines, line)
		}
	}
	if head.Cursor != k.cursor+uint64(len(lines)) {
		return head, fmt.Errorf("%d lines behind cursor %d do not make %d", len(lines), k.cursor, head.Cursor)
	}
	k.cursor, k.lines = head.Cursor, lines
	return head, nil
}
