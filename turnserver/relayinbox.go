package turnserver

import (
	"net"
	"net/netip"
)

// deliver puts what another relay sends into the inbox. The sender may be reading a listener that serves everybody: it never
// waits.
func (r *relay) deliver(from *relay, p []byte) {
	s := r.relays.srv
	if len(p) >= relayBuffer {
		s.stats.oversized.Add(1)
		return
	}
	if r.incoming(from.at, p, false) != nil {
		return
	}
	r.enqueue(from, netip.AddrPort{}, p)
}

// enqueue puts a datagram into the inbox: that of another relay, or of a peer outside. It does not wait.
func (r *relay) enqueue(own *relay, from netip.AddrPort, p []byte) {
	s := r.relays.srv
	if !s.packets.fits(len(r.inbox)) {
		s.stats.queueFull.Add(1)
		return
	}
	k := s.packets.get()
	k.own, k.from, k.n = nil, from, copy(k.buf[:], p)
	if own != nil {
		k.own = own.addr
	}
	r.queued.Add(1)
	select {
	case r.inbox <- k:
		select {
		case <-r.done: // whose reader may have seen to the inbox before
			r.empty()
		default:
		}
	default:
		r.handled.Add(1)
		s.stats.queueFull.Add(1)
		s.packets.put(k)
	}
}

// ReadFrom returns one datagram of a peer that the relay may reach. Its error is final: Pion deletes the allocation.
func (r *relay) ReadFrom(p []byte) (int, net.Addr, error) {
	s := r.relays.srv
	if r.busy {
		r.busy = false
		r.handled.Add(1)
	}
	for {
		select {
		case <-r.done: // before what has come: nothing is relayed once a relay has ended
			r.empty()
			r.entry.busy.wait()
			r.ended.Do(r.relays.wg.Done)
			return 0, nil, net.ErrClosed
		default:
		}
		select {
		case <-r.done:
		case k := <-r.inbox:
			n, from := copy(p, k.buf[:k.n]), k.own
			if from == nil {
				from = r.outside(k.from)
			}
			s.packets.put(k)
			if r.polled != nil && len(r.inbox) <= cap(r.inbox)/2 {
				r.polled.Resume()
			}
			r.received(n)
			r.busy = true
			return n, from, nil
		}
	}
}

// empty gives back what nobody will read.
func (r *relay) empty() {
	for {
		select {
		case k := <-r.inbox:
			r.relays.srv.packets.put(k)
		default:
			return
		}
	}
}

// outside is a peer's address for Pion. Most packets come from the same peer as the one before, and Pion does not change
// an address.
func (r *relay) outside(from netip.AddrPort) *net.UDPAddr {
	if r.last == nil || r.last.AddrPort() != from {
		r.last = udpAddr(from)
	}
	return r.last
}
