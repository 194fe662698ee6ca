//go:build linux

package e2e

import (
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/lab"
)

// TestLabTransfer sends a file between two houses that lose 5 % of all packets, directly and relayed, and kills either side.
//
// The file is small, because over both houses a tenth of the packets is lost, in either direction, and with that SCTP makes 25 to 80 kB a
// second, whatever the machine: it waits for its timer nearly all the time. So all transfers go at once, too, each in a town of its own.
// What was lost comes in one go with what came behind it, hundreds of kB; so it is held to a rate, at which the moment can be met,
// when nine tenths are there.
func TestLabTransfer(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	defer all.Wait()
	for _, kinds := range [][2]lab.Kind{{lab.NAT, lab.NAT}, {lab.Symmetric, lab.Symmetric}} {
		for _, mode := range relayModes() {
			for _, killed := range []string{"sender", "receiver"} {
				all.Go(func() {
					t.Run(string(kinds[0])+"/"+string(mode)+"/"+killed, func(t *testing.T) {
						w := newTown(t, mode, kinds[0])
						near, far := w.hosts[kinds[0]][0], w.hosts[kinds[1]][1]
						for _, h := range []*lab.Host{near, far} {
							if err := h.Lose(5); err != nil {
								t.Fatal(err)
							}
						}
						crossing{
							server: w.server.Base, env: []string{"SSL_CERT_FILE=" + w.ca.file}, from: near.Command, to: far.Command,
							flags: []string{"--limit", labFilmRate}, size: labFilmSize / 2, tenths: 9,
						}.killed(t, killed)
					})
				})
			}
		}
	}
}
