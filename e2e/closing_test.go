//go:build unix

package e2e

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
)

// TestGoClosesManyChannels: a Go program closes raw channels to a page all at once, twice, while another is busy, and each ends.
// SCTP allows one stream reset at a time (RFC 6525, section 5.1.1), and a browser answers a second one with an error after which
// the channel would never close.
func TestGoClosesManyChannels(t *testing.T) {
	t.Parallel()
	const rounds, each = 2, 8
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		s := newSite(t)
		b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin)
		room, err := peer.Join(s.ctx, b.Base, b.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { room.Close() })
		page := s.open(t, kind, "closing.js", map[string]any{"server": b.Base, "room": b.Name, "channels": rounds * each})
		p, err := room.Accept(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		bulk, err := p.Open(s.ctx, "bulk", &peer.ChannelOptions{Raw: true})
		if err != nil {
			t.Fatal(err)
		}
		// A reset is answered when all that was sent before it has arrived. With a full window that is late, and Pion asks again
		// a second later: that is when a second request could overtake the first.
		var busy sync.WaitGroup
		busy.Go(func() {
			for bulk.Send(s.ctx, make([]byte, 64<<10)) == nil {
			}
		})
		t.Cleanup(func() { bulk.Close(); busy.Wait() })
		for round := range rounds {
			channels := make([]*peer.Channel, each)
			for i := range channels {
				label := fmt.Sprintf("%d-%d", round, i)
				if channels[i], err = p.Open(s.ctx, label, &peer.ChannelOptions{Raw: true}); err != nil {
					t.Fatal(err)
				}
				if err := channels[i].SendText(s.ctx, "from "+label); err != nil {
					t.Fatal(err)
				}
				// Chromium drops what came on a channel that is closed before the page was told of it.
				if _, _, err := channels[i].Recv(s.ctx); err != nil {
					t.Fatal(err)
				}
			}
			var all sync.WaitGroup
			for _, ch := range channels {
				all.Go(func() { ch.Close() })
			}
			all.Wait()
		}
		var got []struct {
			Label string
			Said  []string
			Error string
		}
		page.verdict(t, &got)
		if len(got) != rounds*each {
			t.Errorf("%d channels ended, want %d", len(got), rounds*each)
		}
		for _, c := range got {
			if len(c.Said) != 1 || c.Said[0] != "from "+c.Label || c.Error != "" {
				t.Errorf("channel %s said %s and ended with %q", c.Label, strconv.Quote(fmt.Sprint(c.Said)), c.Error)
			}
		}
	})
}
