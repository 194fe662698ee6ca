//go:build unix

package e2e

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

const (
	// recoveryClients is how many there are of each server.
	recoveryClients = 8
	// recoveryPause is between two kills, so that each hits connections that have lasted: who is lost at once waits longer.
	recoveryPause = 1100 * time.Millisecond
)

// BenchmarkRecovery measures how long clients take to find back to a server that was killed, from when it listens again: until a
// client is in its room again (back), and until all that it has said to all others, just before the kill and just after it, has been
// received, and told to be (all), which is when the last of them is back. Beside it, killed and started at the same moments, runs the
// naive server, with clients that dial again a second after their connection was lost; they are back when an echo comes, and what
// they said before the kill without one is lost.
func BenchmarkRecovery(b *testing.B) {
	b.Run("restart-at-once", func(b *testing.B) { measureRecovery(b, 8, 0) })
	b.Run("restart-within-2s", func(b *testing.B) { measureRecovery(b, 5, 2*time.Second) })
}

// measureRecovery kills both servers so many times, each time for a random time of at most so long: of an even one, whoever dials
// at even intervals would be back always early or always late.
func measureRecovery(b *testing.B, kills int, down time.Duration) {
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	var wire frames
	server := serveKillable(b, "127.0.0.1")
	peers := joinAll(b, ctx, server.Base, server.Name, recoveryClients, &wire)
	naive := newNaiveRoom(b, ctx)
	framesBefore := wire.total()
	kills *= b.N
	var back, all, naiveBack []float64
	said, lost := 0, 0
	for range kills {
		<-time.After(recoveryPause)
		before := sayToAll(b, ctx, peers)
		naive.sayAll(recoveryClients - 1)
		<-time.After(time.Duration(rand.IntN(2000)) * time.Microsecond) // some are on their way to the server, some from it
		both(server.kill, naive.kill)
		lost += naive.unheard()
		returned := returns(b, ctx, peers)
		after := sayToAll(b, ctx, peers)
		<-time.After(time.Duration(rand.Float64() * float64(down)))
		both(func() {
			if err := server.start(ctx); err != nil {
				b.Error(err)
				return
			}
			listens := time.Now()
			since := func(t time.Time) float64 { return max(0, t.Sub(listens).Seconds()*1000) }
			for n := range peers {
				back = append(back, since(<-returned[n]))
				<-before[n]
				all = append(all, since(<-after[n]))
			}
		}, func() { naiveBack = append(naiveBack, naive.recover(b)...) })
		if b.Failed() {
			return
		}
		said += 2 * recoveryClients * (recoveryClients - 1)
	}
	b.ReportMetric(0, "ns/op") // which is that of the setting up
	b.ReportMetric(quantile(back, 0.5), "back-p50-ms")
	b.ReportMetric(quantile(back, 0.99), "back-p99-ms")
	b.ReportMetric(quantile(all, 0.5), "all-p50-ms")
	b.ReportMetric(quantile(all, 0.99), "all-p99-ms")
	b.ReportMetric(float64(wire.total()-framesBefore)/float64(said), "frames/msg")
	b.ReportMetric(quantile(naiveBack, 0.5), "naive-p50-ms")
	b.ReportMetric(quantile(naiveBack, 0.99), "naive-p99-ms")
	b.ReportMetric(float64(lost)/float64(kills), "naive-lost/kill")
}

// sayToAll has each of the peers say something to each other one, and returns for each a channel on which comes the time when all
// of that had been received.
func sayToAll(b *testing.B, ctx context.Context, rooms []*peer.Room) (received []chan time.Time) {
	b.Helper()
	for _, room := range rooms {
		done := make(chan time.Time, 1)
		received = append(received, done)
		var all sync.WaitGroup
		for _, p := range room.Peers() {
			all.Go(func() {
				if err := p.Signal(ctx, "are you there?"); err != nil {
					b.Error(err)
				}
			})
		}
		go func() {
			all.Wait()
			done <- time.Now()
		}()
	}
	return received
}

// returns reads the events of rooms that have lost their server, and returns for each a channel on which comes the time of its
// return.
func returns(b *testing.B, ctx context.Context, rooms []*peer.Room) (returned []chan time.Time) {
	b.Helper()
	for _, room := range rooms {
		done := make(chan time.Time, 1)
		returned = append(returned, done)
		go func() {
			for {
				e, err := room.Recv(ctx)
				if err != nil {
					b.Error(err)
				}
				if err != nil || e.State == peer.RoomJoined {
					done <- time.Now()
					return
				}
			}
		}()
	}
	return returned
}

func both(f, g func()) {
	var two sync.WaitGroup
	two.Go(f)
	two.Go(g)
	two.Wait()
}

// quantile sorts what was measured.
func quantile(all []float64, q float64) float64 {
	slices.Sort(all)
	return all[int(q*float64(len(all)-1)+0.5)]
}
