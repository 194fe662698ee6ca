package turnserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// What only relays with real ports have: a socket each, which one goroutine reads for all (Server.poller, see fast.go).

// takeSocket binds a free port of the range.
func (r *relay) takeSocket(even bool) error {
	sock, err := r.relays.socket(r.family, even)
	if err != nil {
		return err
	}
	if r.batch, err = udpbatch.New(sock); err != nil {
		_ = sock.Close()
		return err
	}
	r.batch.DontWait()
	r.sock = sock
	r.name(addrPort(sock.LocalAddr()).Port())
	r.family.ports[r.at.Port()].Store(r) // free: who had the port before left the table before it let go of the socket
	return nil
}

// socket binds a free port of the range, an even one if it is told to. It goes on as long as ports are merely taken: any other error would be the
// same for all of them.
func (r *relays) socket(f *family, even bool) (sock *net.UDPConn, err error) {
	network := "udp6"
	if f.bind.Is4() {
		network = "udp4"
	}
	done := r.srv.cfg.Ports.shuffled(func(port uint16) bool {
		if even && port%2 != 0 || f.ports[port].Load() != nil || r.srv.ports.has(port) {
			return false
		}
		sock, err = net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(f.bind, port)))
		return !errors.Is(err, syscall.EADDRINUSE)
	})
	switch {
	case !done:
		return nil, fmt.Errorf("%w: %s", ErrNoPorts, r.srv.cfg.Ports)
	case err != nil:
		return nil, fmt.Errorf("turnserver: relay socket: %w", err)
	}
	if err := refuseBroadcast(sock); err != nil {
		_ = sock.Close()
		return nil, fmt.Errorf("turnserver: relay socket: %w", err)
	}
	r.srv.tune(sock)
	return sock, nil
}

// tryBind finds out at the start whether relays can be bound, and not with the first client.
func (r *relays) tryBind() error {
	for _, f := range r.families {
		if f == nil {
			continue
		}
		sock, err := r.socket(f, false)
		if err != nil {
			return err
		}
		_ = sock.Close()
	}
	return nil
}
