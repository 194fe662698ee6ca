//go:build linux

package e2e

import (
	"strings"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/lab"
	"github.com/beckon-rtc/beckon/internal/lacking"
	"github.com/beckon-rtc/beckon/peer/identity"
)

// The film of TestLabFiles, and how fast the terminal's side lets it pass, in bytes and bytes a second. What is left after nine tenths takes a
// second: the moment to interrupt it can be met, however fast the machine is, and a slow one has the more time.
const (
	labFilmSize = 4_000_000
	labFilmRate = "400kB"
)

// TestLabFiles interrupts transfers between a terminal and a page at nine tenths. The two are in houses that lose 5 % of the UDP packets in either
// direction, directly and through the relay. Each browser receives and sends, and either side is ended on either way.
func TestLabFiles(t *testing.T) {
	needAll(t, browser.Chromium, browser.Firefox)
	if missing := browser.Trusts(); missing != "" {
		lacking.Skip(t, missing)
	}
	ways := map[relayMode]map[lab.Kind]fileWay{
		virtualPorts: {lab.NAT: pageReloadedReceiving, lab.Symmetric: terminalKilledSending},
		realPorts:    {lab.NAT: terminalKilledReceiving, lab.Symmetric: pageReloadedSending},
	}
	for _, mode := range relayModes() {
		for house, way := range ways[mode] {
			path := map[lab.Kind]string{lab.NAT: "direct", lab.Symmetric: "relayed"}[house]
			t.Run(path+"/"+string(mode)+"/"+strings.ReplaceAll(string(way), " ", "-"), func(t *testing.T) {
				t.Parallel()
				// At the same time, for both wait for the limit nearly all of theirs.
				var both sync.WaitGroup
				for _, kind := range []browser.Kind{browser.Chromium, browser.Firefox} {
					both.Go(func() {
						t.Run(string(kind), func(t *testing.T) { labFile(t, mode, house, way, kind) })
					})
				}
				both.Wait()
			})
		}
	}
}

// labFile interrupts one transfer, in a town of its own.
func labFile(t *testing.T, mode relayMode, house lab.Kind, way fileWay, kind browser.Kind) {
	w := newTown(t, mode, house)
	hosts := w.hosts[house]
	for _, h := range hosts {
		if err := h.Lose(5); err != nil {
			t.Fatal(err)
		}
	}
	c := fileCase{
		size:  labFilmSize,
		flags: []string{"--limit", labFilmRate},
		at:    &place{hosts[0].Command, []string{"SSL_CERT_FILE=" + w.ca.file}},
		link:  w.server.Base + "/r/" + w.room() + "#k=" + identity.NewSecret().String(),
	}
	c.film, c.digest = someFile(t, "film.mkv", c.size)
	c.w = openWindow(t, kind, c.link, windowConfig{
		Config: browser.Config{
			Hosts: []string{lab.Server},
			World: browser.World{Authority: w.ca.file},
			Wrap:  hosts[1].Command,
		},
		dial:     hosts[1].Dial,
		patience: 3 * patience,
	})
	c.interrupt(t, way)
	// A packet too many may be lost of what would have been direct.
	if c.path != "relayed" && (c.path != "direct" || house == lab.Symmetric) {
		t.Errorf("the way between two houses of the kind %s is %q", house, c.path)
	}
	t.Logf("it was %s when it was interrupted", c.path)
}
