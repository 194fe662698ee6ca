package lab

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build makes a lab that the test's end removes, and skips the test where there can be none.
func build(t *testing.T) *Lab {
	t.Helper()
	if missing := Missing(); missing != "" {
		lacking.Skip(t, missing)
	}
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func add(t *testing.T, l *Lab, kind Kind) *Host {
	t.Helper()
	h, err := l.Add(kind)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// socket opens a UDP socket on the host, or on the public segment when there is none.
func socket(t *testing.T, l *Lab, h *Host, at string) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	var err error
	if h != nil {
		c, err = h.ListenUDP()
	} else {
		c, err = l.public.listenUDP(at)
	}
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// hears returns what comes next, and from where.
func hears(t *testing.T, c *net.UDPConn) (string, netip.AddrPort) {
	t.Helper()
	must(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	buf := make([]byte, 100)
	n, from, err := c.ReadFromUDPAddrPort(buf)
	must(t, err)
	return string(buf[:n]), netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
}

func says(t *testing.T, c *net.UDPConn, what string, to netip.AddrPort) {
	t.Helper()
	_, err := c.WriteToUDPAddrPort([]byte(what), to)
	must(t, err)
}

func local(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// TestKinds asks each NAT by packets what it is: whether two servers see the same port, and who may answer.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Open, Cone, NAT, Symmetric} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			l := build(t)
			h := add(t, l, kind)
			host := socket(t, l, h, "")
			one, two, third := socket(t, l, nil, "198.51.100.1:0"), socket(t, l, nil, "198.51.100.2:0"), socket(t, l, nil, "198.51.100.1:0")
			says(t, host, "to one", local(one))
			_, seen := hears(t, one)
			says(t, host, "to two", local(two))
			_, again := hears(t, two)
			if seen.Addr() != h.Public || again.Addr() != h.Public {
				t.Errorf("servers see the host at %v and %v, want %v", seen, again, h.Public)
			}
			if same := seen == again; same == (kind == Symmetric) {
				t.Errorf("two servers see the host at %v and %v", seen, again)
			}
			says(t, third, "unasked", seen)
			says(t, one, "answer", seen)
			heard, _ := hears(t, host)
			if kind == Open || kind == Cone {
				other, _ := hears(t, host)
				if heard+" "+other != "unasked answer" && heard+" "+other != "answer unasked" {
					t.Errorf("the host hears %q and %q", heard, other)
				}
				return
			}
			// A busy kernel may turn their order around, but not hold one back until there has been an answer to the other.
			says(t, host, "heard", local(one))
			hears(t, one)
			says(t, one, "again", seen)
			if other, _ := hears(t, host); heard != "answer" || other != "again" {
				t.Errorf("the host hears %q and %q", heard, other)
			}
		})
	}
}

// TestFirewalls opens TCP connections and sends datagrams through those that block UDP.
func TestFirewalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind Kind
		port string
		open bool
	}{
		{NoUDP, "443", true}, {NoUDP, "3478", true}, {Only443, "443", true}, {Only443, "3478", false},
	} {
		t.Run(string(c.kind)+"-"+c.port, func(t *testing.T) {
			t.Parallel()
			l := build(t)
			h := add(t, l, c.kind)
			server, err := l.Listen(net.JoinHostPort(Server, c.port))
			must(t, err)
			defer server.Close()
			patience := 20 * time.Second
			if !c.open {
				patience = 500 * time.Millisecond
			}
			var conn net.Conn
			err = h.at.inside(func() error {
				conn, err = net.DialTimeout("tcp4", server.Addr().String(), patience)
				return err
			})
			if err == nil {
				conn.Close()
			}
			if (err == nil) != c.open {
				t.Errorf("dial: %v", err)
			}
			// A datagram that is dropped, and one of somebody else who comes through.
			inner, outer := socket(t, l, h, ""), socket(t, l, nil, "198.51.100.1:0")
			says(t, inner, "blocked", local(outer))
			says(t, socket(t, l, add(t, l, NAT), ""), "open", local(outer))
			if what, _ := hears(t, outer); what != "open" {
				t.Errorf("%q came through", what)
			}
		})
	}
}

// TestReboot: what the NAT knew is forgotten, and the next packet has another port.
func TestReboot(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{NAT, Symmetric} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			l := build(t)
			h := add(t, l, kind)
			host, server := socket(t, l, h, ""), socket(t, l, nil, "198.51.100.1:0")
			for range 3 {
				says(t, host, "hello", local(server))
				_, before := hears(t, server)
				must(t, h.Reboot())
				says(t, server, "too late", before)
				says(t, host, "again", local(server))
				_, after := hears(t, server)
				if before == after {
					t.Errorf("the host has the port %v before and after", before)
				}
				says(t, server, "answer", after)
				if what, _ := hears(t, host); what != "answer" {
					t.Errorf("the host hears %q", what)
				}
			}
		})
	}
}

// TestMove and Cut: the house is reached at its new address, and not while its wire is cut.
func TestMove(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Open, NAT} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			l := build(t)
			h := add(t, l, kind)
			server := socket(t, l, nil, "198.51.100.1:0")
			before := h.Public
			must(t, h.Move())
			if before == h.Public {
				t.Errorf("the house stays at %v", before)
			}
			must(t, h.Cut())
			must(t, h.Mend())
			says(t, socket(t, l, h, ""), "hello", local(server))
			if _, from := hears(t, server); from.Addr() != h.Public {
				t.Errorf("the host is seen at %v, want %v", from, h.Public)
			}
			host := socket(t, l, h, "")
			must(t, h.Cut())
			if _, err := host.WriteToUDPAddrPort([]byte("cut"), local(server)); err == nil {
				t.Error("a packet leaves a host whose wire is cut")
			}
		})
	}
}

// TestLoss loses some of many packets, and not all.
func TestLoss(t *testing.T) {
	t.Parallel()
	l := build(t)
	h := add(t, l, NAT)
	must(t, h.Lose(50))
	host, server := socket(t, l, h, ""), socket(t, l, nil, "198.51.100.1:0")
	for range 100 {
		says(t, host, "maybe", local(server))
	}
	came := 0
	buf := make([]byte, 100)
	for n := 0; string(buf[:n]) != "last"; {
		// One of these will come, and what was said before has come by then.
		says(t, host, "last", local(server))
		must(t, server.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
		var err error
		if n, err = server.Read(buf); err == nil && string(buf[:n]) == "maybe" {
			came++
		}
	}
	if came < 10 || came > 90 {
		t.Errorf("%d of 100 packets came, of which half should", came)
	}
}

// TestCloseLeavesNothing, neither the lab's own nor that of a process that was killed. It runs alone, because other labs may get the
// names that this one has given back.
func TestCloseLeavesNothing(t *testing.T) {
	// A process that has ended has an id that nobody has.
	gone := exec.Command("true")
	must(t, gone.Run())
	l := build(t)
	left := prefix + strconv.Itoa(gone.Process.Pid) + "-1-pub"
	must(t, run("", "ip", "netns", "add", left))
	add(t, l, NAT)
	other, err := New()
	must(t, err)
	if exists(left) {
		t.Errorf("the next lab leaves %s of a process that is gone", left)
	}
	must(t, other.Close())
	must(t, other.Close())
	for _, n := range l.made {
		if !exists(string(n)) {
			t.Errorf("%s of a lab that is used is gone", n)
		}
	}
	must(t, l.Close())
	entries, err := os.ReadDir(namespaces)
	must(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), l.name) || strings.HasPrefix(e.Name(), other.name) {
			t.Errorf("%s is left", e.Name())
		}
	}
}
