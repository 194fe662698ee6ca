//go:build unix

package e2e

import (
	"context"
	"sync"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// BenchmarkFrames counts what crosses the wire for a message, without faults: all frames on both hops, receipts and the like
// included, and those that the clients send alone. A message to the room counts once for each who hears it. A naive echo server
// needs 2, and tells nobody what was lost.
func BenchmarkFrames(b *testing.B) {
	signal := func(ctx context.Context, room *peer.Room) error { return room.Peers()[0].Signal(ctx, 1) }
	say := func(ctx context.Context, room *peer.Room) error { return room.Send(ctx, 1) }
	// No more than a server lets a client say at once.
	b.Run("direct/burst", func(b *testing.B) { countFrames(b, 2, 10, 16, signal) })
	b.Run("direct/alone", func(b *testing.B) { countFrames(b, 2, 50, 1, signal) })
	b.Run("room/burst", func(b *testing.B) { countFrames(b, 4, 10, 16, say) })
	b.Run("room/alone", func(b *testing.B) { countFrames(b, 4, 50, 1, say) })
}

// countFrames has the first of some members say something a number of times, so many at once, and waits each time until the others
// have heard it.
func countFrames(b *testing.B, members, times, atOnce int, say func(context.Context, *peer.Room) error) {
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	var sent, total float64
	for range b.N {
		server := serve(b, "127.0.0.1", "--grace", "1s")
		var wire frames
		rooms := joinAll(b, ctx, server.Base, server.Name, members, &wire)
		sentBefore, totalBefore := wire.sent.Load(), wire.total()
		for range times {
			var saying sync.WaitGroup
			for range atOnce {
				saying.Go(func() {
					if err := say(ctx, rooms[0]); err != nil {
						b.Error(err)
					}
				})
			}
			for _, room := range rooms[1:] {
				hearNumbers(b, ctx, room, atOnce)
			}
			saying.Wait()
		}
		sent += float64(wire.sent.Load() - sentBefore)
		total += float64(wire.total() - totalBefore)
		for _, room := range rooms {
			room.Close()
		}
		server.Stop(b)
	}
	messages := float64(b.N * times * atOnce * (members - 1))
	b.ReportMetric(0, "ns/op") // which is that of the setting up
	b.ReportMetric(total/messages, "frames/msg")
	b.ReportMetric(sent/messages, "sent/msg")
}

// joinAll has some peers join a room where nobody connects by itself: what they say to do so would be counted. It returns when
// all know all.
func joinAll(b *testing.B, ctx context.Context, server, room string, members int, wire *frames) (rooms []*peer.Room) {
	b.Helper()
	for range members {
		r, err := peer.Join(ctx, server, room, &peer.Config{Topology: protocol.TopologyNone, Dial: wire.dial})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { r.Close() })
		rooms = append(rooms, r)
	}
	for _, r := range rooms {
		for len(r.Peers()) < members-1 {
			if _, err := r.Recv(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	return rooms
}

// hearNumbers reads events until so many messages have come.
func hearNumbers(b *testing.B, ctx context.Context, room *peer.Room, messages int) {
	b.Helper()
	for messages > 0 {
		e, err := room.Recv(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if e.Kind == peer.EventMessage || e.Kind == peer.EventSignal {
			messages--
		}
	}
}
