//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/lab"
	"github.com/beckon-rtc/beckon/peer"
)

// fault is what is done to the way between two peers who talk. It returns when the way can be there again; other is the peer in
// another house.
type fault struct {
	name string
	do   func(t *testing.T, h *lab.Host, other *inhabitant)
}

func faults() []fault {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	return []fault{
		{"nothing", func(*testing.T, *lab.Host, *inhabitant) {}},
		{"the NAT reboots", func(t *testing.T, h *lab.Host, _ *inhabitant) { must(t, h.Reboot()) }},
		{"another public address", func(t *testing.T, h *lab.Host, _ *inhabitant) { must(t, h.Move()) }},
		{"the wire is out", func(t *testing.T, h *lab.Host, other *inhabitant) {
			must(t, h.Cut())
			other.await(t, "beat", func(n labNews) bool { return n.State == string(peer.StateReconnecting) })
			must(t, h.Mend())
		}},
	}
}

// TestLabBroken breaks the way between two Go programs that talk, and has both hear everything once and in order.
func TestLabBroken(t *testing.T) {
	tables := brokenTables("Ways between Go programs that break in the first house while both sides talk")
	t.Run("ways", func(t *testing.T) {
		for _, kinds := range [][2]lab.Kind{
			{lab.Open, lab.Open}, {lab.NAT, lab.NAT}, {lab.Symmetric, lab.NAT}, {lab.NoUDP, lab.NoUDP}, {lab.Only443, lab.Open},
		} {
			for _, f := range faults() {
				if kinds[0] == lab.Open && f.name == "the NAT reboots" {
					continue // there is none
				}
				t.Run(fmt.Sprintf("%s-%s/%s", kinds[0], kinds[1], f.name), func(t *testing.T) {
					t.Parallel()
					bothModes(t, func(t *testing.T, mode relayMode) {
						newTown(t, mode, kinds[0], kinds[1]).breaks(t, tables[mode], kinds, f, 0)
					})
				})
			}
		}
		// What is lost at random is no fault, but nothing may come of it.
		for _, kinds := range [][2]lab.Kind{{lab.NAT, lab.NAT}, {lab.Symmetric, lab.Symmetric}} {
			t.Run(fmt.Sprintf("%s-%s/loss", kinds[0], kinds[1]), func(t *testing.T) {
				t.Parallel()
				bothModes(t, func(t *testing.T, mode relayMode) {
					newTown(t, mode, kinds[0], kinds[1]).breaks(t, tables[mode], kinds, faults()[0], 5)
				})
			})
		}
	})
	for _, mode := range relayModes() {
		t.Log(tables[mode])
	}
}

// breaks has two programs talk and breaks the way of the first. loss is how many percent of the packets its house loses at all times.
func (w *town) breaks(t *testing.T, table *brokenTable, kinds [2]lab.Kind, f fault, loss int) {
	room := w.room()
	near, far := w.hosts[kinds[0]][0], w.hosts[kinds[1]][1]
	if loss > 0 {
		if err := near.Lose(loss); err != nil {
			t.Fatal(err)
		}
	}
	k := labTask{Room: room, Every: 5 * time.Millisecond, Size: 500}
	first := w.settle(t, near, k)
	first.await(t, "joined", nil)
	k.Opens = true
	both := [2]*inhabitant{first, w.settle(t, far, k)}
	var before, after [2]labNews
	for i, r := range both {
		before[i] = r.await(t, "open", nil)
		r.await(t, "beat", func(n labNews) bool { return n.Heard > 0 })
	}
	f.do(t, near, both[1])
	mended := time.Now().UnixMicro()
	for _, r := range both {
		r.await(t, "beat", func(n labNews) bool { return n.SaidAt > mended })
	}
	for _, r := range both {
		if err := r.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range both {
		after[i] = r.await(t, "done", nil)
	}
	for i, n := range after {
		if other := after[1-i]; n.Heard != other.Said || n.Wrong != "" {
			t.Errorf("%d messages came of %d: %s", n.Heard, other.Said, n.Wrong)
		}
		if n.Said < 10 {
			t.Errorf("only %d messages were said", n.Said)
		}
	}
	if f.name != "another public address" || kinds[0] != lab.Open {
		after[0].goes(t, kinds[0], kinds[1], true)
	}
	name := f.name
	if loss > 0 {
		name = fmt.Sprintf("%d %% of the packets are lost", loss)
	}
	table.row(kinds, name, before[0], after)
}

// way says how the packets go.
func (n labNews) way() string {
	how := "direct"
	if n.Relayed {
		how = "relayed"
	}
	if n.Relay != "" {
		how += ", " + n.Relay
	}
	return how
}

// brokenTable is what is printed of ways that broke.
type brokenTable struct {
	title string

	mu   sync.Mutex
	rows []string // guarded by mu
}

// brokenTables is one for each mode.
func brokenTables(title string) map[relayMode]*brokenTable {
	tables := make(map[relayMode]*brokenTable)
	for _, mode := range relayModes() {
		tables[mode] = &brokenTable{title: title + ", " + string(mode) + " relay ports"}
	}
	return tables
}

// row adds what came of a way: as the first side saw it before, and as both did after.
func (b *brokenTable) row(kinds [2]lab.Kind, what string, before labNews, after [2]labNews) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, fmt.Sprintf("| %s, %s | %s | %s | %s | %.1f s | %.1f s | %d |", kinds[0], kinds[1], what, before.way(), after[0].way(),
		after[0].Silence.Seconds(), after[1].Silence.Seconds(), after[0].Heard+after[1].Heard))
}

// String is the table in Markdown.
func (b *brokenTable) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(b.rows)
	return "\n" + b.title + "\n\n" +
		"| houses | what happens | before | after | silence in the first | in the second | messages, all once and in order |\n|---|---|---|---|---|---|---|\n" +
		strings.Join(b.rows, "\n") + "\n"
}
