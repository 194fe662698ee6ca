//go:build unix

package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
)

// BenchmarkJoinToOpen measures what a user waits for: from the call of join, with somebody else in the room, until a channel
// is open. It reports the median; run it as
//
//	go test ./e2e -run '^$' -bench JoinToOpen -benchtime 20x
func BenchmarkJoinToOpen(b *testing.B) {
	b.Run("go-go/loopback", func(b *testing.B) { joinFromGo(b, "127.0.0.1") })
	b.Run("go-go/host", func(b *testing.B) { joinFromGo(b, hostIP(b).String()) })
	for _, kind := range browser.Kinds() {
		b.Run(string(kind)+"-go/host", func(b *testing.B) {
			browser.Need(b, kind)
			s := newSite(b)
			server := serve(b, hostIP(b).String(), "--allow-origin", s.Origin, "--grace", "1s")
			somebody(b, s.ctx, server)
			var took []float64
			s.open(b, kind, "opentime.js", map[string]any{"server": server.Base, "room": server.Name, "times": b.N}).verdict(b, &took)
			reportMedian(b, took)
		})
	}
}

func joinFromGo(b *testing.B, ip string) {
	server := serve(b, ip, "--grace", "1s")
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	somebody(b, ctx, server)
	var took []float64
	for range b.N {
		begin := time.Now()
		room, err := peer.Join(ctx, server.Base, server.Name, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := room.Peers()[0].Open(ctx, "test", nil); err != nil {
			b.Fatal(err)
		}
		took = append(took, float64(time.Since(begin).Microseconds())/1000)
		room.Close()
	}
	reportMedian(b, took)
}

// somebody is a Go program in the room, for as long as the benchmark runs.
func somebody(b *testing.B, ctx context.Context, server *server) {
	b.Helper()
	room, err := peer.Join(ctx, server.Base, server.Name, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { room.Close() })
}

func reportMedian(b *testing.B, took []float64) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(0, "ns/op") // which would be that of the setting up as well
	b.ReportMetric(took[len(took)/2], "ms/open")
}
