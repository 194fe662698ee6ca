package peer_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
)

// talker is a member that says a lot, and keeps what it hears.
type talker struct {
	t     *testing.T
	room  *peer.Room
	id    string
	mu    sync.Mutex
	open  int              // calls that have not returned
	said  map[string]int   // how much to whom; "" is the room
	heard map[string][]int // by who said it, and whether to all
}

func newTalker(t *testing.T, room *peer.Room) *talker {
	return &talker{t: t, room: room, id: room.ID(), said: map[string]int{}, heard: map[string][]int{}}
}

// listen keeps what comes until ctx ends. Nobody leaves meanwhile, and nothing is missed.
func (k *talker) listen(ctx context.Context) {
	for {
		e, err := k.room.Recv(ctx)
		if err != nil {
			return
		}
		k.mu.Lock()
		switch e.Kind {
		case peer.EventMessage, peer.EventSignal:
			var n int
			json.Unmarshal(e.Data, &n)
			key := string(e.Kind) + " of " + e.Peer.ID()
			k.heard[key] = append(k.heard[key], n)
		case peer.EventLeft, peer.EventGap:
			k.t.Errorf("%s got %q", k.id, e.Kind)
		}
		if e.Missed > 0 {
			k.t.Errorf("%s missed %d events", k.id, e.Missed)
		}
		k.mu.Unlock()
	}
}

// talk says the next thing to the room and to everybody in it, and does not wait for it to arrive.
func (k *talker) talk() {
	k.say("", func(n int) error { return k.room.Send(context.Background(), n) })
	for _, p := range k.room.Peers() {
		k.say(p.ID(), func(n int) error { return p.Signal(context.Background(), n) })
	}
}

func (k *talker) say(to string, do func(n int) error) {
	k.mu.Lock()
	n := k.said[to]
	k.said[to]++
	k.open++
	k.mu.Unlock()
	go func() {
		if err := do(n); err != nil {
			k.t.Errorf("%s to %q: %v", k.id, to, err)
		}
		k.mu.Lock()
		k.open--
		k.mu.Unlock()
	}()
	synctest.Wait() // for the order
}

// settled wants every call to have returned.
func (k *talker) settled(t *testing.T) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open > 0 {
		t.Fatalf("%s, which is %q, waits for %d calls", k.id, k.room.State(), k.open)
	}
}

// check wants all that was said to be heard, once and in order.
func (k *talker) check(by *talker) {
	by.mu.Lock()
	defer by.mu.Unlock()
	for what, want := range map[string]int{"message of " + by.id: by.said[""], "signal of " + by.id: by.said[k.id]} {
		got := k.heard[what]
		if len(got) != want || want == 0 {
			k.t.Errorf("%s heard %d of %d: %s", k.id, len(got), want, what)
		}
		for i, n := range got {
			if n != i {
				k.t.Errorf("%s: %s number %d is %d", k.id, what, i, n)
				break
			}
		}
	}
}

// Connections are cut, go black, and servers die, all with messages in flight: each arrives once and in order, each call succeeds,
// and nobody is said to have left. All are on one kind of carrier, because who notices a black hole earlier than others is back
// earlier, and may rightly find that those were away for too long.
func TestNothingIsLost(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		y := newWay(w, secret)
		var all []*talker
		var listening sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		for range 3 {
			k := newTalker(t, y.join(only(peer.CarrierWebSocket)))
			all = append(all, k)
			listening.Go(func() { k.listen(ctx) })
		}
		synctest.Wait()
		for round := range 40 {
			for range 3 {
				for _, k := range all {
					k.talk()
				}
			}
			time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
			switch round % 4 {
			case 0:
				y.cut()
			case 1:
				y.kill()
				time.Sleep(time.Duration(rng.IntN(500)) * time.Millisecond)
				y.start(secret)
			case 2:
				if round%8 == 2 {
					y.blacken()
					// Until all have noticed. Who had no connection just now, and is in a new epoch before the others know that theirs
					// is gone, takes them for gone when the grace is over, which is shorter than the silence that tells.
					time.Sleep(30 * time.Second)
				}
			}
			time.Sleep(time.Duration(rng.IntN(8000)) * time.Millisecond)
		}
		time.Sleep(10 * time.Minute) // until all have arrived, and what has its place in the log has been read
		for _, k := range all {
			k.settled(t)
			if k.room.ID() != k.id {
				t.Errorf("%s is %s now", k.id, k.room.ID())
			}
		}
		stop()
		listening.Wait()
		for _, k := range all {
			for _, by := range all {
				if k != by {
					k.check(by)
				}
			}
		}
	})
}
