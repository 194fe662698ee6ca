//go:build linux

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/lab"
	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/internal/lacking"
)

// labSite is where pages come from, if there are any: it is another server, and reached through every firewall.
const labSite = "http://" + lab.Other + ":443"

// town is a lab with a Beckon in the open, and two hosts of each kind.
type town struct {
	lab    *lab.Lab
	server *server
	ca     issuer // of the server's certificate
	hosts  map[lab.Kind][2]*lab.Host

	mu   sync.Mutex
	next int // the number of the next room; guarded by mu
}

// labMissing is asked once: it builds a lab.
var labMissing = sync.OnceValue(lab.Missing)

// newTown builds one that the test's end removes, or skips the test where there can be none.
func newTown(t *testing.T, mode relayMode, kinds ...lab.Kind) *town {
	t.Helper()
	if missing := labMissing(); missing != "" {
		lacking.Skip(t, missing)
	}
	l, err := lab.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &town{lab: l, hosts: make(map[lab.Kind][2]*lab.Host)}
	for _, kind := range kinds {
		var two [2]*lab.Host
		for i := range two {
			if two[i], err = l.Add(kind); err != nil {
				t.Fatal(err)
			}
		}
		w.hosts[kind] = two
	}
	if err := w.ca.found(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	cert, key := w.ca.certify(t, lab.Server)
	args := []string{"serve", "--allow-anonymous", "*", "--anonymous-bots", "--listen", lab.Server + ":443", "--tls-cert", cert, "--tls-key", key,
		"--turn-listen", lab.Server + ":3478", "--allow-origin", labSite, "--admin", "none", "--grace", "1s"}
	if mode == realPorts {
		args = append(args, "--turn-allow", lab.Public)
	}
	path, args := l.Command(beckon(t), append(args, mode.flags()...)...)
	if w.server, err = launch(context.WithoutCancel(t.Context()), path, args...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.server.Stop(t)
		if t.Failed() {
			t.Logf("beckon's stderr ends with:\n%s", w.server.process.Stderr())
		}
	})
	return w
}

// room is the name of a fresh one.
func (w *town) room() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	return fmt.Sprintf("lab-%d", w.next)
}

// inhabitant is a Go program on a host, and what it says.
type inhabitant struct {
	*process.Process
	news chan labNews
}

// settle starts a Go program on the host. It is killed when the test ends, if it has not ended by then. Of two that meet, one trusts the
// town's authority as the system does, and the other by its configuration.
func (w *town) settle(t *testing.T, h *lab.Host, k labTask) *inhabitant {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k.Server = w.server.Base
	k.Verbose = os.Getenv("BECKONTEST_LAB_VERBOSE") != ""
	env := os.Environ()
	if k.Opens {
		k.Root = w.ca.file
	} else {
		// Go takes the roots that it trusts from there, for signaling and for TURN.
		env = append(env, "SSL_CERT_FILE="+w.ca.file)
	}
	encoded, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	out := &newsReader{news: make(chan labNews, 1024)}
	path, args := h.Command(self)
	r := &inhabitant{news: out.news}
	r.Process, err = process.Start(context.WithoutCancel(t.Context()), process.Config{
		Path: path, Args: args, Stdout: out,
		Env: append(env, roleVariable+"="+string(roleLab), taskVariable+"="+string(encoded)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		if t.Failed() {
			t.Logf("the stderr of the Go program in the house %q ends with:\n%s", h.Kind, r.Stderr())
		}
	})
	return r
}

// await waits for news of that kind which are as they should be; nil is any.
func (r *inhabitant) await(t *testing.T, what string, is func(labNews) bool) labNews {
	t.Helper()
	patience := time.After(patience)
	var last labNews
	for {
		select {
		case n := <-r.news:
			last = n
			if n.What == what && (is == nil || is(n)) {
				return n
			}
			if n.What == "done" {
				t.Fatalf("it was done, and not %s: %+v", what, n)
			}
		case <-r.Done():
			// What it said last may still be there.
			for len(r.news) > 0 {
				if n := <-r.news; n.What == what && (is == nil || is(n)) {
					return n
				}
			}
			t.Fatalf("a Go program ended without having %s: %v\n%s", what, r.Err(), r.Stderr())
		case <-patience:
			_ = r.Signal(syscall.SIGQUIT) // Go prints all goroutines when it dies of this
			t.Fatalf("a Go program has not %s: %v; last it was %+v\n%s", what, r.Err(), last, r.Stderr())
		}
	}
}
