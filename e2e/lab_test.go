//go:build linux

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/lab"
)

// labMessages is how many messages each side of a cell sends to the other.
const labMessages = 100

// TestLab has a Go program in a house of each kind meet another in a house of each kind, over the Internet as it is: what data
// flows over is direct where it can be, and relayed where it must be. It prints how long the second one waited, from its start
// to an open channel.
//
// Where packets are lost at random, what would have been direct may be relayed, and over TLS instead of UDP: a packet too many was lost.
func TestLab(t *testing.T) {
	type conditions struct {
		mode relayMode
		loss int // percent of the UDP packets, in each house that has a router, in and out
	}
	var all []conditions
	for _, loss := range []int{0, 5} {
		for _, mode := range relayModes() {
			all = append(all, conditions{mode, loss})
		}
	}
	for _, c := range all {
		name := string(c.mode) + " relay ports"
		if c.loss > 0 {
			name += fmt.Sprintf(", %d %% of UDP lost at each house", c.loss)
		}
		t.Run(name, func(t *testing.T) {
			w := newTown(t, c.mode, lab.Kinds()...)
			for _, hosts := range w.hosts {
				for _, h := range hosts {
					if err := h.Lose(c.loss); err != nil {
						t.Fatal(err)
					}
				}
			}
			table := newLabTable("Go and Go, " + name)
			t.Run("cells", func(t *testing.T) {
				for _, waits := range lab.Kinds() {
					for _, opens := range lab.Kinds() {
						t.Run(string(waits)+"-"+string(opens), func(t *testing.T) {
							t.Parallel()
							w.cell(t, table, waits, opens, c.loss > 0)
						})
					}
				}
			})
			t.Log(table)
		})
	}
}

// cell has a program on a host of the one kind wait for another on one of the other.
func (w *town) cell(t *testing.T, table *labTable, waits, opens lab.Kind, lossy bool) {
	judge(t, table, waits, opens, lossy, func() (first, second labNews) {
		k := labTask{Room: w.room(), Messages: labMessages}
		waiting := w.settle(t, w.hosts[waits][0], k)
		waiting.await(t, "joined", nil)
		k.Opens = true
		opening := w.settle(t, w.hosts[opens][1], k)
		return waiting.await(t, "done", nil), opening.await(t, "done", nil)
	})
}

// judge has two meet, and checks what they say. Which way is taken is a race that the direct one has to win within the wait for it, and
// where this machine is too busy for that it may be run again.
func judge(t *testing.T, table *labTable, waits, opens lab.Kind, lossy bool, meet func() (first, second labNews)) {
	t.Helper()
	first, second := meet()
	for range 2 {
		if lossy || !lab.Direct(waits, opens) || !first.Relayed {
			break
		}
		t.Logf("relayed after %v, once more", second.Opening)
		first, second = meet()
	}
	for _, n := range []labNews{first, second} {
		if n.Heard != labMessages || n.Wrong != "" {
			t.Errorf("%d messages came, want %d: %s", n.Heard, labMessages, n.Wrong)
		}
	}
	first.goes(t, waits, opens, lossy)
	second.goes(t, opens, waits, lossy)
	table.set(waits, opens, second)
}

// goes checks the way from a host of the kind to one of the other.
func (n labNews) goes(t *testing.T, kind, other lab.Kind, lossy bool) {
	t.Helper()
	if !n.Relayed && !lab.Direct(kind, other) || n.Relayed && lab.Direct(kind, other) && !lossy {
		t.Errorf("from %s to %s it goes over %s, relayed is %v", kind, other, n.Pair, n.Relayed)
	}
	// A relay is reached over whatever is there first, which nearly always is UDP where that comes through.
	if n.Protocol == "udp" && !kind.UDP() || n.Protocol != "udp" && !n.Relayed {
		t.Errorf("from %s to %s it goes in %s", kind, other, n.Protocol)
	}
}

// labTable is what is printed of a matrix.
type labTable struct {
	title string

	mu    sync.Mutex
	cells map[[2]lab.Kind]labNews // guarded by mu
}

func newLabTable(title string) *labTable {
	return &labTable{title: title, cells: make(map[[2]lab.Kind]labNews)}
}

func (l *labTable) set(waits, opens lab.Kind, n labNews) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cells[[2]lab.Kind{waits, opens}] = n
}

// String is the table in Markdown.
func (l *labTable) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n| waits \\ opens |", l.title)
	for _, k := range lab.Kinds() {
		fmt.Fprintf(&b, " %s |", k)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(lab.Kinds())) + "\n")
	for _, waits := range lab.Kinds() {
		fmt.Fprintf(&b, "| %s |", waits)
		for _, opens := range lab.Kinds() {
			n, ok := l.cells[[2]lab.Kind{waits, opens}]
			if !ok {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(&b, " %s %.2f s |", n.way(), n.Opening.Round(10*time.Millisecond).Seconds())
		}
		b.WriteString("\n")
	}
	return b.String()
}
