package peer

import (
	"context"
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

// Signal says something to this peer alone, through the server, connected or not; it comes out of the other side's Recv as an
// EventSignal, once and in the order of the calls. data is anything that marshals to JSON, but not an object with the keys
// description, candidate, want, over or unverified, which are the SDKs' own.
//
// Signal returns when the peer has received it; it waits for a peer that is away, and for the server. Errors: CodeMessageTooLarge,
// CodeOverflow when 272 are on their way, CodeClosed when the peer has left, CodeStaleInstance when its page was reloaded,
// CodeUnknownPeer and CodeForbidden when the server says so, CodeConnectionLost when the server took this peer for a new one,
// CodeAborted, or what ended the room; but for the first two, it may have arrived all the same. ctx bounds the wait; when it ends,
// the signal is delivered nevertheless.
func (p *Peer) Signal(ctx context.Context, data any) error {
	r := p.room
	err := r.deliver(ctx, data, notOurs, func(raw json.RawMessage, settled func(error)) error {
		if p.here.Err() != nil {
			return protocol.Errorf(protocol.CodeClosed, "the peer has left")
		}
		r.member.send(p, raw, settled)
		return nil
	})
	if err != nil {
		return wrap(err, "signal to %q", p.id)
	}
	return nil
}

func notOurs(raw json.RawMessage) error {
	if _, ours := sdkSignal(raw); ours {
		return protocol.Errorf(protocol.CodeBadFrame, "the keys description, candidate, want, over and unverified are reserved; wrap the data in a key of your own")
	}
	return nil
}

// sdkSignal reads a signal's data and tells whether it is the SDKs' own.
func sdkSignal(raw json.RawMessage) (data protocol.SignalData, ours bool) {
	var keys map[string]json.RawMessage
	if json.Unmarshal(raw, &keys) != nil {
		return data, false
	}
	for _, key := range []string{"description", "candidate", "want", "over", "unverified"} {
		if _, is := keys[key]; is {
			return data, json.Unmarshal(raw, &data) == nil
		}
	}
	return data, false
}

// say sends a signal of the SDK's own. The caller holds mu.
func (r *Room) say(p *Peer, data protocol.SignalData) {
	raw, err := json.Marshal(data)
	if err != nil {
		return // a candidate that is not JSON cannot come from Pion
	}
	r.member.send(p, raw, func(err error) {
		if err != nil {
			r.unsaid(p, err)
		}
	})
}

// unsaid is called when a signal of the SDK's own was given up, and with it the negotiation. One that is given up because the peer
// left, or is another instance, is told otherwise. The caller holds mu.
func (r *Room) unsaid(p *Peer, err error) {
	if code := Code(err); code == protocol.CodeClosed || code == protocol.CodeStaleInstance || p.ctx.Err() != nil {
		return
	}
	if state := p.State(); state == StateWaiting && p.meeting.asked.IsZero() || state == StateConnected {
		return // no negotiation is under way, and channels need no signals
	}
	p.end(protocol.Errorf(protocol.CodeConnectFailed, "a signal was not delivered: %v", err))
}

// signalled takes what another member said to this one. The caller holds mu.
func (r *Room) signalled(e delivery.Direct) {
	p := r.find(e.Peer, e.Instance)
	if p == nil {
		return
	}
	if data, ours := sdkSignal(e.Data); ours {
		r.negotiated(p, data)
		return
	}
	r.emit(Event{Kind: EventSignal, Peer: p, Data: e.Data})
}
