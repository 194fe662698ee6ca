package peer

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Signal says something to this peer alone, through the server, connected or not; it comes out of the other side's Recv as an
// EventSignal. data is anything that marshals to JSON, but not an object with the keys description, candidate or want, which
// are the SDKs' own.
//
// Signal returns when the peer has received it, or an error: CodeUnknownPeer, CodeStaleInstance or CodeBusy when the server
// refused it, CodeMessageTooLarge, CodeOverflow when 256 wait already, CodeClosed when the peer has left. To a peer that is
// away it is lost, and Signal waits until that has left. ctx bounds the wait; when it ends, the signal may arrive or not.
func (p *Peer) Signal(ctx context.Context, data any) error {
	if err := p.sendSignal(ctx, data); err != nil {
		return wrap(err, "signal to %q", p.id)
	}
	return nil
}

func (p *Peer) sendSignal(ctx context.Context, data any) error {
	r := p.room
	raw, err := r.marshal(data)
	if err != nil {
		return err
	}
	if _, ours := sdkSignal(raw); ours {
		return protocol.Errorf(protocol.CodeBadFrame, "the keys description, candidate and want are reserved; wrap the data in a key of your own")
	}
	return r.request(ctx, p.here, func(a *answer) error {
		switch {
		case p.lost != nil:
			return p.lost
		case len(p.numbers.waiting) >= maxSignals:
			return protocol.Errorf(protocol.CodeOverflow, "%d signals wait for the peer to receive those before them", maxSignals)
		}
		a.n = r.signal(p, raw)
		p.awaiting = append(p.awaiting, a)
		return nil
	})
}

// sdkSignal reads a signal's data and tells whether it is the SDKs' own.
func sdkSignal(raw json.RawMessage) (data protocol.SignalData, ours bool) {
	var keys map[string]json.RawMessage
	if json.Unmarshal(raw, &keys) != nil {
		return data, false
	}
	for _, key := range []string{"description", "candidate", "want"} {
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
	r.signal(p, raw)
}

// signal queues a signal to p and returns its number. The caller holds mu.
func (r *Room) signal(p *Peer, raw json.RawMessage) uint64 {
	if len(p.numbers.waiting) >= maxSignals {
		p.end(protocol.Errorf(protocol.CodeOverflow, "the peer acknowledges no signals; %d wait", maxSignals))
		return 0
	}
	n := p.numbers.send(raw)
	r.postSignals(p)
	return n
}

func (r *Room) postSignals(p *Peer) {
	for _, s := range p.numbers.ready() {
		r.post(protocol.Encode(protocol.Signal{Room: r.name, To: p.id, ToInstance: p.instance, N: s.n, Data: s.data}))
	}
}

// signalled handles a signal from another member. The caller holds mu.
func (r *Room) signalled(s protocol.Signal) error {
	p := r.peers[s.From]
	if p == nil || p.instance != s.FromInstance {
		return protocol.Errorf(protocol.CodeUnknownPeer, "a signal from %q, which is not here", s.From)
	}
	owed := p.numbers.owed
	next := p.numbers.accept(s.N)
	if p.numbers.owed && !owed {
		r.owing = append(r.owing, p)
		r.wakeWriter()
	}
	if !next {
		return nil
	}
	data, ours := sdkSignal(s.Data)
	if !ours {
		r.emit(Event{Kind: EventSignal, Peer: p, Data: s.Data})
		return nil
	}
	r.negotiated(p, data)
	return nil
}

// receipted lets the next signals go, and tells those who wait that theirs have arrived. The caller holds mu.
func (r *Room) receipted(m protocol.Receipt) {
	p := r.peers[m.From]
	if p == nil || p.instance != m.FromInstance {
		return
	}
	p.numbers.receipt(m.N)
	for len(p.awaiting) > 0 && p.awaiting[0].n <= p.numbers.acked {
		p.awaiting[0].finish(nil)
		p.awaiting = p.awaiting[1:]
	}
	r.postSignals(p)
}

// signalRefused is called when the server did not deliver signal n. Those after it cannot arrive either, because nothing sends
// this one again: a negotiation fails, and so does every later signal. Those before it still get their receipt. The caller
// holds mu.
func (r *Room) signalRefused(p *Peer, n uint64, err error) {
	p.lost = err
	p.awaiting = slices.DeleteFunc(p.awaiting, func(a *answer) bool {
		if a.n >= n {
			a.finish(err)
		}
		return a.n >= n
	})
	if state := p.State(); state == StateWaiting && !p.meeting.asked || state == StateConnected {
		return // no negotiation is under way, and channels need no signals
	}
	p.end(protocol.Errorf(protocol.CodeConnectFailed, "the server did not deliver a signal: %v", err))
}
