package turnserver

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// packet is one datagram on its way into a relay's inbox. It belongs to who got it from the pool, then to the inbox, then to who
// takes it out and puts it back.
type packet struct {
	own  *net.UDPAddr   // the relay of this server that sent it; nil: from is a peer outside
	from netip.AddrPort // canonical
	n    int
	buf  [relayBuffer]byte
}

// A client that does not read has its inbox full for as long as Limits.TCPWrite, 800 kB of it. Who has many allocations could have
// the server run out of memory. So the long queues are shared: a relay may always have some packets, and more only while all of them
// together have not many.
const (
	ownPackets    = 16
	sharedPackets = 1 << 14 // 26 MB
)

// packetPool saves an allocation for each packet, and counts those that are out. All methods may be called at any time.
type packetPool struct {
	pool sync.Pool
	out  atomic.Int64
}

func (p *packetPool) get() *packet {
	p.out.Add(1)
	if k, ok := p.pool.Get().(*packet); ok {
		return k
	}
	return &packet{}
}

func (p *packetPool) put(k *packet) {
	p.out.Add(-1)
	p.pool.Put(k)
}

// fits says whether a relay that has so many packets may have one more.
func (p *packetPool) fits(has int) bool { return has < ownPackets || p.out.Load() < sharedPackets }
