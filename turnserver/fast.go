package turnserver

import (
	"encoding/binary"
	"net/netip"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// Pion relays a datagram with a system call to read it, one to write it, two goroutines and some allocations. Here what is bound to
// a channel, which is nearly everything, goes another way, a batch at a time: from the client's listener straight to the peer, or
// to the other client where the peer is a relay of this server; and from a relay's socket straight to the client. Nothing is
// copied: a ChannelData header is taken off, written into the room in front of the datagram, or overwritten by the other client's.
//
// Whatever Pion and this package check for a datagram on the long way is checked on the short one, by the same functions. Pion
// still sees all STUN, so it decides what is bound, permitted and alive, and tells (entry.events).
//
// Both ways keep the order of each flow. The short one from the client is flushed before Pion gets a message, and the short one
// to the client is closed to a channel until Pion is done with what that peer sent before (channel.open).

// fastSlots is how many datagrams are handled together, 205 kB of buffers: enough to share the system calls, and few enough to stay
// in the processor's cache.
const fastSlots = 128

// fastPath is what one goroutine needs to relay by itself: that of a listener, or that which reads all relays' sockets.
type fastPath struct {
	srv *Server
	in  *udpbatch.Inbox
	out *udpbatch.Outbox

	scratch []byte
}

func newFastPath(s *Server, size int) *fastPath {
	return &fastPath{srv: s, in: udpbatch.NewInbox(fastSlots, size, channelHeader), out: udpbatch.NewOutbox(fastSlots),
		scratch: make([]byte, 0, relayBuffer)}
}

// flush sends what was gathered. The kernel says why it refuses some, but nobody could do anything about it.
func (f *fastPath) flush() {
	if dropped := f.out.Flush(); dropped > 0 {
		f.srv.stats.unsent.Add(uint64(dropped))
	}
}

// fromClient relays one datagram of a client that came in by e, if it is ChannelData of a channel that is bound. Else it is Pion's.
func (f *fastPath) fromClient(e *entry, d []byte, src netip.AddrPort) bool {
	number, size, ok := readHeader(d)
	if !ok {
		return false
	}
	r := e.relayOf(netip.AddrPortFrom(canonical(src.Addr()), src.Port()))
	if r == nil {
		return false
	}
	ch := r.channels.number(number)
	if ch == nil {
		return false
	}
	p := d[channelHeader : channelHeader+size]
	own, err := r.outgoing(ch.peer, p)
	switch {
	case err != nil: // and counted
	case own != nil:
		f.across(r, own, ch, d[:channelHeader+size])
	default:
		f.add(ch.lane(r), p)
		r.sent(size)
	}
	return true
}

// across relays p, which has room for a header in front, from one client to another. There is no socket in between.
func (f *fastPath) across(r, own *relay, ch *channel, d []byte) {
	p := d[channelHeader:]
	r.sent(len(p))
	back := own.channels.peer(r.at)
	if back == nil || own.toClient == nil || !back.open(own) {
		own.deliver(r, p)
		return
	}
	if own.incoming(r.at, p, false) != nil {
		return
	}
	putHeader(d, back.number, len(p))
	f.add(ch.acrossTo(own), d)
	own.received(len(p))
}

// copyAcross is across for what Pion sends: it is Pion's buffer, without room for a header, and gone when this returns.
func (f *fastPath) copyAcross(r, own *relay, p []byte) {
	d := append(f.scratch[:channelHeader], p...)
	f.scratch = d
	f.across(r, own, &channel{}, d)
	f.flush()
}

// Room is for the goroutine that reads the sockets of all relays: it must not take what would then not fit into the inbox.
func (r *relay) Room() int { return r.relays.srv.cfg.Limits.Queue - len(r.inbox) }

// Failed counts an error of the socket, which does not end its reading.
func (r *relay) Failed(err error) {
	s := r.relays.srv
	s.stats.readErrors.Add(1)
	s.log.Debug().Err(err).Stringer("relay", r.at).Msg("socket error survived")
}

// Received relays what came from peers outside to the client, what is bound to a channel without Pion.
func (r *relay) Received(in *udpbatch.Inbox, first int) {
	f := r.relays.srv.fast
	for i := first; i < in.Len(); i++ {
		p, src, ok := in.At(i)
		if !ok {
			f.srv.stats.oversized.Add(1)
			continue
		}
		src = netip.AddrPortFrom(canonical(src.Addr()), src.Port())
		if r.incoming(src, p, true) != nil {
			continue
		}
		ch := r.channels.peer(src)
		if ch == nil || r.toClient == nil || !ch.open(r) {
			r.enqueue(nil, src, p)
			continue
		}
		d := in.Before(i, channelHeader)
		putHeader(d, ch.number, len(p))
		f.add(r.toClient, d)
		r.received(len(p))
	}
}

func (f *fastPath) add(l *udpbatch.Lane, p []byte) {
	if dropped := f.out.Add(l, p); dropped > 0 {
		f.srv.stats.unsent.Add(uint64(dropped))
	}
}

// readHeader reads the header of RFC 8656 section 12.4. What follows the data is padding.
func readHeader(d []byte) (number uint16, size int, ok bool) {
	if len(d) < channelHeader || d[0]>>6 != 1 {
		return 0, 0, false
	}
	number, size = binary.BigEndian.Uint16(d), int(binary.BigEndian.Uint16(d[2:]))
	return number, size, channelHeader+size <= len(d)
}

func putHeader(d []byte, number uint16, size int) {
	binary.BigEndian.PutUint16(d, number)
	binary.BigEndian.PutUint16(d[2:], uint16(size))
}
