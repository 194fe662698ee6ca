//go:build unix

package e2e

import (
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestDirect has every pair of stacks exchange messages of all sizes over channels of all kinds, on the way that they find by
// themselves, which on one machine is the direct one though a relay is offered.
func TestDirect(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]browser.Kind{
		{golang, golang},
		{browser.Chromium, golang},
		{browser.Firefox, golang},
		{browser.Chromium, browser.Chromium},
		{browser.Chromium, browser.Firefox},
		{browser.Firefox, browser.Firefox},
	} {
		t.Run(string(pair[0])+"-"+string(pair[1]), func(t *testing.T) {
			t.Parallel()
			needAll(t, pair[:]...)
			bothModes(t, func(t *testing.T, mode relayMode) {
				s := newSite(t)
				b := serve(t, hostIP(t).String(), append(mode.flags(), "--allow-origin", s.Origin, "--grace", "1s", "--admin", "127.0.0.1:0")...)
				left, right := s.exchange(t, b, pair[0], pair[1], nil)
				left.isDirect(t, "left")
				right.isDirect(t, "right")
				m := b.connections(t, "direct", "none")
				// Checks of what might be a way are all that a relay has for them.
				if n := m.sum("beckon_relay_bytes_total"); n > exchanged()/10 {
					t.Errorf("%v bytes were relayed all the same", n)
				}
			})
		})
	}
}

// needAll skips the test when one of the kinds is a browser that is not there.
func needAll(t *testing.T, kinds ...browser.Kind) {
	t.Helper()
	for _, kind := range kinds {
		if kind != golang {
			browser.Need(t, kind)
		}
	}
}

// isDirect asks the SDK and the stack below it: what the one says of the way is worth nothing if the other says otherwise.
func (r report) isDirect(t *testing.T, who string) {
	t.Helper()
	if r.Path.Relayed || r.Path.Protocol != "udp" {
		t.Errorf("%s: the path is %+v, want a direct one over UDP", who, r.Path)
	}
	for _, c := range []candidate{r.Pair.Local, r.Pair.Remote} {
		if c.CandidateType == "" || c.CandidateType == "relay" || c.Protocol != "udp" {
			t.Errorf("%s: the selected pair has the candidate %+v, want one over UDP that is not relayed", who, c)
		}
	}
}

// TestConnectOnDemand: in a room where nobody connects by itself, the connection is made because one side asks for it. The
// page cannot offer to a Go program (see protocol.Offers), so it has to ask to be asked.
func TestConnectOnDemand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asks, waits browser.Kind }{
		{browser.Chromium, golang},
		{golang, browser.Chromium},
		{browser.Chromium, browser.Chromium},
		{golang, golang},
	} {
		t.Run(string(c.asks)+"-asks-"+string(c.waits), func(t *testing.T) {
			t.Parallel()
			needAll(t, c.asks, c.waits)
			s := newSite(t)
			b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin, "--grace", "1s")
			left, _ := s.exchange(t, b, c.asks, c.waits, func(left, right *task) {
				left.Join.Topology, right.Join.Topology = protocol.TopologyNone, protocol.TopologyNone
				left.Connect = true
			})
			if left.Before != "waiting" {
				t.Errorf("before it asked, the other was %q, want it waiting", left.Before)
			}
		})
	}
}
