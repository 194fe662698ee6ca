//go:build unix

package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestTabIsClosed: a page that is closed says goodbye.
func TestTabIsClosed(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium)
	b := serve(t, hostIP(t).String(), "--grace", "1s")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	room, err := peer.Join(ctx, b.Base, b.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Close() })
	window := newScreen(t, b.Base+"/assets/icon.svg", 1200, 800) // it stays open
	tab, closeTab := chromedp.NewContext(window.ctx)
	defer closeTab()
	if err := chromedp.Do(tab, chromedp.Navigate(b.Room)); err != nil {
		t.Fatal(err)
	}
	p, err := room.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ch, err := p.Accept(ctx) // that of the chat
	if err != nil {
		t.Fatal(err)
	}
	closeTab()
	if e := next(t, ctx, room, peer.EventLeft); e.Reason != protocol.LeftBye {
		t.Errorf("it left because of %q, want %q", e.Reason, protocol.LeftBye)
	}
	if _, _, err := ch.Recv(ctx); peer.Code(err) != protocol.CodeClosed {
		t.Errorf("the channel ended with %v, want %q", err, protocol.CodeClosed)
	}
}

// TestPageIsKept: a page that the browser keeps when it goes to another one is no ghost: the others see it leave, and join when it is back.
func TestPageIsKept(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium)
	s := newSite(t)
	b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin)
	room, err := peer.Join(s.ctx, b.Base, b.Name, &peer.Config{Topology: protocol.TopologyNone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Close() })
	page := s.open(t, browser.Chromium, "kept.js", map[string]string{"server": b.Base, "room": b.Name})
	next(t, s.ctx, room, peer.EventJoined)
	if e := next(t, s.ctx, room, peer.EventLeft); e.Reason != protocol.LeftBye {
		t.Errorf("it left because of %q, want %q", e.Reason, protocol.LeftBye)
	}
	next(t, s.ctx, room, peer.EventJoined)
	if e := next(t, s.ctx, room, peer.EventMessage); string(e.Data) != `"back"` {
		t.Errorf("it said %s", e.Data)
	}
	var kept struct {
		Persisted, Another bool
		Heard              []string
	}
	page.verdict(t, &kept)
	if !kept.Persisted || !kept.Another || !slices.Equal(kept.Heard, []string{"gap", "left", "peer"}) {
		t.Errorf("the page says %+v", kept)
	}
}

// TestPageIsLost: a page that had no chance to say goodbye is away at once, and has left when the grace is over. That is so when
// its browser dies, and when Firefox goes to another page: it cuts the WebSocket before it tells the page.
func TestPageIsLost(t *testing.T) {
	t.Parallel()
	for kind, killed := range map[browser.Kind]bool{browser.Chromium: true, browser.Firefox: false} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			needAll(t, kind)
			s := newSite(t)
			b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin, "--grace", "1s")
			room, err := peer.Join(s.ctx, b.Base, b.Name, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { room.Close() })
			page := s.open(t, kind, "leave.js", map[string]string{"server": b.Base, "room": b.Name})
			ch := greet(t, s.ctx, room)
			page.verdict(t, nil)
			if killed {
				err = page.browser.Close()
			} else {
				err = ch.SendText(s.ctx, "leave")
			}
			if err != nil {
				t.Fatal(err)
			}
			next(t, s.ctx, room, peer.EventAway)
			if e := next(t, s.ctx, room, peer.EventLeft); e.Reason != protocol.LeftTimeout {
				t.Errorf("it left because of %q, want %q", e.Reason, protocol.LeftTimeout)
			}
			if data, _, err := ch.Recv(s.ctx); err == nil || s.ctx.Err() != nil {
				t.Errorf("the channel goes on with %q (%v), want its end", data, err)
			}
		})
	}
}

// greet says something to the next peer that is connected, and returns when that has said it back.
func greet(t *testing.T, ctx context.Context, room *peer.Room) *peer.Channel {
	t.Helper()
	p, err := room.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ch, err := p.Open(ctx, "talk", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.SendText(ctx, "hello"); err != nil {
		t.Fatal(err)
	}
	if data, text, err := ch.Recv(ctx); string(data) != "hello" || !text || err != nil {
		t.Fatalf("the answer is %q (text: %v, %v)", data, text, err)
	}
	return ch
}

// next reads the room's events up to the next of the kind.
func next(t *testing.T, ctx context.Context, room *peer.Room, kind peer.EventKind) peer.Event {
	t.Helper()
	for {
		e, err := room.Recv(ctx)
		if err != nil {
			t.Fatalf("waiting for %q: %v", kind, err)
		}
		if e.Kind == kind {
			return e
		}
	}
}
