package udpbatch

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// Socket is a UDP socket that is read and written in batches. The methods may be called at any time, Receive by one goroutine.
// Closing the connection ends the Socket; there is nothing else to release.
type Socket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	v6   bool // its addresses are IPv6 ones, which IPv4 ones are mapped into

	hasty      atomic.Bool // see DontWait
	noSegments atomic.Bool // UDP_SEGMENT was refused
	plain      atomic.Bool // recvmmsg or sendmmsg was refused
}

// New makes a Socket of a connection, which stays usable by itself. The error is that of a connection that was closed already.
func New(conn *net.UDPConn) (*Socket, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("udpbatch: %w", err)
	}
	s := &Socket{conn: conn, raw: raw}
	if err := s.probe(); err != nil {
		return nil, fmt.Errorf("udpbatch: %w", err)
	}
	return s, nil
}

// DontWait has Flush drop what does not fit into the socket's buffer, instead of waiting for room there: for a socket whose
// destinations somebody else chooses, while others wait for the Outbox. A few hundred datagrams to neighbours that are not there fill
// a buffer for the three seconds that the kernel asks for them. Where each datagram takes a call of its own it waits all the same.
func (s *Socket) DontWait() { s.hasty.Store(true) }

// Conn is the connection that the Socket was made of.
func (s *Socket) Conn() *net.UDPConn { return s.conn }

// Receive fills the inbox with what is there, anew, and waits until that is at least one datagram. The error is the socket's, as
// of net.UDPConn.ReadFrom.
func (s *Socket) Receive(in *Inbox) error {
	in.Reset()
	return s.receive(in, len(in.slots), true)
}

// tryReceive adds what is there to the inbox, at most so many, and does not wait.
func (s *Socket) tryReceive(in *Inbox, most int) error {
	return s.receive(in, min(most, in.Free()), false)
}

// receiveOne is Receive where one call brings one datagram.
func (s *Socket) receiveOne(in *Inbox) error {
	n, from, err := s.conn.ReadFromUDPAddrPort(in.slot(in.n))
	if err != nil {
		return err
	}
	in.slots[in.n] = inSlot{n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
	in.n++
	return nil
}
