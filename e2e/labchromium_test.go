//go:build linux

package e2e

import (
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/lab"
)

// TestLabChromium has Chromium come to a Go program that waits, in houses of the same kind and in those that differ most.
func TestLabChromium(t *testing.T) {
	browser.Need(t, browser.Chromium)
	for _, mode := range []relayMode{virtualPorts, realPorts} {
		t.Run(string(mode), func(t *testing.T) {
			w := newTown(t, mode, labKinds...)
			listener, err := w.lab.Listen(lab.Other + ":443")
			if err != nil {
				t.Fatal(err)
			}
			s := newSiteAt(t, listener, 2*patience)
			table := newLabTable("Go waits, Chromium opens, " + string(mode))
			t.Run("cells", func(t *testing.T) {
				for _, waits := range labKinds {
					for _, opens := range labKinds {
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

// chromiumCell has a Go program wait on a host of the one kind for Chromium on one of the other.
func (w *town) chromiumCell(t *testing.T, s *site, table *labTable, waits, opens lab.Kind) {
	judge(t, table, waits, opens, false, func() (first, second labNews) {
		k := labTask{Server: w.server.Base, Room: w.room(), Messages: labMessages}
		waiting := w.settle(t, w.hosts[waits][0], k)
		waiting.await(t, "joined", nil)
		k.Opens = true
		s.openWith(t, browser.Config{
			Kind:  browser.Chromium,
			Hosts: []string{lab.Server},
			// The other way to have it believe the lab's authority is a store of NSS, which takes one program more.
			Flags: []string{"--ignore-certificate-errors"},
			Wrap:  w.hosts[opens][1].Command,
		}, "lab.js", k).verdict(t, &second)
		return waiting.await(t, "done", nil), second
	})
}
