//go:build unix

package turnserver

import (
	"net"

	"golang.org/x/sys/unix"
)

// refuseBroadcast makes the kernel refuse (EACCES) what is sent to the broadcast address of a network that this machine is in.
// No range can list those addresses, and one packet to them is a packet to every neighbour. Package net allows them on
// every UDP socket.
func refuseBroadcast(sock *net.UDPConn) error {
	raw, err := sock.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(fd uintptr) { refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 0) })
	if err != nil {
		return err
	}
	return refused
}
