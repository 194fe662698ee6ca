package peer

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// updates are this peer's own attributes, and what the application changes about them: one change at a time, because the event
// that answers does not say which update it answers. One that meets a lost connection is brought by the next join, which says the
// newest attributes. Room.mu guards them.
type updates struct {
	room    *Room
	newest  json.RawMessage
	joining *update   // what was under way when the last join was made: it has been said in that
	waiting []*update // the first is under way
	lastID  uint64
}

// update is one change.
type update struct {
	attributes json.RawMessage
	before     json.RawMessage
	id         uint64 // of the frame on this carrier; 0 if none was sent
	done       chan error
}

// Update replaces what the other members see of this peer. The attributes must marshal to a JSON object. Update returns when
// the room's log has them, for which it waits for the server if that is out of reach. Errors: CodeRateLimited, CodeMessageTooLarge,
// CodeOverflow when 64 wait already, CodeAborted, CodeClosed or what else ended the room. ctx bounds the wait; when it ends, the
// attributes may be replaced or not.
func (r *Room) Update(ctx context.Context, attributes any) error {
	raw, err := marshalObject(attributes)
	if raw == nil {
		raw = json.RawMessage(`{}`)
	}
	if err == nil {
		err = r.update(ctx, raw)
	}
	if err != nil {
		return wrap(err, "update in room %q", r.name)
	}
	return nil
}

func (r *Room) update(ctx context.Context, raw json.RawMessage) error {
	if ctx.Err() != nil {
		return aborted(ctx)
	}
	u := &update{attributes: raw, done: make(chan error, 1)}
	r.mu.Lock()
	err := codedCause(r.ctx)
	if most := r.limits.Attributes; err == nil && most > 0 && len(raw) > most {
		err = protocol.Errorf(protocol.CodeMessageTooLarge, "attributes of %d bytes are more than the server's %d", len(raw), most)
	}
	if err == nil {
		err = r.updates.add(u)
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return await(ctx, u.done)
}

func (us *updates) add(u *update) error {
	if len(us.waiting) >= maxUpdates {
		return protocol.Errorf(protocol.CodeOverflow, "%d updates wait for the server", maxUpdates)
	}
	us.waiting = append(us.waiting, u)
	if len(us.waiting) == 1 {
		us.begin()
	}
	return nil
}

// begin takes the first update to be under way.
func (us *updates) begin() {
	if len(us.waiting) == 0 {
		return
	}
	u := us.waiting[0]
	u.before, us.newest = us.newest, u.attributes
	us.request(u)
}

// request sends an update, if the room is there to take it.
func (us *updates) request(u *update) {
	c := us.room.carrier
	if us.room.condition != RoomJoined || c == nil { // while Close waits for the end it is joined, and has none
		return
	}
	us.lastID++
	u.id = us.lastID
	c.post(protocol.Update{ID: u.id, Room: us.room.name, Attributes: u.attributes})
}

// settle ends the update that is under way, and begins the next.
func (us *updates) settle(err error) {
	us.waiting[0].done <- err
	us.waiting = us.waiting[1:]
	us.begin()
}

// seen is called when the room's log has an update of this peer. One that was answered by a snapshot already may be told again.
func (us *updates) seen(attributes json.RawMessage) {
	if len(us.waiting) > 0 && us.waiting[0].id != 0 && bytes.Equal(us.waiting[0].attributes, attributes) {
		us.settle(nil)
	}
}

// refused takes the server's answer, if it is about the update that is under way.
func (us *updates) refused(m protocol.ErrorReply) {
	if len(us.waiting) == 0 || m.ID == 0 || m.ID != us.waiting[0].id {
		return
	}
	us.newest = us.waiting[0].before
	us.settle(refusal(m))
}

// join returns what the join says of them that is being made now.
func (us *updates) join() json.RawMessage {
	us.joining = nil
	if len(us.waiting) > 0 {
		us.joining = us.waiting[0]
	}
	return us.newest
}

// lost is called when the carrier is gone: whether the server has the update is not known, and does not matter any more.
func (us *updates) lost() {
	if len(us.waiting) > 0 {
		us.waiting[0].id = 0
	}
}

// rejoined is called when the room is as it is now, with this peer's attributes in it: after a join, or after events were missed,
// among them perhaps the answer.
func (us *updates) rejoined(current json.RawMessage) {
	joining := us.joining
	us.joining = nil
	if len(us.waiting) == 0 {
		return
	}
	switch u := us.waiting[0]; {
	case u == joining, u.id != 0 && bytes.Equal(u.attributes, current):
		us.settle(nil)
	}
}

// resumed is called when the room takes frames again: what has come up meanwhile is sent.
func (us *updates) resumed() {
	if len(us.waiting) > 0 && us.waiting[0].id == 0 {
		us.request(us.waiting[0])
	}
}

// end fails all.
func (us *updates) end(cause error) {
	for _, u := range us.waiting {
		u.done <- cause
	}
	us.waiting = nil
}
