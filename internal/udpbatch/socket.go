package udpbatch

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// Socket is a UDP socket that is read and written in batches. The methods may be called at any time, Serve and Receive by one goroutine.
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

// Serve fills the inbox with what is there, anew, waiting until that is at least one datagram, and calls do, again and again until
// do returns false. The error is the socket's, as of net.UDPConn.ReadFrom.
func (s *Socket) Serve(in *Inbox, do func() (more bool)) error { return s.serve(in, do) }

// Receive is Serve for one batch.
func (s *Socket) Receive(in *Inbox) error { return s.serve(in, func() bool { return false }) }

// servePlain is Serve where one call brings one datagram.
func (s *Socket) servePlain(in *Inbox, do func() bool) error {
	for {
		in.Reset()
		if err := s.receiveOne(in); err != nil {
			return err
		}
		if !do() {
			return nil
		}
	}
}

// receiveOne waits for a datagram.
func (s *Socket) receiveOne(in *Inbox) error {
	n, from, err := s.conn.ReadFromUDPAddrPort(in.slot(in.n))
	if err != nil {
		return err
	}
	in.slots[in.n] = inSlot{n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}
	in.n++
	return nil
}
