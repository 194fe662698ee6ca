//go:build unix

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestRelayLimits: who meets a bound of --relay-limit is told which, in Go as in a browser, and the counters show it. What it has is
// not taken from it: of allocations, the next one is refused; of bytes, nothing more goes through; and what is too fast goes slower
// but arrives whole.
func TestRelayLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit, counter string
		code           protocol.ErrorCode
		sends          int // kilobytes
	}{
		// Each side asks for two: over UDP, and over TCP.
		{"identity:allocations=1", `{limit="identity",what="allocations"}`, protocol.CodeRelayAllocations, 0},
		{"identity:bytes=1MB", `{limit="identity",what="bytes"}`, protocol.CodeRelayBytes, 2000},
		{"identity:rate=2Mbit", `{limit="identity",what="bandwidth"}`, protocol.CodeRelayBandwidth, 400},
	} {
		t.Run(string(c.code), func(t *testing.T) {
			t.Parallel()
			needAll(t, browser.Chromium)
			bothModes(t, func(t *testing.T, mode relayMode) {
				s := newSite(t)
				b := serve(t, hostIP(t).String(), append(mode.flags(),
					"--allow-origin", s.Origin, "--grace", "1s", "--admin", "127.0.0.1:0", "--relay-limit", c.limit)...)
				arrives := c.code != protocol.CodeRelayBytes
				page := s.open(t, browser.Chromium, "limit.js", map[string]any{"server": b.Base, "room": b.Name, "kilobytes": c.sends, "arrives": arrives})
				if told := limited(t, s.ctx, b, c.sends, arrives); peer.Code(told) != c.code {
					t.Errorf("the Go side is told %v, want %q", told, c.code)
				}
				var other struct{ Code, Message string }
				page.verdict(t, &other)
				if other.Code != string(c.code) || other.Message == "" {
					t.Errorf("the page is told %+v, want %q", other, c.code)
				}
				m := b.scrape(t)
				if n := m["beckon_relay_limits_reached_total"+c.counter]; n < 2 || n != m.sum("beckon_relay_limits_reached_total") {
					t.Errorf("the limit was met %v times:\n%s", n, m)
				}
				refused := m[`beckon_relay_allocations_refused_total{reason="quota"}`]
				if (refused > 0) != (c.code == protocol.CodeRelayAllocations) {
					t.Errorf("%v allocations were refused:\n%s", refused, m)
				}
				if told := m[fmt.Sprintf(`beckon_signaling_errors_total{code=%q}`, c.code)]; told < 2 {
					t.Errorf("%v were told of the limit", told)
				}
			})
		})
	}
}

// limited connects over relays to the other side, which does the same, sends and takes so many kilobytes, and returns the limit that it
// is told of. It stays until the test ends: the other one may be told later.
func limited(t *testing.T, ctx context.Context, b *server, kilobytes int, arrives bool) error {
	t.Helper()
	room, err := peer.Join(ctx, b.Base, b.Name, &peer.Config{
		ICETransportPolicy: peer.ICETransportRelay,
		CloseTimeout:       time.Second, // the test's end takes the page before this
	})
	if err != nil {
		t.Fatal(err)
	}
	moved := make(chan error, 1)
	var moving sync.WaitGroup
	t.Cleanup(func() {
		room.Close()
		moving.Wait()
	})
	moving.Go(func() {
		p, err := room.Accept(ctx)
		if err == nil {
			err = move(ctx, p, kilobytes)
		}
		moved <- err
	})
	var e peer.Event
	for e.Kind != peer.EventLimit {
		if e, err = room.Recv(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if arrives {
		if err := <-moved; err != nil {
			t.Error(err)
		}
		return e.Err
	}
	select {
	case err := <-moved:
		t.Errorf("all has arrived though the limit is met (%v)", err)
	default:
	}
	return e.Err
}

// move sends and takes so many kilobytes over the channel that both sides open.
func move(ctx context.Context, p *peer.Peer, kilobytes int) error {
	ours, err := p.Open(ctx, "load", nil)
	if err != nil {
		return err
	}
	theirs, err := p.Accept(ctx)
	if err != nil {
		return err
	}
	return parallel(ctx, []func(context.Context) error{
		func(ctx context.Context) error {
			for range kilobytes / 10 {
				if err := ours.Send(ctx, bytes.Repeat([]byte("x"), 10_000)); err != nil {
					return err
				}
			}
			return nil
		},
		func(ctx context.Context) error {
			for range kilobytes / 10 {
				if _, _, err := theirs.Recv(ctx); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
