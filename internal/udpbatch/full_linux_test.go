package udpbatch

import (
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDontWait sends to neighbours that are not there, in a network of its own, as one on loopback is never full.
func TestDontWait(t *testing.T) {
	t.Parallel()
	tried := make(chan string, 1)
	dropped := 0
	go func() { // whose thread ends with it, and with that the network
		runtime.LockOSThread()
		tried <- func() string {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return "it takes root: " + err.Error()
			}
			for _, command := range []string{"link add here type veth peer name there", "addr add 10.9.0.1/24 dev here", "link set here up", "link set there up"} {
				if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
					return "ip " + command + ": " + err.Error() + " " + string(out)
				}
			}
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 9, 0, 1)})
			if err != nil {
				return err.Error()
			}
			defer conn.Close()
			_ = conn.SetWriteBuffer(1 << 16)
			s, err := New(conn)
			if err != nil {
				return err.Error()
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
			dropped += out.Flush()
			return ""
		}()
	}()
	if why := <-tried; why != "" {
		t.Skip(why)
	}
	if dropped == 0 {
		t.Error("all were sent: it must have waited")
	}
}
