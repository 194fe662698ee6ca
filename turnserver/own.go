package turnserver

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ownRefresh is how old the list of this machine's addresses may get before a request for a permission renews it.
// Addresses come and go (DHCP, containers), and asking the kernel takes some 50 µs.
const ownRefresh = 10 * time.Second

// ownAddrs knows this machine's addresses. Packets read the list, requests for permissions keep it fresh: so no
// goroutine has to, and no packet waits.
type ownAddrs struct {
	list func() ([]net.Addr, error)
	now  atomic.Pointer[map[netip.Addr]bool]

	mu   sync.Mutex
	last time.Time // guarded by mu
}

func newOwnAddrs() (*ownAddrs, error) {
	o := &ownAddrs{list: net.InterfaceAddrs}
	return o, o.refresh()
}

// snapshot is read-only.
func (o *ownAddrs) snapshot() map[netip.Addr]bool { return *o.now.Load() }

// refresh asks the kernel when the list is old. On an error the old list stays.
func (o *ownAddrs) refresh() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now.Load() != nil && time.Since(o.last) < ownRefresh {
		return nil
	}
	o.last = time.Now() // before the error, so that a machine without file descriptors is not asked for every packet
	list, err := o.list()
	if err != nil {
		return err
	}
	own := make(map[netip.Addr]bool, len(list))
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				own[canonical(ip)] = true
			}
		}
	}
	o.now.Store(&own)
	return nil
}
