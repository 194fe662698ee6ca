package turnserver

import (
	"net"
	"net/netip"
	"sync"
)

// packet is one datagram on its way into a relay's inbox. It belongs to who got it from the pool, then to the inbox, then to who
// takes it out and puts it back.
type packet struct {
	own  *net.UDPAddr   // the relay of this server that sent it; nil: from is a peer outside
	from netip.AddrPort // canonical
	n    int
	buf  [relayBuffer]byte
}

// packetPool saves an allocation for each packet. All methods may be called at any time.
type packetPool struct{ pool sync.Pool }

func (p *packetPool) get() *packet {
	if k, ok := p.pool.Get().(*packet); ok {
		return k
	}
	return &packet{}
}

func (p *packetPool) put(k *packet) { p.pool.Put(k) }
