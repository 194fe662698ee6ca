package simulation

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// said is what players say: who, to whom ("" is the room), and which of those it is, from 1.
type said struct {
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	N    int    `json:"n"`
}

// maxOpen is how many calls of a player may wait for their answer. It stays below the number from which on package peer lets
// them wait for their turn, because then it would not be known in which order they begin.
const maxOpen = 48

// player is one instance of an application. Who reloads is another player.
type player struct {
	w    *world
	name string
	host *host
	stop context.CancelFunc // ends its Join
	// carriers are those that it may use.
	carriers []peer.Carrier

	joined  chan struct{}  // closed when it has, or has given up
	running sync.WaitGroup // listen and the calls
	room    atomic.Pointer[peer.Room]
	open    atomic.Int32 // calls without an answer

	// Owned by the plan.
	numbers map[string]int // by To
}

// join starts a player.
func (w *world) join() *player {
	w.born++
	ctx, cancel := context.WithCancel(context.Background())
	p := &player{w: w, carriers: w.carriers(w.born), name: w.name(w.born), host: w.newHost(w.born), stop: cancel, joined: make(chan struct{}), numbers: map[string]int{}}
	w.players = append(w.players, p)
	w.oracle.born(p)
	go func() {
		defer close(p.joined)
		for !p.enter(ctx) && ctx.Err() == nil {
			time.Sleep(w.luck.between(0, time.Second)) // the server was killed, or the line cut
		}
	}()
	return p
}

// carriers are what the nth player may use. Four that are born one after the other use all of them, from one on that the seed says; the
// one of them that may choose does what applications do.
func (w *world) carriers(n int) []peer.Carrier {
	all := [][]peer.Carrier{{peer.CarrierWebSocket}, {peer.CarrierStream}, {peer.CarrierPoll}, nil}
	return all[(w.plan.seed+uint64(n))%uint64(len(all))]
}

// enter joins, and tells whether that was possible.
func (p *player) enter(ctx context.Context) bool {
	room, err := peer.Join(ctx, "http://beckon.test", "tea", &peer.Config{
		Topology: protocol.TopologyNone, Dial: p.host.dial, Carriers: p.carriers, Logger: p.w.log.With().Str("me", p.name).Logger(),
	})
	if err != nil {
		return false
	}
	p.w.oracle.entered(p, room.ID())
	p.w.count(func(t *tally) { t.carriers[room.Carrier()]++ })
	p.running.Go(func() { p.listen(room) })
	p.room.Store(room)
	return true
}

// listen is the application's reading. That of a slow one takes its time.
func (p *player) listen(room *peer.Room) {
	for {
		e, err := room.Recv(context.Background())
		if err != nil {
			return
		}
		p.w.oracle.saw(p, e)
		if p.host.isSlow() {
			time.Sleep(p.w.luck.between(0, 20*time.Millisecond))
		}
	}
}

// connected tells whether the player is a member by its own account, and its line works.
func (p *player) connected() bool {
	room := p.room.Load()
	return room != nil && room.State() == peer.RoomJoined && p.host.connected()
}

// someone draws a member that the player sees, one that has gone without a goodbye perhaps; nil if there is none.
func (p *player) someone(rng *rand.Rand) *peer.Peer {
	room := p.room.Load()
	if room == nil {
		return nil
	}
	peers := room.Peers()
	if len(peers) == 0 {
		return nil
	}
	return peers[rng.IntN(len(peers))]
}

// speak begins to say something to the room, or to one of its members, and does not wait for the answer. It does nothing if
// too much is unanswered.
func (p *player) speak(to *peer.Peer) {
	room := p.room.Load()
	if room == nil || p.open.Load() >= maxOpen {
		return
	}
	s := said{From: p.name}
	if to != nil {
		if s.To = p.w.oracle.nameOf(to.ID()); s.To == "" {
			return // who has just come: its Join has not returned yet
		}
	}
	p.numbers[s.To]++
	s.N = p.numbers[s.To]
	m := p.w.oracle.begun(p, s)
	p.open.Add(1)
	p.running.Go(func() {
		defer p.open.Add(-1)
		var err error
		if to == nil {
			err = room.Send(context.Background(), s)
		} else {
			err = to.Signal(context.Background(), s)
		}
		p.w.oracle.answered(m, err)
	})
}

// leave ends the player, with a goodbye or as if the power had gone. Those who are left see it go now, or after the grace.
func (p *player) leave(goodbye bool) {
	p.w.oracle.died(p)
	p.stop()
	if !goodbye {
		p.host.vanish()
	}
	p.w.leaving.Go(func() {
		<-p.joined
		if room := p.room.Load(); room != nil {
			room.Close()
		}
		p.running.Wait()
		p.host.vanish()
	})
}
