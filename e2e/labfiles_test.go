//go:build linux

package e2e

import (
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/lab"
)

// TestLabFiles interrupts transfers between a terminal and a page that are in two houses, each behind a NAT that loses 5 % of the UDP packets in either
// direction: what each of them sends passes both.
func TestLabFiles(t *testing.T) {
	browser.Need(t, browser.Chromium)
	w := newTown(t, virtualPorts, lab.NAT)
	hosts := w.hosts[lab.NAT]
	for _, h := range hosts {
		if err := h.Lose(5); err != nil {
			t.Fatal(err)
		}
	}
	c := fileCase{
		size: 3_000_000, // SCTP takes every loss for a sign that it is too fast
		at:   &place{hosts[0].Command, []string{"SSL_CERT_FILE=" + w.ca.file}},
		w: openWindow(t, browser.Chromium, w.server.Base, windowConfig{
			Config: browser.Config{
				Hosts: []string{lab.Server},
				Flags: []string{"--ignore-certificate-errors"}, // see visit
				Wrap:  hosts[1].Command,
			},
			dial:     hosts[1].Dial,
			patience: 6 * patience,
		}),
	}
	c.all(t, w.server.Base+"/r/"+w.room())
}
