//go:build unix

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Bounds of the server's memory in MiB, as the system counts it, at the worst moment of TestHostile. The attack holds some hundred
// connections at once, whose queues may be full; the race detector's shadow takes several times what it shadows.
const (
	hostileMemory      = 128
	hostileMemoryRaced = 384
)

// hostileDoc is the table of the inputs and their outcomes, for people. The test compares it with what it has seen.
const hostileDoc = "HOSTILE.md"

var updateHostile = flag.Bool("hostile.update", false, "write "+hostileDoc+" anew")

// assault is an input that somebody could send to do harm, or by mistake, and what must come of it.
type assault struct {
	name string
	// want is the outcome over each of ways(): codes of error frames, the status of a refused request, the code of a close, or what run
	// says. "" where the input does not exist.
	want [3]string
	run  func(a *attacker) string
}

// assaults are those of one kind. Slow ones last as long as a deadline of the server's, and all run at once.
type assaults struct {
	title string
	slow  bool
	list  []assault
}

// attacker is who runs one assault, over one carrier, from an address of its own.
type attacker struct {
	*caller
	ctx  context.Context
	way  way
	room string // that nobody else is in

	keyed  *keyed // the server that wants tokens
	closes []func()
}

// begin opens a link as caller.hello does; it is closed behind the assault. A nil link comes with the outcome to return.
func (a *attacker) begin() (*link, string) {
	l, err := a.hello(a.ctx, a.way, helloOf(""))
	if err != nil {
		return nil, err.Error()
	}
	a.closes = append(a.closes, l.Close)
	return l, ""
}

// enter is begin, and then joins the room.
func (a *attacker) enter() (*link, string) {
	l, trouble := a.begin()
	if l == nil {
		return nil, trouble
	}
	if err := l.join(a.room); err != nil {
		return nil, err.Error()
	}
	return l, ""
}

// open is caller.open; the link is closed behind the assault.
func (a *attacker) open(first string) *link {
	l := a.caller.open(a.ctx, a.way, first)
	a.closes = append(a.closes, l.Close)
	return l
}

// TestHostile attacks a running server over all three carriers, while three witnesses talk to each other over it. Each input ends in
// its named code, the witnesses notice nothing, and the server's memory stays within its bound.
func TestHostile(t *testing.T) {
	t.Parallel()
	s := serveHere(t, "--dev")
	open := newCaller(t, s.Base)
	k := serveKeyed(t)
	before := memoryNow(s.process.PID)
	watch := watchOver(t, open)

	all := allAssaults()
	outcomes := make([][][3]string, len(all))
	turns := make(chan struct{}, 8)
	var address atomic.Uint32
	var wg sync.WaitGroup
	for g, group := range all {
		outcomes[g] = make([][3]string, len(group.list))
		for i, c := range group.list {
			for w, by := range ways() {
				if c.want[w] == "" {
					continue
				}
				n := address.Add(1)
				wg.Go(func() {
					if !group.slow {
						turns <- struct{}{}
						defer func() { <-turns }()
					}
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					from := []string{"X-Forwarded-For", fmt.Sprintf("10.1.%d.%d", n/250, 1+n%250)}
					own := *k
					own.caller = k.with(from...)
					a := &attacker{caller: open.with(from...), ctx: ctx, way: by, room: fmt.Sprintf("attack-%d", n), keyed: &own}
					outcomes[g][i][w] = c.run(a)
					for _, end := range a.closes {
						end()
					}
				})
			}
		}
	}
	wg.Wait()
	seen := watch.report(t)

	cases, runs := 0, 0
	for g, group := range all {
		for i, c := range group.list {
			cases++
			for w, by := range ways() {
				if c.want[w] == "" {
					continue
				}
				runs++
				if got := outcomes[g][i][w]; got != c.want[w] {
					t.Errorf("%s, %s, over %s: %s, want %s", group.title, c.name, by, got, c.want[w])
				}
			}
		}
	}
	after := memoryNow(s.process.PID)
	if cases < 150 {
		t.Errorf("%d inputs, want at least 150", cases)
	}
	bound := hostileMemory
	if raced() {
		bound = hostileMemoryRaced
	}
	if after.peak > bound {
		t.Errorf("the server took %d MiB, want at most %d", after.peak, bound)
	}
	doc := hostileTable(all)
	t.Logf("\n%s", doc)
	t.Logf("%d inputs, %d over the carriers: each ended as it should, unless said otherwise; memory %d MiB before, %d after, %d at most, "+
		"of %d allowed; witnesses: %s", cases, runs, before.now, after.now, after.peak, bound, seen)
	compareDoc(t, doc)
}

// serveHere starts a server that believes what we say of our address, so that each attacker has one.
func serveHere(t *testing.T, args ...string) *server {
	t.Helper()
	s, err := launch(context.WithoutCancel(t.Context()), beckon(t), append([]string{"serve", "--no-turn", "--admin", "none", "--listen", "127.0.0.1:0",
		"--trust-proxy", "127.0.0.1/32"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("the stderr of beckon serve %s ends with:\n%s", strings.Join(args, " "), s.process.Stderr())
		}
	})
	return s
}

// compareDoc holds the page for people to the table.
func compareDoc(t *testing.T, doc string) {
	t.Helper()
	if *updateHostile {
		if err := os.WriteFile(hostileDoc, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(hostileDoc)
	if err != nil || string(written) != doc {
		t.Errorf("%s is not the table of this test (%v): go test ./e2e -run '^TestHostile$' -args -hostile.update", hostileDoc, err)
	}
}

// hostileTable is the page for people.
func hostileTable(all []assaults) string {
	var page strings.Builder
	page.WriteString(`# Hostile inputs and what comes of them

What the end-to-end test ` + "`TestHostile`" + ` does to a running server, over each carrier, while three others talk to each other over the same server: they
lose, repeat and reorder nothing, see nobody come or go, and the server's memory stays bounded. A name in letters is the code of an
` + "`error`" + ` frame, behind which the connection lives; a number from 1000 is the code and name of the close; HTTP is how a request
was refused; –: there is no such input. The codes are explained in the [specification](../signaling/protocol/README.md).

The page is written by ` + "`go test ./e2e -run '^TestHostile$' -args -hostile.update`" + `.
`)
	for _, group := range all {
		fmt.Fprintf(&page, "\n## %s\n\n| input | WebSocket | stream | poll |\n|---|---|---|---|\n", group.title)
		for _, c := range group.list {
			fmt.Fprintf(&page, "| %s |", strings.ReplaceAll(c.name, "|", `\|`))
			for _, want := range c.want {
				if want == "" {
					want = "–"
				}
				fmt.Fprintf(&page, " %s |", want)
			}
			page.WriteString("\n")
		}
	}
	return page.String()
}

// resident is what a process has of the system's memory, in MiB; 0 where /proc does not say.
type resident struct{ now, peak int }

func memoryNow(pid int) (m resident) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m
	}
	for row := range strings.Lines(string(status)) {
		for name, to := range map[string]*int{"VmRSS:": &m.now, "VmHWM:": &m.peak} {
			if rest, ok := strings.CutPrefix(row, name); ok {
				kib, _ := strconv.Atoi(strings.Fields(rest)[0])
				*to = kib >> 10
			}
		}
	}
	return m
}

// everywhere is the outcome that all carriers share.
func everywhere(outcome string) [3]string { return [3]string{outcome, outcome, outcome} }

// overHTTP is that of the two that have requests.
func overHTTP(outcome string) [3]string { return [3]string{"", outcome, outcome} }
