package edge

import (
	"net"
	"net/netip"
	"sync"
)

// underway are the connections that are neither handed over nor refused. All methods may be called at any time.
type underway struct {
	mu      sync.Mutex
	closed  bool                 // guarded by mu
	count   int                  // guarded by mu
	ours    map[net.Conn]bool    // those that a cut closes; guarded by mu
	clients map[netip.Prefix]int // guarded by mu
}

// admit counts a connection in unless max are.
func (u *underway) admit(c net.Conn, max int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || u.count >= max {
		return false
	}
	if u.ours == nil {
		u.ours, u.clients = map[net.Conn]bool{}, map[netip.Prefix]int{}
	}
	u.count++
	u.ours[c] = true
	return true
}

// enter counts a connection for its client unless max are. Clients without an address are not counted.
func (u *underway) enter(client netip.Prefix, max int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !client.IsValid() {
		return true
	}
	if u.clients[client] >= max {
		return false
	}
	u.clients[client]++
	return true
}

// let has a cut leave the connection alone, which still counts.
func (u *underway) let(c net.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.ours, c)
}

// leave is the opposite of admit, and for a valid client of enter.
func (u *underway) leave(c net.Conn, client netip.Prefix) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.ours, c)
	u.count--
	if !client.IsValid() {
		return
	}
	if u.clients[client]--; u.clients[client] == 0 {
		delete(u.clients, client)
	}
}

func (u *underway) size() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.count
}

// cut closes all connections, and has those that come later refused.
func (u *underway) cut() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for c := range u.ours {
		_ = c.Close()
	}
}

// clientKey is what counts as one client: an IPv6 host has a /64 to itself and could come from 2^64 addresses.
func clientKey(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	key, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return key
}
