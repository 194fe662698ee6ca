package turnserver

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// udpConn is the UDP listener. Pion's loop ends with the first error of ReadFrom, whatever it is, and a server that
// stays deaf after one ICMP message or one moment without kernel memory is worse than one that crashes: so only the
// closing of the socket gets through.
type udpConn struct {
	*net.UDPConn // deadlines, addresses and Close
	srv          *Server
	ended        sync.Once
}

var _ net.PacketConn = (*udpConn)(nil)

// ReadFrom belongs to one goroutine, which ends with the error.
func (u *udpConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, src, err := u.srv.read(u.UDPConn, p)
	if err != nil {
		u.ended.Do(u.srv.wg.Done)
		return 0, nil, err
	}
	return n, udpAddr(src), nil
}

// read returns the next datagram of a listener or a relay. Its error says that the socket or the server is closed.
func (s *Server) read(sock datagrams, p []byte) (int, netip.AddrPort, error) {
	for streak := 1; ; streak++ {
		n, src, err := sock.ReadFromUDPAddrPort(p)
		if err == nil || !s.survive(err, streak) {
			return n, src, err
		}
	}
}

// datagrams is what read needs of a *net.UDPConn.
type datagrams interface {
	ReadFromUDPAddrPort(p []byte) (int, netip.AddrPort, error)
}

// survive says whether to read or accept again after the streak-th error in a row, and waits before it says yes, so
// that an error that does not go away costs nothing.
func (s *Server) survive(err error, streak int) bool {
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	s.stats.readErrors.Add(1)
	s.log.Debug().Err(err).Int("streak", streak).Msg("socket error survived")
	t := time.NewTimer(min(time.Millisecond<<min(streak, 10), time.Second))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.closing:
		return false
	}
}

// udpAddr is ap for Pion, which compares addresses by their bytes: IPv4 always as four.
func udpAddr(ap netip.AddrPort) *net.UDPAddr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
}
