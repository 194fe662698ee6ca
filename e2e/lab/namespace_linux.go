package lab

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespaces is where `ip netns` keeps the names.
const namespaces = "/run/netns"

// namespace is a network of its own, by its name.
type namespace string

// ip runs `ip` with a command per line within the namespace; "" is that of the test.
func (n namespace) ip(lines ...string) error {
	args := []string{"-batch", "-"}
	if n != "" {
		args = append([]string{"-n", string(n)}, args...)
	}
	return run(strings.Join(lines, "\n")+"\n", "ip", args...)
}

// nft gives the namespace these rules.
func (n namespace) nft(rules string) error {
	return run(rules, "ip", "netns", "exec", string(n), "nft", "-f", "-")
}

// set gives a setting of the kernel's, below /proc/sys, a value in the namespace.
func (n namespace) set(name, value string) error {
	return n.inside(func() error {
		if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0); err != nil {
			return fmt.Errorf("lab: %s: %w", n, err)
		}
		return nil
	})
}

// run runs a program that is through at once.
func run(stdin, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("lab: %s %s: %w\n%s%s", name, strings.Join(args, " "), err, &out, stdin)
	}
	return nil
}

// inside calls f on a thread that is in the namespace. What f opens belongs to the namespace and can be used from anywhere
// afterwards; f must not start goroutines and expect them to be there.
func (n namespace) inside(f func() error) error {
	runtime.LockOSThread()
	// A thread that did not come back must not be used by anybody else: it stays locked, and ends with this goroutine.
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("lab: %w", err)
	}
	defer home.Close()
	there, err := os.Open(filepath.Join(namespaces, string(n)))
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("lab: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("lab: enter %s: %w", n, err)
	}
	err = f()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		return fmt.Errorf("lab: leave %s: %w", n, back)
	}
	runtime.UnlockOSThread()
	return err
}

// command is what to run for a program to be in the namespace.
func (n namespace) command(path string, args []string) (string, []string) {
	return "ip", append([]string{"netns", "exec", string(n), path}, args...)
}

// listen opens a TCP listener in the namespace.
func (n namespace) listen(address string) (l net.Listener, err error) {
	err = n.inside(func() error {
		l, err = net.Listen("tcp", address)
		return err
	})
	return l, err
}

// listenUDP opens a UDP socket in the namespace.
func (n namespace) listenUDP(address string) (c *net.UDPConn, err error) {
	err = n.inside(func() error {
		conn, err := net.ListenPacket("udp4", address)
		if err == nil {
			c = conn.(*net.UDPConn)
		}
		return err
	})
	return c, err
}
