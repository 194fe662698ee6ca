//go:build linux

package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/lab"
)

// TestLabChromium has Chromium come to a Go program that waits, in houses of the same kind and in those that differ most.
func TestLabChromium(t *testing.T) {
	browser.Need(t, browser.Chromium)
	for _, mode := range relayModes() {
		t.Run(string(mode), func(t *testing.T) {
			w := newTown(t, mode, lab.Kinds()...)
			s := w.site(t)
			table := newLabTable("Go waits, Chromium opens, " + string(mode) + " relay ports")
			t.Run("cells", func(t *testing.T) {
				for _, waits := range lab.Kinds() {
					for _, opens := range lab.Kinds() {
						corner := waits == lab.Open && opens == lab.Only443 || waits == lab.Only443 && opens == lab.Open
						if waits != opens && !corner {
							continue
						}
						t.Run(string(waits)+"-"+string(opens), func(t *testing.T) {
							t.Parallel()
							w.chromiumCell(t, s, table, waits, opens)
						})
					}
				}
			})
			t.Log(table)
		})
	}
}

// site serves pages to all houses.
func (w *town) site(t *testing.T) *site {
	t.Helper()
	listener, err := w.lab.Listen(lab.Other + ":443")
	if err != nil {
		t.Fatal(err)
	}
	return newSiteAt(t, listener, 2*patience)
}

// visit opens Chromium on a host.
func (w *town) visit(t *testing.T, s *site, h *lab.Host, k labTask) *page {
	t.Helper()
	k.Server, k.Opens = w.server.Base, true
	return s.openWith(t, browser.Config{
		Kind:  browser.Chromium,
		Hosts: []string{lab.Server},
		// The other way to have it believe the lab's authority is a store of NSS, which takes one program more.
		Flags: []string{"--ignore-certificate-errors"},
		Wrap:  h.Command,
	}, "lab.js", k)
}

// chromiumCell has a Go program wait on a host of the one kind for Chromium on one of the other.
func (w *town) chromiumCell(t *testing.T, s *site, table *labTable, waits, opens lab.Kind) {
	judge(t, table, waits, opens, false, func() (first, second labNews) {
		k := labTask{Room: w.room(), Messages: labMessages}
		waiting := w.settle(t, w.hosts[waits][0], k)
		waiting.await(t, "joined", nil)
		w.visit(t, s, w.hosts[opens][1], k).verdict(t, &second)
		return waiting.await(t, "done", nil), second
	})
}

// TestLabChromiumBroken breaks the way between a Go program and Chromium, on either's side.
func TestLabChromiumBroken(t *testing.T) {
	browser.Need(t, browser.Chromium)
	tables := brokenTables("Ways between Go, in the first house, and Chromium that break while both sides talk")
	t.Run("ways", func(t *testing.T) {
		for _, c := range []struct {
			kinds  [2]lab.Kind
			broken int
		}{
			{[2]lab.Kind{lab.NAT, lab.NAT}, 0}, {[2]lab.Kind{lab.NAT, lab.NAT}, 1},
			{[2]lab.Kind{lab.Only443, lab.Symmetric}, 0}, {[2]lab.Kind{lab.Only443, lab.Symmetric}, 1},
			{[2]lab.Kind{lab.Open, lab.NoUDP}, 1},
		} {
			t.Run(fmt.Sprintf("%s-%s/%s", c.kinds[0], c.kinds[1], []string{"Go", "Chromium"}[c.broken]), func(t *testing.T) {
				t.Parallel()
				bothModes(t, func(t *testing.T, mode relayMode) {
					newTown(t, mode, c.kinds[0], c.kinds[1]).breaksChromium(t, tables[mode], c.kinds, c.broken)
				})
			})
		}
	})
	for _, mode := range relayModes() {
		t.Log(tables[mode])
	}
}

func (w *town) breaksChromium(t *testing.T, table *brokenTable, kinds [2]lab.Kind, broken int) {
	k := labTask{Room: w.room(), Every: 5 * time.Millisecond}
	hosts := [2]*lab.Host{w.hosts[kinds[0]][0], w.hosts[kinds[1]][1]}
	program := w.settle(t, hosts[0], k)
	program.await(t, "joined", nil)
	page := w.visit(t, w.site(t), hosts[1], k)
	before := program.await(t, "open", nil)
	program.await(t, "beat", func(n labNews) bool { return n.Heard > 0 })
	if err := hosts[broken].Reboot(); err != nil {
		t.Fatal(err)
	}
	mended := time.Now().UnixMicro()
	program.await(t, "beat", func(n labNews) bool { return n.SaidAt > mended })
	if err := program.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	var there labNews
	page.verdict(t, &there)
	here := program.await(t, "done", nil)
	for _, n := range [][2]labNews{{here, there}, {there, here}} {
		if n[0].Heard != n[1].Said || n[0].Wrong != "" || n[0].Heard == 0 {
			t.Errorf("%d messages came of %d: %s", n[0].Heard, n[1].Said, n[0].Wrong)
		}
	}
	what := fmt.Sprintf("the NAT of %s reboots", []string{"Go", "Chromium"}[broken])
	table.row(kinds, what, before, [2]labNews{here, there})
}
