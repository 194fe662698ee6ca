//go:build unix

package e2e

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// coturnDoc is the table of what coturn's client does with this server, for people. The test compares it with what it has seen.
const coturnDoc = "COTURN.md"

var updateCoturn = flag.Bool("coturn.update", false, "write "+coturnDoc+" anew")

// coturnPatience bounds one run of a client, which takes three to seven seconds when all is well: it waits for whole seconds.
const coturnPatience = 60 * time.Second

// uclient is one run of turnutils_uclient against `beckon turn`.
type uclient struct {
	transport string // "UDP", "TCP" or "TLS", to the server
	secret    bool   // credentials of the REST convention, from the secret; else the user's
	send      bool   // Send indications; else channels
	each      bool   // from relay to relay; else to turnutils_peer and back
	ipv6      bool
	clients   int
	size      int // bytes of a message
	messages  int // of each client
}

// uclients are all transports, credentials, ways to send and peers with one another, and at the end the sizes, a crowd, and IPv6.
func uclients() (all []uclient) {
	for _, transport := range []string{"UDP", "TCP", "TLS"} {
		for i := range 8 {
			all = append(all, uclient{transport: transport, secret: i&1 != 0, send: i&2 != 0, each: i&4 != 0, clients: 4, size: 500, messages: 20})
		}
	}
	for _, transport := range []string{"UDP", "TCP", "TLS"} {
		for _, size := range []int{16, 1400} { // the client makes 16 of what is less
			all = append(all, uclient{transport: transport, clients: 4, size: size, messages: 20})
		}
	}
	return append(all,
		uclient{transport: "UDP", clients: 100, size: 200, messages: 20},
		uclient{transport: "TCP", clients: 50, size: 200, messages: 20},
		uclient{transport: "TLS", clients: 20, size: 200, messages: 20},
		uclient{transport: "UDP", ipv6: true, clients: 4, size: 1000, messages: 20},
		uclient{transport: "TCP", ipv6: true, send: true, clients: 4, size: 1000, messages: 20},
		uclient{transport: "UDP", ipv6: true, each: true, secret: true, clients: 4, size: 1000, messages: 20},
	)
}

// row is the run as a row of the table.
func (u uclient) row() string {
	pick := func(one bool, yes, no string) string {
		if one {
			return yes
		}
		return no
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %d | %d |", u.transport, pick(u.ipv6, "IPv6", "IPv4"), pick(u.secret, "REST", "long-term"),
		pick(u.send, "Send indications", "channels"), pick(u.each, "each other", "a peer"), u.clients, u.size)
}

// args are those of the client towards r, for the credentials given.
func (u uclient) args(r *turnAlone, peerPort string, credentials ...string) []string {
	// -c: without it the client asks for pairs of ports, as RTP once needed them, which this server refuses.
	args := append([]string{"-c", "-z", "5", "-m", strconv.Itoa(u.clients), "-n", strconv.Itoa(u.messages), "-l", strconv.Itoa(u.size)}, credentials...)
	port := r.port
	switch u.transport {
	case "TCP":
		args = append(args, "-t")
	case "TLS":
		port = r.tlsPort
		args = append(args, "-t", "-S", "-E", trusted.file)
	}
	if u.send {
		args = append(args, "-s")
	}
	if u.ipv6 {
		args = append(args, "-x")
	}
	if u.each {
		args = append(args, "-y")
	} else {
		args = append(args, "-e", r.host, "-r", peerPort)
	}
	return append(args, "-p", port, r.host)
}

// startPeer runs turnutils_peer, which sends everything back, and returns its port. It says nothing when it is ready: a packet does.
func startPeer(t *testing.T, host string) string {
	t.Helper()
	path := findCoturn(t, "turnutils_peer")
	probe, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(probe.LocalAddr().String())
	probe.Close()
	p, err := process.Start(context.WithoutCancel(t.Context()), process.Config{Path: path, Args: []string{"-L", host, "-p", port}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c, err := net.Dial("udp", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	end := time.Now().Add(patience)
	for buf := make([]byte, 64); time.Now().Before(end); {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Write([]byte("ready?")); err != nil {
			continue // nobody there, said the last one
		}
		if _, err := c.Read(buf); err == nil {
			return port
		}
	}
	t.Fatalf("turnutils_peer does not answer on port %s: %s", port, p.Stderr())
	return ""
}

// TestCoturn lets coturn's load generator, which nobody here wrote, use the relay in all ways that it knows and that are offered: every
// message must come back.
func TestCoturn(t *testing.T) {
	t.Parallel()
	findCoturn(t, "turnutils_uclient")
	servers, peers := map[bool]*turnAlone{}, map[bool]string{}
	for ipv6, host := range map[bool]string{false: "127.0.0.1", true: "::1"} {
		if ipv6 && !hasIPv6() {
			t.Log("this machine has no ::1: the runs over IPv6 are left out")
			continue
		}
		servers[ipv6], peers[ipv6] = startTURN(t, host), startPeer(t, host)
	}
	all := uclients()
	rows := make([]string, len(all))
	// A run waits most of its time, so that more go at once than tests do. Many more would lose packets in the clients' own buffers.
	turns := make(chan struct{}, 6)
	var wg sync.WaitGroup
	for i, u := range all {
		if r := servers[u.ipv6]; r != nil {
			wg.Go(func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				rows[i] = u.run(t, r, peers[u.ipv6])
			})
		}
	}
	wg.Wait()
	doc := coturnTable(rows)
	t.Logf("\n%s", doc)
	if !slices.Contains(rows, "") && !t.Failed() {
		comparePage(t, coturnDoc, doc, *updateCoturn, "TestCoturn", "coturn.update")
	}
}

// run lets the client run, and returns its row of the table with what came of it.
func (u uclient) run(t *testing.T, r *turnAlone, peerPort string) string {
	credentials := good(r)
	if u.secret {
		credentials = []string{"-u", r.user, "-W", r.secret}
	}
	s := runCoturn(t, coturnPatience, "turnutils_uclient", u.args(r, peerPort, credentials...)...)
	c, err := count(s.out)
	want := u.clients * u.messages
	// A client that happens on the port of one before it, whose allocation has not ended, is told so, and takes another.
	others := slices.DeleteFunc(c.codes, func(code string) bool { return code == "437" })
	if err != nil || s.code != 0 || s.late || c.sent != want || c.received != want || c.receivedBytes != want*u.size || len(others) > 0 {
		t.Errorf("%s %+v, %v, exit code %d, late %v; want %d messages there and back\n%s", u.row(), c, err, s.code, s.late, want, s.out)
	}
	return fmt.Sprintf("%s %d | %d |", u.row(), c.sent, c.received)
}

// TestCoturnSTUN: the small clients learn their address. Of what RFC 5780 adds, which needs a second address, nothing is claimed.
func TestCoturnSTUN(t *testing.T) {
	t.Parallel()
	findCoturn(t, "turnutils_stunclient")
	for _, host := range []string{"127.0.0.1", "::1"} {
		if host == "::1" && !hasIPv6() {
			continue
		}
		r := startTURN(t, host)
		for _, c := range []struct {
			tool, says string
			args       []string
		}{
			{"turnutils_stunclient", "UDP reflexive addr: " + host, nil},
			{"turnutils_natdiscovery", "UDP reflexive addr: " + host, []string{"-m"}},
			{"turnutils_natdiscovery", "UDP reflexive addr: " + host, []string{"-f"}},
			{"turnutils_natdiscovery", "maybe a successful hairpinning", []string{"-H"}},
			{"turnutils_natdiscovery", "error 420", []string{"-m", "-P"}}, // PADDING
		} {
			t.Run(strings.Join(append([]string{host, c.tool}, c.args...), " "), func(t *testing.T) {
				t.Parallel()
				s := runCoturn(t, patience, c.tool, append(c.args, "-p", r.port, host)...)
				if s.late || s.code != 0 || !strings.Contains(s.out, c.says) {
					t.Errorf("exit code %d, late %v, want %q in:\n%s", s.code, s.late, c.says, s.out)
				}
			})
		}
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// coturnTable is the page for people.
func coturnTable(rows []string) string {
	return `# coturn's client and this relay

What ` + "`turnutils_uclient`" + `, the load generator of [coturn](https://github.com/coturn/coturn), did with ` + "`beckon turn`" + `, as the end-to-end test
` + "`TestCoturn`" + ` saw it. Each client sends 20 messages, which a peer sends back, or which another client gets by its own relay. Every message is
to arrive: the last two columns are equal.

The page is written by ` + "`go test ./e2e -run '^TestCoturn$' -args -coturn.update`" + `; ` + "`make test-coturn`" + ` checks it.

| to the server | addresses | credentials | data | sent to | clients | bytes | sent | received |
|---|---|---|---|---|---|---|---|---|
` + strings.Join(rows, "\n") + "\n"
}

// comparePage holds a page for people to what a test has seen, or writes it.
func comparePage(t *testing.T, path, page string, update bool, test, flag string) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != page {
		t.Errorf("%s is not the table of this test (%v): go test ./e2e -run '^%s$' -args -%s", path, err, test, flag)
	}
}
