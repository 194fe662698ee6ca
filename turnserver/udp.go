package turnserver

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
)

// udpConn is a UDP listener. Pion's loop ends with the first error of ReadFrom, whatever it is, and a server that
// stays deaf after one ICMP message or one moment without kernel memory is worse than one that crashes: so only the
// closing of the socket gets through.
type udpConn struct {
	*net.UDPConn // deadlines, addresses, WriteTo and Close
	srv          *Server
	batch        *udpbatch.Socket
	entry        *entry // set before the first read

	// Owned by the goroutine in ReadFrom.
	fast  *fastPath
	next  int // the datagram of the batch whose turn it is
	ended bool
}

var _ net.PacketConn = (*udpConn)(nil)

func newUDPConn(s *Server, sock *net.UDPConn) (*udpConn, error) {
	batch, err := udpbatch.New(sock)
	return &udpConn{UDPConn: sock, srv: s, batch: batch, fast: newFastPath(s, s.cfg.Limits.Frame)}, err
}

// ReadFrom returns the next datagram that is Pion's, and relays all others. It belongs to one goroutine, which ends with the
// error.
func (u *udpConn) ReadFrom(p []byte) (int, net.Addr, error) {
	for u.relay() {
		if err := u.srv.read(u.batch, u.fast.in, u.relay); err != nil {
			if !u.ended {
				u.ended = true
				u.srv.wg.Done()
			}
			return 0, nil, err
		}
	}
	d, src, _ := u.fast.in.At(u.next)
	u.next++
	return copy(p, d), udpAddr(src), nil // one that was cut fills p
}

// relay relays the batch until a datagram is Pion's. Then it returns false.
func (u *udpConn) relay() (all bool) {
	for ; u.next < u.fast.in.Len(); u.next++ {
		if d, src, ok := u.fast.in.At(u.next); !ok || !u.fast.fromClient(u.entry, d, src) {
			u.fast.flush() // what the client has sent before goes before what this may do
			return false
		}
	}
	u.fast.flush()
	u.fast.in.Reset()
	u.next = 0
	return true
}

// read has do called with each next batch of a listener until do returns false. Its error says that the socket or the server is
// closed.
func (s *Server) read(sock batches, in *udpbatch.Inbox, do func() bool) error {
	for streak := 1; ; streak++ {
		err := sock.Serve(in, func() bool { streak = 0; return do() })
		if err == nil || !s.survive(err, streak) {
			return err
		}
	}
}

// batches is what read needs of a *udpbatch.Socket.
type batches interface {
	Serve(in *udpbatch.Inbox, do func() bool) error
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
