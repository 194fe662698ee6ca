package peer

import (
	"context"
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Send says something to all members of the room, who get it as an EventMessage; data is anything that marshals to JSON.
// Messages of one peer arrive in the order in which Send was called, each once, whatever happens to connections and servers. Send
// returns when the message stands in the room's log; it waits for the server if that is out of reach.
//
// Errors: CodeMessageTooLarge, CodeOverflow when 512 are on their way, what the server refuses it with, CodeConnectionLost when
// the server took this peer for a new one, CodeAborted, CodeClosed or what else ended the room; but for the first two, the message
// may have been said all the same. ctx bounds the wait; when it ends, the message is said nevertheless.
func (r *Room) Send(ctx context.Context, data any) error {
	err := r.deliver(ctx, data, nil, func(raw json.RawMessage, settled func(error)) error {
		r.member.say(raw, settled)
		return nil
	})
	if err != nil {
		return wrap(err, "send to room %q", r.name)
	}
	return nil
}

// deliver gives data, as JSON that check accepts, to do under mu, and waits until it is settled or ctx ends.
func (r *Room) deliver(ctx context.Context, data any, check func(json.RawMessage) error,
	do func(raw json.RawMessage, settled func(error)) error) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return protocol.Errorf(protocol.CodeBadFrame, "the data does not marshal: %v", err)
	}
	if check != nil {
		err = check(raw)
	}
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	r.mu.Lock()
	if err = codedCause(r.ctx); err == nil {
		err = r.fits(raw)
	}
	if err == nil {
		err = do(raw, func(err error) { done <- err })
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return await(ctx, done)
}

// await waits for the result of what was begun. Everything that is begun has one, at the latest when the room ends.
func await(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return aborted(ctx)
	}
}

// fits checks that what an application says fits into a frame. The caller holds mu.
func (r *Room) fits(raw json.RawMessage) error {
	const envelope = 512 // the frame's other fields: five names of at most 64 bytes, and numbers
	if most := r.limits.Frame; most > 0 && len(raw) > most-envelope {
		return protocol.Errorf(protocol.CodeMessageTooLarge,
			"%d bytes of JSON are more than the %d that fit into a frame of the server; use a channel", len(raw), most-envelope)
	}
	return nil
}
