package delivery

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// world is a simulation: clients that run on machines, a model of the server, a network that loses and delays, and virtual
// time. All that happens is drawn from one seed, so a seed is a run that can be had again.
type world struct {
	rng      *rand.Rand
	now      time.Duration
	agenda   agenda
	sequence int

	server  *simServer
	clients []*simClient // those that live
	born    int          // how many instances there were
	mutate  mutation
	oracle  *oracle
	tally   tally
}

// mutation breaks the delivery on purpose, to show that the simulation would notice.
type mutation int

const (
	intact mutation = iota
	noRetransmission
	noDedupe
	noOrder
	noRoomRepeat
)

// tally counts what happened.
type tally struct {
	direct, said, heard         int // messages; heard counts each room message once per reader
	frames, fromClients         int // over each hop; those that clients sent
	kills, cuts, holes, reloads int
	inFlight                    int // kills that hit unsettled messages
	failed, busy                int
	gaps, skipped               int // skipped counts the gaps that the server did not know of
}

func (t *tally) add(o tally) {
	t.direct += o.direct
	t.said += o.said
	t.heard += o.heard
	t.frames += o.frames
	t.fromClients += o.fromClients
	t.kills += o.kills
	t.cuts += o.cuts
	t.holes += o.holes
	t.reloads += o.reloads
	t.failed += o.failed
	t.gaps += o.gaps
	t.skipped += o.skipped
	t.busy += o.busy
	t.inFlight += o.inFlight
}

func (t tally) messages() int { return t.direct + t.heard }

func (t tally) String() string {
	return fmt.Sprintf("kills %d (%d with messages in flight), cuts %d, black holes %d, reloads %d; messages %d (direct %d, room %d to %d readers), failed with their recipient %d, gaps %d (%d not told by the server), busy %d; frames per message %.2f (of the clients alone %.2f)",
		t.kills, t.inFlight, t.cuts, t.holes, t.reloads, t.messages(), t.direct, t.said, t.heard, t.failed, t.gaps, t.skipped, t.busy,
		float64(t.frames)/float64(t.messages()), float64(t.fromClients)/float64(t.messages()))
}

// happening is something in the agenda.
type happening struct {
	at       time.Duration
	sequence int // those of the same time happen in the order in which they were planned
	do       func()
}

type agenda []happening

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].sequence < a[j].sequence
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(happening)) }
func (a *agenda) Pop() any {
	old := *a
	x := old[len(old)-1]
	*a = old[:len(old)-1]
	return x
}

func (w *world) after(d time.Duration, do func()) {
	w.sequence++
	heap.Push(&w.agenda, happening{w.now + d, w.sequence, do})
}

// run lets time pass until then, or until done.
func (w *world) run(until time.Duration, done func() bool) bool {
	for len(w.agenda) > 0 && w.agenda[0].at <= until {
		if done() {
			return true
		}
		h := heap.Pop(&w.agenda).(happening)
		w.now = h.at
		h.do()
	}
	w.now = until
	return done()
}

// between draws a duration.
func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.rng.Int64N(int64(high-low)))
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// pick draws one of the clients.
func (w *world) pick() *simClient { return w.clients[w.rng.IntN(len(w.clients))] }

// wire is a network connection: two directions, in each of which frames keep their order, and are lost with it.
type wire struct {
	w      *world
	client *simClient
	dead   bool // both ends know, or are about to
	hole   bool // frames vanish and nobody knows
	up     time.Duration
	down   time.Duration
	lag    time.Duration

	// The server's end.
	queue    []item
	draining bool
	pace     time.Duration // between two frames to a client
}

// item is a frame in the server's queue to a client, or the place at which a lagging member is caught up.
type item struct {
	frame  protocol.Frame
	cursor *simCursor
}

// toServer sends a client's frame.
func (c *wire) toServer(f protocol.Frame) {
	c.w.tally.frames++
	c.w.tally.fromClients++
	at := max(c.up, c.w.now+c.lag+c.w.between(0, 20*time.Millisecond))
	c.up = at
	server := c.w.server
	c.w.after(at-c.w.now, func() {
		if !c.dead && !c.hole && server == c.w.server {
			server.handle(c, f)
		}
	})
}

// toClient sends a frame of the server.
func (c *wire) toClient(f protocol.Frame) {
	c.w.tally.frames++
	at := max(c.down, c.w.now+c.lag+c.w.between(0, 20*time.Millisecond))
	c.down = at
	c.w.after(at-c.w.now, func() {
		if !c.dead && !c.hole {
			c.client.receive(c, f)
		}
	})
}

// cut ends a connection with everything in flight. Each end notices at its own time.
func (c *wire) cut() {
	if c.dead {
		return
	}
	c.dead = true
	server := c.w.server
	c.w.after(c.w.between(0, 50*time.Millisecond), func() { c.client.lost(c) })
	if server != nil {
		c.w.after(c.w.between(0, 50*time.Millisecond), func() {
			if server == c.w.server {
				server.lost(c)
			}
		})
	}
}
