package simulation

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// simulate runs a plan, prints what happened, and fails the test if anything was wrong.
func simulate(t *testing.T, p plan) tally {
	began := time.Now()
	var w *world
	synctest.Test(t, func(*testing.T) {
		w = newWorld(p, logger(*verbose))
		w.run()
	})
	result := w.oracle.tally
	result.took = time.Since(began)
	total.Lock()
	total.add(result)
	total.Unlock()
	fmt.Printf("seed %d: %s\n", p.seed, result.details())
	for _, wrong := range w.oracle.wrong {
		t.Errorf("seed %d: %s", p.seed, wrong)
	}
	if result.amplification() > p.most {
		t.Errorf("seed %d: %.2f frames per message, more than %.1f", p.seed, result.amplification(), p.most)
	}
	t.Logf("seed %d, frames: %s", p.seed, result.frameKinds())
	if t.Failed() {
		t.Logf("the same plan again, though not the same interleaving: go test ./e2e/simulation -run '^%s$' -simulation.seed %d", t.Name(), p.seed)
	}
	return result
}

// TestLarge is the one with a thousand kills, and its numbers are the promise.
func TestLarge(t *testing.T) {
	if !*large {
		t.Skip("the large simulation: -simulation.large, or make simulate") // a choice, and make test makes it
	}
	t.Parallel()
	s := uint64(1)
	if *seed != 0 {
		s = *seed
	}
	got := simulate(t, plan{seed: s, most: most, players: 5, kills: 1000, cuts: 0.4, holes: 0.08, reloads: 0.1, slowing: 0.2})
	for what, enough := range map[string]bool{
		"1,000 kills":           got.kills >= 1000,
		"300 cuts":              got.cuts >= 300,
		"50 black holes":        got.holes >= 50,
		"20,000 direct":         got.direct >= 20_000,
		"5,000 to the room":     got.saidToRoom >= 5000,
		"reloads of both kinds": got.drops > 0 && got.reloads > got.drops,
		"slow readers":          got.slow > 0,
		"all carriers":          len(got.carriers) == 3,
	} {
		if !enough {
			t.Errorf("less than %s: %s", what, got.details())
		}
	}
}

// TestSeeds are small simulations, of which no two have the same plan.
func TestSeeds(t *testing.T) {
	t.Parallel()
	next := make(chan uint64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for s := range next {
				t.Run(fmt.Sprint(s), func(t *testing.T) { simulate(t, small(s)) })
			}
		})
	}
	switch {
	case *seed != 0:
		next <- *seed
	case *seconds > 0:
		// New ones each time, from a random place: what was run before has been seen.
		s := uint64(rand.Uint32()) << 16
		for end := time.Now().Add(time.Duration(*seconds) * time.Second); time.Now().Before(end) && !t.Failed(); s++ {
			next <- s
		}
	default:
		for s := range uint64(*seeds) {
			next <- s + 1
		}
	}
	close(next)
	workers.Wait()
}

// small is the plan of a seed of its own. One of few messages and many faults may cost somewhat more than what is promised of all: a storm
// of frames that make frames would still be far above.
func small(seed uint64) plan {
	rng := rand.New(rand.NewPCG(seed, 2))
	return plan{
		seed: seed, most: most + 0.5, players: 4 + rng.IntN(3), kills: 8 + rng.IntN(8),
		cuts: 0.8 * rng.Float64(), holes: 0.2 * rng.Float64(), reloads: 0.4 * rng.Float64(), slowing: 0.6 * rng.Float64(),
	}
}
