//go:build unix

package e2e

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// turnAlone is a running `beckon turn`, which knows a user and a secret, and may relay to this machine.
type turnAlone struct {
	host           string // of all its listeners
	port, tlsPort  string // UDP and TCP; TLS
	user, password string
	secret         string

	process *process.Process
}

// startTURN runs `beckon turn` on free ports of host, with further arguments. When the test ends it is stopped as by Ctrl-C, and must end
// well.
func startTURN(t *testing.T, host string, args ...string) *turnAlone {
	t.Helper()
	r := &turnAlone{host: host, user: "alice", password: "correct horse battery", secret: "the secret of a test"}
	cert, key := trusted.certify(t, host)
	tls := freePort(t, host)
	_, r.tlsPort, _ = net.SplitHostPort(tls)
	out := &lines{first: make(chan struct{})}
	all := append([]string{"turn", "--listen", net.JoinHostPort(host, "0"), "--tls-listen", tls, "--tls-cert", cert, "--tls-key", key,
		"--user", r.user + ":" + r.password, "--secret", r.secret, "--turn-allow-local", "--admin", "none", "--grace", "0s"}, args...)
	var err error
	r.process, err = process.Start(context.WithoutCancel(t.Context()), process.Config{Path: beckon(t), Args: all, Stdout: out})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := interrupt(r.process); err != nil {
			t.Errorf("beckon %s: %v", strings.Join(all, " "), err)
		}
		if t.Failed() {
			t.Logf("stderr of beckon turn ends with:\n%s", r.process.Stderr())
		}
	})
	select {
	case <-out.first:
	case <-r.process.Done():
		t.Fatalf("beckon %s: ended before it printed a line: %v\n%s", strings.Join(all, " "), r.process.Err(), r.process.Stderr())
	case <-time.After(patience):
		t.Fatal("beckon turn printed no line")
	}
	url, _, _ := strings.Cut(out.String(), "\n")
	at, found := strings.CutPrefix(url, "turn:")
	at, _, _ = strings.Cut(at, "?")
	shown, port, err := net.SplitHostPort(at)
	if !found || err != nil || shown != host {
		t.Fatalf("beckon turn's first line is %q, want turn:%s with a port", url, host)
	}
	r.port = port
	return r
}

// freePort returns an address of host at which nobody listens over TCP.
func freePort(t *testing.T, host string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
