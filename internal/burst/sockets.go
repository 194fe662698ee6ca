package burst

import (
	"net"

	"github.com/beckon-rtc/beckon/internal/udpbatch"
	"github.com/pion/transport/v4"
)

// buffers is what a socket asks of the system for each direction, in bytes: what comes while the reader is at work. The system gives
// what it is set to give at most, and takes no memory for it until it is needed.
const buffers = 4 << 20

// Sockets makes them. The memory that they use while there is something to send or to read is shared by all that one Sockets has made. The
// zero value is ready, and all of it may be used at once.
type Sockets struct {
	arrivals udpbatch.Spare[udpbatch.Joined]
	batches  udpbatch.Spare[batch]
	outboxes udpbatch.Spare[udpbatch.Outbox]
	reserve  reserve
}

// Wrap makes a socket of one that nobody else uses, and that is closed with it. Where the kernel has not what this is about, it returns
// the one that it was given.
func (s *Sockets) Wrap(conn *net.UDPConn) transport.UDPConn {
	// What the system refuses it does without.
	_ = conn.SetReadBuffer(buffers)
	_ = conn.SetWriteBuffer(buffers)
	sock, err := udpbatch.New(conn)
	if err != nil { // it is closed, as whoever uses it will find out
		return conn
	}
	joiner, ok := sock.Joiner(&s.arrivals)
	if !ok {
		return conn
	}
	c := &Conn{udp: conn, sockets: s}
	c.in.joiner = joiner
	c.out.sock = sock
	c.out.room.L = &c.out.mu
	return c
}
