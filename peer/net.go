package peer

import (
	"net"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// dialTimeout is how long the TCP connection to a TURN server may take: three tries of the kernel.
const dialTimeout = 5 * time.Second

// machine is the machine's network as Pion sees it, but for two things.
type machine struct{ *stdnet.Net }

// DialTCP is bounded. Pion's own dial is not, and closing a connection waits for it: with a firewall that drops what goes to
// the TURN server's TCP port, that takes two minutes on Linux.
func (machine) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	return dialTCP(network, local, remote, dialTimeout)
}

func dialTCP(network string, local, remote *net.TCPAddr, timeout time.Duration) (transport.TCPConn, error) {
	dialer := net.Dialer{Timeout: timeout}
	if local != nil {
		dialer.LocalAddr = local // only then: a nil *net.TCPAddr in the interface would not be nil
	}
	conn, err := dialer.Dial(network, remote.String())
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
