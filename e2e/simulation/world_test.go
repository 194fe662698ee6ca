package simulation

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
)

// plan is what is to happen at least.
type plan struct {
	seed                          uint64
	most                          float64 // frames per message
	players, kills                int
	cuts, holes, reloads, slowing float64 // how many of each for a kill, on average
}

// world is a simulation.
type world struct {
	plan    plan
	rng     *rand.Rand // of the plan
	luck    *luck      // of the network
	oracle  *oracle
	log     zerolog.Logger
	born    int
	lives   int
	players []*player      // those that live
	leaving sync.WaitGroup // those that do not any more

	mu   sync.Mutex
	life *life // guarded by mu
}

func newWorld(p plan, log zerolog.Logger) *world {
	return &world{
		plan: p, rng: rand.New(rand.NewPCG(p.seed, 0)), luck: &luck{rng: rand.New(rand.NewPCG(p.seed, 1))}, oracle: newOracle(), log: log,
	}
}

func (w *world) name(n int) string {
	return fmt.Sprintf("%s%d", []string{"ada", "bob", "cyd", "dan", "eve", "fay"}[n%6], n)
}

func (w *world) newHost(n int) *host {
	return &host{w: w, name: w.name(n), addr: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), base: w.luck.between(time.Millisecond, 60*time.Millisecond), lines: map[*memnet.Link]struct{}{}}
}

// run makes the plan happen. It must run in a bubble, and leaves nothing behind.
func (w *world) run() {
	start := time.Now()
	w.start()
	for range w.plan.players {
		w.join()
	}
	done := w.until("all have joined", w.allConnected)
	for i := 0; i < w.plan.kills && done; i++ {
		if i > 0 && i%100 == 0 {
			w.count(func(t *tally) {
				fmt.Printf("seed %d: %d of %d kills, %d messages …\n", w.plan.seed, i, w.plan.kills, t.messages())
			})
		}
		done = w.round() && w.kill()
	}
	w.settle()
	survivors := map[string]bool{}
	for _, p := range w.players {
		survivors[p.name] = true
	}
	for _, p := range w.players {
		p.leave(true)
	}
	w.leaving.Wait()
	w.stop()
	w.oracle.finish(survivors)
	w.oracle.tally.simulated = time.Since(start)
}

func (w *world) start() {
	w.begin()
	w.oracle.lives(w.lives)
}

func (w *world) stop() {
	w.oracle.lives(0)
	w.end()
}

// until lets time pass until something is so. It gives up after a while that is longer than anything may take.
func (w *world) until(what string, so func() bool) bool {
	for range 6000 {
		if so() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.oracle.stuck(what)
	return false
}

func (w *world) allConnected() bool {
	return !slices.ContainsFunc(w.players, func(p *player) bool { return !p.connected() })
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

func (w *world) pick() *player { return w.players[w.rng.IntN(len(w.players))] }

// pause lets a while pass.
func (w *world) pause(low, high time.Duration) {
	time.Sleep(low + time.Duration(w.rng.Int64N(int64(high-low))))
}

// talk lets everybody say something: a burst to one, and perhaps something to all. Each call of a player has begun before its next
// one does, so that it is known in which order they are to arrive.
func (w *world) talk(direct, room int) {
	type words struct {
		p    *player
		to   *peer.Peer
		left int
	}
	var all []words
	for _, p := range w.players {
		if to := p.someone(w.rng); to != nil && direct > 0 {
			all = append(all, words{p, to, 1 + w.rng.IntN(2*direct-1)})
		}
		if room > 0 {
			all = append(all, words{p, nil, w.rng.IntN(2*room + 1)})
		}
	}
	for len(all) > 0 {
		spoken := map[*player]bool{}
		for i := range all {
			if a := &all[i]; a.left > 0 && !spoken[a.p] {
				spoken[a.p] = true
				a.left--
				a.p.speak(a.to)
			}
		}
		synctest.Wait()
		all = slices.DeleteFunc(all, func(a words) bool { return a.left <= 0 })
	}
}

// round is what happens between two kills.
func (w *world) round() bool {
	for range 2 {
		w.talk(16, 5)
		w.pause(50*time.Millisecond, 500*time.Millisecond)
		w.trouble()
		// Time for the heartbeats to acknowledge, and often for the grace of who went without a goodbye. Until then what was said to
		// the room is kept, and said again after a crash: servers that die every second, for hours, would cost more than the
		// promise allows.
		w.pause(5*time.Second, 25*time.Second)
	}
	// From here until the kill nothing else goes wrong. Who is in a black hole has to notice first.
	for range 60 {
		if w.allConnected() {
			break
		}
		w.talk(1, 0)
		w.pause(500*time.Millisecond, time.Second)
	}
	return w.until("all are connected again", w.allConnected) &&
		w.until("what the dead have said is heard", func() bool { return w.oracle.bequest() == 0 })
}

// trouble makes something go wrong, or not.
func (w *world) trouble() {
	per := func(n float64) bool { return w.chance(n / 2) } // of the two calls in a round
	if per(w.plan.slowing) {
		// One at a time, or there would be nobody left who is quick.
		if i := slices.IndexFunc(w.players, func(p *player) bool { return p.host.isSlow() }); i >= 0 {
			w.players[i].host.setSlow(false)
		} else {
			w.pick().host.setSlow(true)
			w.count(func(t *tally) { t.slow++ })
		}
	}
	if per(w.plan.cuts) {
		if p := w.pick(); p.connected() {
			w.oracle.gone(p, time.Now())
			p.host.cut()
			w.count(func(t *tally) { t.cuts++ })
		}
	}
	if per(w.plan.holes) {
		if p := w.pick(); p.connected() {
			// Nobody knows of it before the heartbeat's silence, and the players have spoken a moment ago.
			w.oracle.gone(p, time.Now().Add(20*time.Second))
			p.host.hole()
			w.count(func(t *tally) { t.holes++ })
		}
	}
	if per(w.plan.reloads) {
		w.reload()
	}
}

// reload replaces a player by another instance.
func (w *world) reload() {
	i := w.rng.IntN(len(w.players))
	goodbye := w.chance(0.5)
	w.players[i].leave(goodbye)
	w.players = slices.Delete(w.players, i, i+1)
	w.join()
	w.count(func(t *tally) {
		t.reloads++
		if !goodbye {
			t.drops++
		}
	})
}

func (w *world) count(do func(*tally)) {
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	do(&w.oracle.tally)
}

// kill ends the server at a moment when all are connected and messages are in flight, on the wire too, and starts another one after a while.
func (w *world) kill() bool {
	hit := false
	for range 100 {
		w.talk(4, 1)
		w.pause(time.Millisecond, 60*time.Millisecond)
		synctest.Wait()
		direct, room := w.oracle.flying()
		bytes := 0
		for _, p := range w.players {
			bytes += p.host.inFlight()
		}
		if hit = w.allConnected() && direct > 0 && room > 0 && bytes > 0; hit {
			w.count(func(t *tally) { t.killed(direct + room) })
			break
		}
	}
	if !hit {
		w.oracle.stuck("all are connected and messages are in flight")
		return false
	}
	for _, p := range w.players {
		w.oracle.gone(p, time.Now())
		p.host.lost()
	}
	w.stop()
	if w.chance(0.5) {
		w.pause(10*time.Millisecond, time.Second)
		w.talk(2, 1) // to no server at all
	}
	w.pause(10*time.Millisecond, time.Second)
	w.start()
	return w.until("all are connected after the kill", w.allConnected)
}

// settle lets everything come to rest.
func (w *world) settle() {
	for _, p := range w.players {
		p.host.setSlow(false)
	}
	w.until("all are connected at the end", w.allConnected)
	w.until("everything is answered and heard", w.oracle.quiet)
}

// logger writes to standard error if that is wanted.
func logger(verbose bool) zerolog.Logger {
	if !verbose {
		return zerolog.Nop()
	}
	return zerolog.New(os.Stderr).With().Timestamp().Logger()
}
