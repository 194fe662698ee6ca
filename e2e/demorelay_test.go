//go:build unix

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/peer"
)

// TestDemoOverTheRelay: who uses the demo sees that a connection is relayed, and over what, and is told of a limit of the relay.
func TestDemoOverTheRelay(t *testing.T) {
	t.Parallel()
	bothModes(t, func(t *testing.T, mode relayMode) {
		b := serve(t, hostIP(t).String(), append(mode.flags(), "--grace", "1s", "--relay-limit", "identity:allocations=1")...) // of the two that a browser asks for
		ada := newScreen(t, b.Room, 1200, 800)
		room, err := peer.Join(ada.ctx, b.Base, b.Name, &peer.Config{ICETransportPolicy: peer.ICETransportRelay})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { room.Close() })
		ada.do(t, chromedp.WaitVisible(testID("peer", "data-state=connected", "data-path=relayed")))
		if status := ada.text(t, testID("peer-status")); !strings.HasPrefix(status, "Relayed, UDP") && !strings.HasPrefix(status, "Relayed, TCP") {
			t.Errorf("the page says of the connection: %q", status)
		}
		ada.do(t, chromedp.WaitVisible(chromedp.Search(`//*[@data-testid="chat-note"][contains(text(),"relay takes no further connection")]`)))
		ada.shoot(t, "demo-relayed-"+string(mode))
	})
}
