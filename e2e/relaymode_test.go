//go:build unix

package e2e

import (
	"sync"
	"testing"
)

// relayMode is how the relay of a server makes its ways.
type relayMode string

const (
	// virtualPorts is the default of `serve`: relays have no sockets of their own, and reach each other in the server's memory.
	virtualPorts relayMode = "virtual"
	// realPorts is --relay-ports.
	realPorts relayMode = "real"
)

// relayModes are all. Each test that has a browser or a NAT use the relay runs in each, as TestBothModes checks.
func relayModes() []relayMode { return []relayMode{virtualPorts, realPorts} }

// flags are the server's. The ports are below those that systems give out to whoever asks for any.
func (m relayMode) flags() []string {
	if m == realPorts {
		return []string{"--relay-ports", "20000-29999"}
	}
	return nil
}

// bothModes runs the test in both modes at the same time, as sub-tests. It is for what waits much of its time: the two take one turn
// among the parallel tests.
func bothModes(t *testing.T, test func(t *testing.T, mode relayMode)) {
	t.Helper()
	var both sync.WaitGroup
	for _, mode := range relayModes() {
		both.Go(func() {
			t.Run(string(mode), func(t *testing.T) { test(t, mode) })
		})
	}
	both.Wait()
}
