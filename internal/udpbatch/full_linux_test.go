package udpbatch

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

// TestDontWait sends to neighbours that are not there, in a network of its own, as one on loopback is never full.
func TestDontWait(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ip"); err != nil {
		lacking.Skip(t, "there is no ip on PATH: install it, on Debian with `apt-get install iproute2`")
	}
	var missing string
	var dropped int
	var err error
	done := make(chan struct{})
	go func() { // whose thread ends with it, and with that the network
		defer close(done)
		runtime.LockOSThread()
		if missing = emptyNetwork(); missing == "" {
			dropped, err = sendToNobody()
		}
	}()
	<-done
	if missing != "" {
		lacking.Skip(t, missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	if dropped == 0 {
		t.Error("all were sent: it must have waited")
	}
}

// emptyNetwork gives this thread a network with 10.9.0.1/24 and nobody else in it, or says why it cannot.
func emptyNetwork() (missing string) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Sprintf("a network of the test's own takes root, and in a container --privileged: %v", err)
	}
	for _, command := range []string{"link add here type veth peer name there", "addr add 10.9.0.1/24 dev here", "link set here up", "link set there up"} {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return fmt.Sprintf("this machine does not let root make a pair of veth, which takes their kernel module: ip %s: %v %s", command, err, out)
		}
	}
	return ""
}

// sendToNobody sends more than the socket's buffer holds while the kernel asks who has the addresses.
func sendToNobody() (dropped int, err error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 9, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	_ = conn.SetWriteBuffer(1 << 16)
	s, err := New(conn)
	if err != nil {
		return 0, err
	}
	s.DontWait()
	out := NewOutbox(32)
	var lanes []*Lane
	for i := range byte(8) {
		lanes = append(lanes, s.Lane(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, 0, 2 + i}), 5000)))
	}
	for i := range 1024 {
		dropped += out.Add(lanes[i%8], []byte("nobody"))
	}
	return dropped + out.Flush(), nil
}
