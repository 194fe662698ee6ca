package peer

import (
	"context"
	"net"
	"time"

	"github.com/beckon-rtc/beckon/internal/burst"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// dialTimeout is how long the TCP connection to a TURN server may take: three tries of the kernel.
const dialTimeout = 5 * time.Second

// machine is the machine's network as Pion sees it for one connection, but for what Pion would do for too long. ctx is the
// connection's: when it ends, what is under way is given up. The embedded Net has not looked for the interfaces, which takes longer
// than making a key: they are asked for anew below, and nobody else wants them.
type machine struct {
	*stdnet.Net
	ctx     context.Context
	sockets *burst.Sockets
}

func newMachine(ctx context.Context, sockets *burst.Sockets) machine {
	return machine{new(stdnet.Net), ctx, sockets}
}

// ListenUDP makes the sockets of candidates fast. The one for the names of browsers is Pion's own matter, which looks into it.
func (m machine) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := net.ListenUDP(network, address)
	if err != nil {
		return nil, err // not a nil *net.UDPConn, which would be no nil interface
	}
	if address != nil && address.IP.IsMulticast() {
		return conn, nil
	}
	return m.sockets.Wrap(conn), nil
}

// ListenPacket is what Pion calls for a TURN server that is reached over UDP, and for nothing else; see allocating.
func (m machine) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := m.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return newAllocating(m.ctx, conn), nil
}

// DialTCP is bounded. Pion's own dial is not, and closing a connection waits for it: with a firewall that drops what goes to
// the TURN server's TCP port, that takes two minutes on Linux.
func (m machine) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	ctx, cancel := context.WithTimeout(m.ctx, dialTimeout)
	defer cancel()
	return dialTCP(ctx, network, local, remote)
}

func dialTCP(ctx context.Context, network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	var dialer net.Dialer
	if local != nil {
		dialer.LocalAddr = local // only then: a nil *net.TCPAddr in the interface would not be nil
	}
	conn, err := dialer.DialContext(ctx, network, remote.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil // which is what a Dialer makes for a TCP network
}

// Interfaces are asked for anew: a room outlives a laptop's change of networks, and stdnet remembers those of its making.
func (machine) Interfaces() ([]*transport.Interface, error) {
	now, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return now.Interfaces()
}
