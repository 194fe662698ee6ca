package peer

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// A TURN server behind a firewall that drops packets does not hold up the end of a connection for minutes. On Linux, a
// listener whose queue is full drops them too.
func TestDialTCPIsBounded(t *testing.T) {
	t.Parallel()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		conn, err := dialTCP(ctx, "tcp4", nil, remote)
		cancel()
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return
		}
		if err != nil {
			t.Fatalf("dial: %v", err)
		}
		defer conn.Close()
	}
	t.Fatal("the queue of the listener does not fill up")
}
