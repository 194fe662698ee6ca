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

// labKinds are the rows and the columns of the matrix.
var labKinds = []lab.Kind{lab.Open, lab.NAT, lab.Symmetric, lab.NoUDP, lab.Only443}

// labMessages is how many messages each side of a cell sends to the other.
const labMessages = 100

// TestLab has a Go program in a house of each kind meet another in a house of each kind, over the Internet as it is: what data
// flows over is direct where it can be, and relayed where it must be. It prints how long the second one waited, from its start
// to an open channel.
func TestLab(t *testing.T) {
	for _, mode := range []relayMode{virtualPorts, realPorts} {
		t.Run(string(mode), func(t *testing.T) {
			w := newTown(t, mode, labKinds...)
			table := newLabTable("Go and Go, " + string(mode))
			t.Run("cells", func(t *testing.T) {
				for _, waits := range labKinds {
					for _, opens := range labKinds {
						t.Run(string(waits)+"-"+string(opens), func(t *testing.T) {
							t.Parallel()
							w.cell(t, table, waits, opens)
						})
					}
				}
			})
			t.Log(table)
		})
	}
}

// cell has a program on a host of the one kind wait for another on one of the other.
func (w *town) cell(t *testing.T, table *labTable, waits, opens lab.Kind) {
	room := w.room()
	first := w.settle(t, w.hosts[waits][0], labTask{Room: room, Messages: labMessages})
	first.await(t, "joined", nil)
	second := w.settle(t, w.hosts[opens][1], labTask{Room: room, Messages: labMessages, Opens: true})
	for _, r := range []*inhabitant{first, second} {
		n := r.await(t, "done", nil)
		if n.Heard != labMessages || n.Wrong != "" {
			t.Errorf("%d messages came, want %d: %s", n.Heard, labMessages, n.Wrong)
		}
		kind, other := waits, opens
		if r == second {
			kind, other = opens, waits
			table.set(waits, opens, n)
		}
		n.goes(t, kind, other)
	}
}

// goes checks the way from a host of the kind to one of the other.
func (n labNews) goes(t *testing.T, kind, other lab.Kind) {
	t.Helper()
	if n.Relayed == lab.Direct(kind, other) {
		t.Errorf("from %s to %s it goes over %s, relayed is %v", kind, other, n.Pair, n.Relayed)
	}
	if udp := n.Protocol == "udp"; udp != kind.UDP() {
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
	for _, k := range labKinds {
		fmt.Fprintf(&b, " %s |", k)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(labKinds)) + "\n")
	for _, waits := range labKinds {
		fmt.Fprintf(&b, "| %s |", waits)
		for _, opens := range labKinds {
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
