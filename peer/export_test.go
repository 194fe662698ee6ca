package peer

import (
	"context"
	"net"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Hear makes p's room take something as if p had signalled it.
func Hear(p *Peer, data protocol.SignalData) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	p.room.negotiated(p, data)
}

// Session is the session of the current connection, and Offers tells whether this side makes its offers.
func Session(p *Peer) string {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.meeting.current().session
}

func Offers(p *Peer) bool {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.room.state.offers(p.id)
}

// SetAddresses replaces the machine's addresses, as the room sees them.
func SetAddresses(r *Room, addrs ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addresses.read = func() (list []net.Addr, err error) {
		for _, a := range addrs {
			list = append(list, &net.IPNet{IP: net.ParseIP(a), Mask: net.CIDRMask(24, 32)})
		}
		return list, nil
	}
}

// Changed is closed when the state of p, or its connection, is not what it is now.
func Changed(p *Peer) <-chan struct{} {
	_, _, changed := p.meeting.look()
	return changed
}

// Connections is how many connections there are in p's room, those that are closing among them, and how many of Pion's.
func Connections(p *Peer) (all, made int) {
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.connections {
		select {
		case <-c.pcSet:
			if c.pc != nil {
				made++
			}
		default:
		}
	}
	return len(r.connections), made
}

// SetAway makes p unreachable for its room, or reachable again.
func SetAway(p *Peer, away bool) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	p.away = away
	if !away {
		p.room.consider(p)
	}
}

// LoseWhileLeaving brings r to where Close has it for a moment: no connection is made any more, and the one that there was is gone.
func LoseWhileLeaving(r *Room) {
	r.mu.Lock()
	r.leave()
	c := r.carrier
	r.mu.Unlock()
	c.end(errMoved)
}

// RoomOf is the room that p is seen from.
func RoomOf(p *Peer) *Room { return p.room }

// Say answers a request with a message as it is.
func Say(ctx context.Context, r *Request, data string, text bool) error {
	defer r.body.ch.Close("")
	return r.body.ch.Send(ctx, []byte(data), text)
}
