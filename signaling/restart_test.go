package signaling

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// The server's part in that nothing is lost, doubled or reordered: clients on real delivery machines, on servers that are killed or
// shut down with everything in flight, on carriers of all kinds that are cut, and with bursts that the rate limit refuses a part of.
func TestNothingIsLostOverRestarts(t *testing.T) {
	for name, gentle := range map[string]bool{"killed": false, "shut down": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			synctest.Test(t, func(t *testing.T) { overRestarts(t, seed, gentle) })
		})
	}
}

func overRestarts(t *testing.T, seed uint64, gentle bool) {
	const rounds, restartEvery = 120, 6
	rng := rand.New(rand.NewPCG(seed, 0))
	cfg := Config{Authorize: AllowAnonymous("*"), Secret: []byte("the secret of all"), Limits: Limits{Rate: 200, Burst: 20, Joins: 1000}}
	var way network
	var drained sync.WaitGroup
	start := func() (stop func()) {
		s, l := New(cfg), memnet.Listen(0)
		hs := &http.Server{Handler: s}
		go hs.Serve(l)
		way.leadTo(l)
		return func() {
			l.Close()
			if !gentle {
				s.Close()
				hs.Close()
				return
			}
			// The next one is there while this one still has clients.
			drained.Go(func() {
				if err := s.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
				hs.Close()
			})
		}
	}
	stop := start()
	ctx, cancel := context.WithCancel(context.Background())
	var all []*speaker
	var running sync.WaitGroup
	for i := range 4 {
		c := newSpeaker(t, seed+uint64(i), way.dial)
		all = append(all, c)
		running.Go(func() { c.run(ctx) })
	}
	time.Sleep(time.Second) // until all are there: what was said before is not for who comes later
	restarts := 0
	for round := range rounds {
		for _, c := range all {
			c.talk()
		}
		time.Sleep(time.Duration(rng.IntN(1500)) * time.Millisecond)
		switch {
		case round%restartEvery == restartEvery-1:
			for _, c := range all {
				c.talk() // and what this says is in flight
			}
			stop()
			if !gentle {
				time.Sleep(time.Duration(rng.IntN(2000)) * time.Millisecond)
			}
			stop = start()
			restarts++
			time.Sleep(time.Duration(rng.IntN(8000)) * time.Millisecond)
		case rng.IntN(3) == 0:
			all[rng.IntN(len(all))].cut()
		}
	}
	time.Sleep(2 * time.Minute)
	messages, refused, carriers := 0, 0, map[string]int{}
	for _, c := range all {
		c.mu.Lock()
		if c.open != 0 {
			t.Errorf("%s has %d calls without an answer", c.welcome.Peer, c.open)
		}
		for _, from := range all {
			if got, want := c.got[from.welcome.Peer+" to all"], from.sent[""]; got != want {
				t.Errorf("%s has %d of the %d messages of %s to all", c.welcome.Peer, got, want, from.welcome.Peer)
			}
			if got, want := c.got[from.welcome.Peer+" to me"], from.sent[c.welcome.Peer]; got != want {
				t.Errorf("%s has %d of the %d messages of %s", c.welcome.Peer, got, want, from.welcome.Peer)
			}
		}
		for _, n := range c.got {
			messages += n
		}
		refused += c.refused[protocol.CodeRateLimited]
		for kind, n := range c.carriers {
			carriers[kind] += n
		}
		c.mu.Unlock()
	}
	t.Logf("%d restarts, carriers %v, %d messages delivered, %d frames refused", restarts, carriers, messages, refused)
	if refused == 0 {
		t.Error("no burst met the rate limit")
	}
	if len(carriers) != len(kinds) {
		t.Error("not all carriers were used")
	}
	cancel()
	running.Wait()
	stop()
	drained.Wait()
}
