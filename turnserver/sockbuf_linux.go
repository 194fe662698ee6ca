package turnserver

import (
	"math"
	"net"

	"golang.org/x/sys/unix"
)

// smallestBuffer is the size in bytes that a socket really has, the smaller of its two buffers. Linux reports twice
// what may be asked for (socket(7)).
func smallestBuffer(sock *net.UDPConn) int {
	raw, err := sock.SyscallConn()
	if err != nil {
		return math.MaxInt
	}
	smallest := math.MaxInt
	_ = raw.Control(func(fd uintptr) {
		for _, option := range []int{unix.SO_RCVBUF, unix.SO_SNDBUF} {
			if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, option); err == nil {
				smallest = min(smallest, n/2)
			}
		}
	})
	return smallest
}
