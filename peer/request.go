package peer

import (
	"context"
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// answer is what a call waits for.
type answer struct {
	id   uint64 // of the frame, for an error reply
	n    uint64 // of the message or signal
	done chan error
}

// finish gives the call its result. Only the first counts, and nobody may be waiting any more.
func (a *answer) finish(err error) {
	select {
	case a.done <- err:
	default:
	}
}

// answers are the calls of a room that wait for the server. Room.mu guards them.
type answers struct {
	lastID   uint64
	lastN    uint64
	messages map[uint64]*answer // by n, until the echo
	updates  []*answer          // in their order; each is answered by an updated event or an error
}

// echoed finishes the message with number n.
func (a *answers) echoed(n uint64) {
	if m := a.messages[n]; m != nil {
		m.finish(nil)
		delete(a.messages, n)
	}
}

// updated finishes the oldest update.
func (a *answers) updated() {
	if len(a.updates) > 0 {
		a.updates[0].finish(nil)
		a.updates = a.updates[1:]
	}
}

// refused finishes the message or update whose frame had that id.
func (a *answers) refused(id uint64, err error) {
	for n, m := range a.messages {
		if m.id == id {
			m.finish(err)
			delete(a.messages, n)
			return
		}
	}
	for i, u := range a.updates {
		if u.id == id {
			u.finish(err)
			a.updates = append(a.updates[:i:i], a.updates[i+1:]...)
			return
		}
	}
}

// gap gives up on what was asked before events were lost: the answers may have been among them.
func (a *answers) gap() {
	err := protocol.Errorf(protocol.CodeOverflow, "events were lost, and with them perhaps the answer: it may have been done or not")
	for _, m := range a.messages {
		m.finish(err)
	}
	for _, u := range a.updates {
		u.finish(err)
	}
	clear(a.messages)
	a.updates = nil
}

// Send says something to all members of the room, who get it as an EventMessage; data is anything that marshals to JSON.
// Messages of one peer arrive in the order in which Send was called. Send returns when the message stands in the room's log,
// or the error with which the server refused it. ctx bounds the wait; when it ends, the message may have been said or not, and
// neither is known after an error of CodeOverflow, which comes with an EventGap.
func (r *Room) Send(ctx context.Context, data any) error {
	raw, err := r.marshal(data)
	if err == nil {
		err = r.request(ctx, r.ctx, func(a *answer) error {
			r.answers.lastN++
			a.n = r.answers.lastN
			r.answers.messages[a.n] = a
			r.post(protocol.Encode(protocol.Message{ID: a.id, Room: r.name, N: a.n, Data: raw}))
			return nil
		})
	}
	if err != nil {
		return wrap(err, "send to room %q", r.name)
	}
	return nil
}

// Update replaces what the other members see of this peer. The attributes must marshal to a JSON object. Update returns when
// the room's log has them.
func (r *Room) Update(ctx context.Context, attributes any) error {
	raw, err := marshalObject(attributes)
	if raw == nil {
		raw = json.RawMessage(`{}`)
	}
	if most := r.session.welcome.Limits.Attributes; err == nil && most > 0 && len(raw) > most {
		err = protocol.Errorf(protocol.CodeMessageTooLarge, "attributes of %d bytes are more than the server's %d", len(raw), most)
	}
	if err == nil {
		err = r.request(ctx, r.ctx, func(a *answer) error {
			r.answers.updates = append(r.answers.updates, a)
			r.post(protocol.Encode(protocol.Update{ID: a.id, Room: r.name, Attributes: raw}))
			return nil
		})
	}
	if err != nil {
		return wrap(err, "update in room %q", r.name)
	}
	return nil
}

// request does something that has an answer, under mu, and waits for the answer, ctx or end. At most maxRequests wait at a
// time; further ones wait for their turn.
func (r *Room) request(ctx, end context.Context, do func(*answer) error) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	select {
	case r.requests <- struct{}{}:
		defer func() { <-r.requests }()
	case <-ctx.Done():
		return aborted(ctx)
	case <-end.Done():
		return codedCause(end)
	}
	a := &answer{done: make(chan error, 1)}
	r.mu.Lock()
	err := codedCause(end)
	if err == nil {
		r.answers.lastID++
		a.id = firstID + r.answers.lastID
		err = do(a)
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return aborted(ctx)
	case <-end.Done():
		return codedCause(end)
	}
}

// firstID is behind the ids that hello and join have.
const firstID = 2

// refused handles an error frame. The caller holds mu.
func (r *Room) refused(m protocol.ErrorReply) {
	err := &protocol.Error{Code: m.Code, Text: m.Message}
	if p := r.peers[m.To]; m.To != "" && p != nil && p.instance == m.ToInstance {
		r.signalRefused(p, m.N, err)
		return
	}
	r.log.Debug().Err(err).Msg("the server refused a frame")
	r.answers.refused(m.ID, err)
}

// marshal makes the JSON of what an application says, and checks that it fits into a frame.
func (r *Room) marshal(data any) (json.RawMessage, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeBadFrame, "the data does not marshal: %v", err)
	}
	const envelope = 512 // the frame's other fields: five names of at most 64 bytes, and numbers
	if most := r.session.welcome.Limits.Frame; most > 0 && len(raw) > most-envelope {
		return nil, protocol.Errorf(protocol.CodeMessageTooLarge,
			"%d bytes of JSON are more than the %d that fit into a frame of the server; use a channel", len(raw), most-envelope)
	}
	return raw, nil
}
