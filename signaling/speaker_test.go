package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/protocol/delivery"
)

// speaker is a client of the kind that the delivery machine is made for: it comes back whatever happens to its carrier.
type speaker struct {
	t        *testing.T
	instance string
	dial     func(context.Context) (net.Conn, error)
	wake     chan struct{} // there is something to write

	mu      sync.Mutex
	rng     *rand.Rand
	machine *delivery.Machine // nil before the first welcome
	welcome protocol.Welcome
	link    link // nil without a carrier
	timers  map[string]*time.Timer
	urgent  []protocol.Frame
	token   uint64
	sent    map[string]int // by what: a peer id, or "" for the room
	open    int            // calls without an answer
	got     map[string]int // by whom and what: the number of the newest
	refused map[protocol.ErrorCode]int

	carriers map[string]int // connections, by kind
}

func newSpeaker(t *testing.T, seed uint64, dial func(context.Context) (net.Conn, error)) *speaker {
	return &speaker{
		t: t, instance: protocol.NewInstance(), dial: dial, wake: make(chan struct{}, 1), rng: rand.New(rand.NewPCG(seed, 1)),
		timers: map[string]*time.Timer{}, sent: map[string]int{}, got: map[string]int{}, refused: map[protocol.ErrorCode]int{}, carriers: map[string]int{},
	}
}

// run keeps a carrier until ctx ends.
func (c *speaker) run(ctx context.Context) {
	defer context.AfterFunc(ctx, c.cut)()
	var all sync.WaitGroup
	all.Go(func() { c.beat(ctx) })
	for ctx.Err() == nil {
		c.mu.Lock()
		wait := time.Duration(c.rng.IntN(250)) * time.Millisecond
		c.mu.Unlock()
		time.Sleep(wait)
		c.carrier(ctx)
	}
	all.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, timer := range c.timers {
		timer.Stop()
	}
}

// beat is the heartbeat.
func (c *speaker) beat(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.mu.Lock()
			if c.link != nil {
				c.step(delivery.Beat{})
			}
			c.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// cut loses the carrier.
func (c *speaker) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != nil {
		c.link.drop()
	}
}

// carrier is one connection, from its hello to its end, over whichever carrier comes up.
func (c *speaker) carrier(ctx context.Context) {
	c.mu.Lock()
	kind := kinds[c.rng.IntN(len(kinds))]
	hello := protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance, Resume: c.welcome.Resume}
	c.carriers[kind]++
	c.mu.Unlock()
	l, err := newLink(c.t, kind, c.dial)
	if err != nil {
		return
	}
	defer l.drop()
	if l.write(string(protocol.Encode(hello))) != nil {
		return
	}
	defer context.AfterFunc(ctx, l.drop)()
	ended := make(chan struct{})
	var writer sync.WaitGroup
	defer func() {
		close(ended)
		l.drop()
		writer.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.link != nil {
			c.link = nil
			c.step(delivery.Lost{})
		}
	}()
	for {
		text, err := l.next()
		if err != nil {
			return
		}
		frame := []byte(text)
		if welcome, err := protocol.Decode[protocol.Welcome](frame); err == nil && welcome.Peer != "" {
			if c.begin(l, welcome); ctx.Err() != nil {
				return
			}
			writer.Go(func() { c.write(l, ended) })
			continue
		}
		c.mu.Lock()
		c.receive(l, frame)
		c.mu.Unlock()
	}
}

// begin takes the welcome and joins.
func (c *speaker) begin(l link, welcome protocol.Welcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.machine == nil {
		c.machine = delivery.New(delivery.Config{
			Room: "tea", Peer: welcome.Peer, Instance: c.instance, Grace: time.Duration(welcome.Grace) * time.Millisecond,
		})
	} else if !welcome.Resumed || welcome.Peer != c.welcome.Peer {
		c.t.Errorf("%s became %s", c.welcome.Peer, welcome.Peer)
	}
	c.welcome, c.link, c.urgent = welcome, l, nil
	c.join()
}

const joinID = 1 // tells the refusal of a join from others

// join goes on where the log was left. c.mu must be held.
func (c *speaker) join() {
	c.urgent = append(c.urgent, protocol.Join{ID: joinID, Room: "tea", Epoch: c.machine.Epoch(), Position: c.machine.Position()})
	c.ring()
}

func (c *speaker) ring() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write is the one goroutine that writes to a carrier: a frame is made when it can be written.
func (c *speaker) write(l link, ended <-chan struct{}) {
	for {
		c.mu.Lock()
		if len(c.urgent) == 0 {
			c.step(delivery.Writable{})
		}
		frames := c.urgent
		c.urgent = nil
		c.mu.Unlock()
		for _, f := range frames {
			if l.write(string(protocol.Encode(f))) != nil {
				return
			}
		}
		if len(frames) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-ended:
			return
		}
	}
}

// receive takes a frame. c.mu must be held, as for all of the below.
func (c *speaker) receive(l link, frame []byte) {
	env, err := protocol.Parse(frame)
	if err != nil {
		c.t.Error(err)
		return
	}
	var f protocol.Frame
	switch env.Type {
	case protocol.TypeJoined:
		f, err = protocol.Decode[protocol.Joined](frame)
	case protocol.TypeEvent:
		f, err = protocol.Decode[protocol.Event](frame)
	case protocol.TypeSignal:
		f, err = protocol.Decode[protocol.Signal](frame)
	case protocol.TypeReceipt:
		f, err = protocol.Decode[protocol.Receipt](frame)
	case protocol.TypePong:
		f, err = protocol.Decode[protocol.Pong](frame)
	case protocol.TypeError:
		var e protocol.ErrorReply
		e, err = protocol.Decode[protocol.ErrorReply](frame)
		c.refused[e.Code]++
		if f = e; e.ID == joinID {
			time.AfterFunc(time.Duration(e.RetryAfter)*time.Millisecond, func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.link == l {
					c.join()
				}
			})
		}
	case protocol.TypeGoAway:
		var g protocol.GoAway
		g, err = protocol.Decode[protocol.GoAway](frame)
		within := time.Duration(c.rng.Int64N(g.Within)) * time.Millisecond
		time.AfterFunc(within, l.drop)
	}
	if err != nil {
		c.t.Error(err)
	} else if f != nil {
		c.step(delivery.Received{Frame: f})
	}
}

// step feeds the machine and does what it says.
func (c *speaker) step(e delivery.Event) {
	for _, effect := range c.machine.Step(e) {
		switch e := effect.(type) {
		case delivery.Transmit:
			c.urgent = append(c.urgent, e.Frame)
			c.ring()
		case delivery.Wake:
			c.ring()
		case delivery.SetTimer:
			if old := c.timers[e.Key]; old != nil {
				old.Stop()
			}
			var timer *time.Timer
			timer = time.AfterFunc(e.After, func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.timers[e.Key] == timer {
					delete(c.timers, e.Key)
					c.step(delivery.TimerFired{Key: e.Key})
				}
			})
			c.timers[e.Key] = timer
		case delivery.ClearTimer:
			if old := c.timers[e.Key]; old != nil {
				old.Stop()
				delete(c.timers, e.Key)
			}
		case delivery.Resolved:
			c.open--
		case delivery.Direct:
			c.hear(e.Peer+" to me", e.Data)
		case delivery.Message:
			c.hear(e.Peer+" to all", e.Data)
		case delivery.Failed, delivery.Left, delivery.Gap:
			c.t.Errorf("%s: %T %+v", c.welcome.Peer, e, e)
		}
	}
}

// hear checks that a message is the next of its sender.
func (c *speaker) hear(what string, data json.RawMessage) {
	c.got[what]++
	if want := fmt.Sprint(c.got[what]); string(data) != want {
		c.t.Errorf("%s heard from %s: %s instead of %s", c.welcome.Peer, what, data, want)
	}
}

// talk sends a few messages to everybody whom it sees, and a few to the room.
func (c *speaker) talk() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 1 + c.rng.IntN(3) {
		c.sent[""]++
		c.token++
		c.open++
		c.step(delivery.Say{Token: c.token, Data: json.RawMessage(fmt.Sprint(c.sent[""]))})
	}
	for _, to := range c.machine.Members() {
		if to.Peer == c.welcome.Peer {
			continue
		}
		for range 1 + c.rng.IntN(6) {
			c.sent[to.Peer]++
			c.token++
			c.open++
			c.step(delivery.Send{Token: c.token, Peer: to.Peer, Instance: to.Instance, Data: json.RawMessage(fmt.Sprint(c.sent[to.Peer]))})
		}
	}
}

// network leads to whichever server is there.
type network struct {
	mu sync.Mutex
	l  *memnet.Listener
}

func (n *network) dial(ctx context.Context) (net.Conn, error) {
	n.mu.Lock()
	l := n.l
	n.mu.Unlock()
	return l.Dial(ctx)
}

func (n *network) leadTo(l *memnet.Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.l = l
}
