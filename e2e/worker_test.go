//go:build unix

package e2e

import (
	"slices"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// A worker has no WebRTC. In a room without connections it does all that goes over the server; what would need them it is told by name,
// before anything is tried.
func TestWorker(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		s := newSite(t)
		b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin)
		p := s.open(t, kind, "worker.js", map[string]any{"server": b.Base, "room": b.Name})
		var got struct {
			Carrier                    string
			Heard                      []string
			Plain, InMesh, Connecting  string
			PageHeard, PageSaw, Reason string
		}
		p.verdict(t, &got)
		if got.Carrier != "websocket" || !slices.Equal(got.Heard, []string{"page", "to the worker alone"}) {
			t.Errorf("on %q the worker has heard %q", got.Carrier, got.Heard)
		}
		if got.PageHeard != "worker" || got.PageSaw != "worker" || got.Reason != "bye" {
			t.Errorf("the page has heard %q of %q, which left with %q", got.PageHeard, got.PageSaw, got.Reason)
		}
		for what, code := range map[string]string{"join": got.Plain, "join a mesh": got.InMesh, "connect": got.Connecting} {
			if code != "unsupported" {
				t.Errorf("%s in a worker: %q, want unsupported", what, code)
			}
		}
	})
}
