package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// prefix begins the names of all namespaces of labs; then come the process's id, the number of the lab in it, and the network.
const prefix = "beckonlab-"

// The public segment, and two addresses on it that are for servers. They are documentation's (RFC 5737), so a relay must be told
// to reach them.
const (
	Public = "198.51.100.0/24"
	Server = "198.51.100.1"
	Other  = "198.51.100.2" // for a second server that has the same port
)

// Lab is a public segment and the houses on it.
type Lab struct {
	name   string // of its namespaces, before what each is for
	public namespace
	made   []namespace
	houses int
}

// New builds a public segment without houses. First it removes what labs of processes that are gone have left behind.
func New() (*Lab, error) {
	if err := sweep(); err != nil {
		return nil, err
	}
	l := &Lab{}
	var err error
	for number := 1; ; number++ {
		l.name = fmt.Sprintf("%s%d-%d-", prefix, os.Getpid(), number)
		// Another lab of this process may have this number, or take it at this moment; and when we look it may be gone again.
		if l.public, err = l.add("pub"); err == nil || !strings.Contains(err.Error(), "File exists") {
			break
		}
	}
	if err == nil {
		err = l.public.ip("link set lo up", "link add bridge type bridge forward_delay 0", "link set bridge up",
			"address add "+Server+"/24 dev bridge", "address add "+Other+"/24 dev bridge")
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) add(what string) (namespace, error) {
	n := namespace(l.name + what)
	if err := run("", "ip", "netns", "add", string(n)); err != nil {
		return "", err
	}
	l.made = append(l.made, n)
	// The kernel would give each interface an IPv6 address, and a second or two later, when nobody has objected, say so. Chromium takes
	// that for another network, and ends all requests.
	if err := n.set("net/ipv6/conf/default/disable_ipv6", "1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return n, nil
}

// Command returns what to run for the program to be on the public segment, with the addresses Server and Other.
func (l *Lab) Command(path string, args ...string) (string, []string) {
	return l.public.command(path, args)
}

// Listen listens for TCP at HOST:PORT on the public segment, where HOST is Server or Other; the listener is the test's own.
func (l *Lab) Listen(address string) (net.Listener, error) {
	return l.public.listen(address)
}

// Close removes everything. Programs that still run in the lab keep their network until they end, but nobody else sees it.
func (l *Lab) Close() error {
	var errs []error
	for _, n := range l.made {
		errs = append(errs, remove(n))
	}
	l.made = nil
	return errors.Join(errs...)
}

func remove(n namespace) error { return run("", "ip", "netns", "delete", string(n)) }

// sweep removes the namespaces of processes that are gone.
func sweep() error {
	entries, err := os.ReadDir(namespaces)
	if errors.Is(err, os.ErrNotExist) {
		return nil // nobody has ever made one
	}
	if err != nil {
		return fmt.Errorf("lab: sweep: %w", err)
	}
	for _, e := range entries {
		id, ours := strings.CutPrefix(e.Name(), prefix)
		if !ours {
			continue
		}
		id, _, _ = strings.Cut(id, "-")
		pid, err := strconv.Atoi(id)
		if err != nil || syscall.Kill(pid, 0) != syscall.ESRCH {
			continue
		}
		// Another test program may be sweeping, too.
		if err := remove(namespace(e.Name())); err != nil && exists(e.Name()) {
			return err
		}
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Lstat(namespaces + "/" + name)
	return err == nil
}
