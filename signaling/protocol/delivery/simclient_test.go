package delivery

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// simClient owns a machine, as an SDK does: carrier, timers, heartbeat, writer.
type simClient struct {
	w              *world
	peer, instance string
	machine        *Machine
	gone           bool

	wire     *wire
	attempts int
	heard    time.Duration
	timers   map[string]int // the newest start of each timer
	starts   int
	pulling  bool
	slow     bool

	token  uint64
	sentTo map[string]uint64 // by address, what was transmitted: for the mutation
	said   uint64
	trace  *[]step // if this client's steps are recorded
}

func (c *simClient) address() string { return addressOf(c.peer, c.instance) }

func (w *world) newClient(peer string) *simClient {
	w.born++
	c := &simClient{
		w: w, peer: peer, instance: fmt.Sprintf("%016x", w.born),
		timers: map[string]int{}, sentTo: map[string]uint64{},
	}
	c.machine = New(Config{Room: "tea", Peer: peer, Instance: c.instance})
	w.clients = append(w.clients, c)
	w.oracle.born(c)
	c.connect()
	c.beat()
	return c
}

func (c *simClient) step(e Event) {
	if c.gone {
		return
	}
	effects := c.machine.Step(e)
	if c.trace != nil {
		*c.trace = append(*c.trace, step{e, effects})
	}
	for _, effect := range effects {
		c.do(effect)
	}
}

func (c *simClient) do(effect Effect) {
	switch e := effect.(type) {
	case Transmit:
		c.transmit(e.Frame)
	case Wake:
		c.pull()
	case SetTimer:
		c.starts++
		start := c.starts
		c.timers[e.Key] = start
		c.w.after(e.After, func() {
			if c.timers[e.Key] == start {
				c.step(TimerFired{e.Key})
			}
		})
	case ClearTimer:
		delete(c.timers, e.Key)
	default:
		c.w.oracle.saw(c, effect)
	}
}

// pull is the writer: a frame is made when it can be written.
func (c *simClient) pull() {
	if c.pulling {
		return
	}
	c.pulling = true
	pace := 200 * time.Microsecond
	if c.slow {
		pace = 20 * time.Millisecond
	}
	c.w.after(pace, func() {
		c.pulling = false
		if c.gone || c.wire == nil || !c.machine.awake {
			return
		}
		c.step(Writable{})
		if c.machine.awake {
			c.pull()
		}
	})
}

func (c *simClient) transmit(f protocol.Frame) {
	if c.w.mutate == noRetransmission {
		if s, ok := f.(protocol.Signal); ok {
			to := addressOf(s.To, s.ToInstance)
			if s.N <= c.sentTo[to] {
				return
			}
			c.sentTo[to] = s.N
		}
	}
	if m, ok := f.(protocol.Message); ok && c.w.mutate == noRoomRepeat {
		if m.N <= c.said {
			return
		}
		c.said = m.N
	}
	c.wire.toServer(f)
}

// receive takes a frame from the carrier.
func (c *simClient) receive(wire *wire, f protocol.Frame) {
	if c.gone || c.wire != wire {
		return
	}
	c.heard = c.w.now
	switch c.w.mutate {
	case noDedupe:
		c.forget(f)
	case noOrder:
		if s, ok := f.(protocol.Signal); ok {
			s.After = 0
			f = s
		}
	}
	if j, ok := f.(protocol.Joined); ok {
		c.attempts = 0
		c.w.oracle.joined(c, j)
	}
	c.step(Received{f})
}

// forget makes the machine take a double for new.
func (c *simClient) forget(f protocol.Frame) {
	switch f := f.(type) {
	case protocol.Signal:
		if l := c.machine.links.byAddress[addressOf(f.From, f.FromInstance)]; l != nil {
			l.inbound.accepted = min(l.inbound.accepted, f.N-1)
		}
	case protocol.Event:
		if l := c.machine.links.byAddress[addressOf(f.Peer, f.Instance)]; l != nil && f.Position > c.machine.position {
			l.heard = min(l.heard, f.N-1)
		}
	}
}

// connect makes a carrier, after a wait with full jitter. The welcome takes a round trip.
func (c *simClient) connect() {
	limit := min(30*time.Second, 250*time.Millisecond<<min(c.attempts, 7))
	c.attempts++
	c.w.after(c.w.between(0, limit), func() {
		if c.gone {
			return
		}
		if c.w.server == nil {
			c.connect()
			return
		}
		wire := &wire{w: c.w, client: c, lag: c.w.between(time.Millisecond, 60*time.Millisecond), pace: 200 * time.Microsecond}
		if c.slow {
			wire.pace = 25 * time.Millisecond
		}
		c.wire = wire
		c.heard = c.w.now
		server := c.w.server
		c.w.tally.frames += 2 // hello and welcome
		c.w.tally.fromClients++
		c.w.after(2*wire.lag, func() {
			switch {
			case c.wire != wire || c.gone:
			case server != c.w.server:
				c.lost(wire)
			default:
				wire.toServer(protocol.Join{Room: "tea", Epoch: c.machine.Epoch(), Position: c.machine.Position()})
			}
		})
	})
}

// lost takes the end of a carrier.
func (c *simClient) lost(wire *wire) {
	if c.gone || c.wire != wire {
		return
	}
	wire.dead = true
	c.wire = nil
	c.step(Lost{})
	c.connect()
}

// beat is the heartbeat. It ends what has been silent for too long.
func (c *simClient) beat() {
	c.w.after(5*time.Second, func() {
		if c.gone {
			return
		}
		if wire := c.wire; wire != nil {
			if c.w.now-c.heard > 12*time.Second {
				c.lost(wire)
				c.w.after(c.w.between(0, 3*time.Second), func() {
					if s := c.w.server; s != nil {
						s.lost(wire)
					}
				})
			} else {
				c.step(Beat{})
			}
		}
		c.beat()
	})
}

// talk says a few things to somebody whom it knows, or one to all.
func (c *simClient) talk() {
	members := c.machine.Members()
	if len(members) < 2 || c.w.chance(0.35) {
		c.token++
		c.w.tally.said++
		c.step(Say{c.token, c.w.oracle.toSay(c, c.token)})
		return
	}
	to := members[c.w.rng.IntN(len(members))]
	if to.Peer == c.peer {
		return
	}
	burst := 1
	if c.w.chance(0.3) {
		burst = 4 + c.w.rng.IntN(20)
	}
	for range burst {
		c.token++
		c.w.tally.direct++
		c.step(Send{c.token, to.Peer, to.Instance, c.w.oracle.toSend(c, c.token, to)})
	}
}

// leave ends the client, with a goodbye or without.
func (c *simClient) leave() {
	if c.wire != nil && c.machine.online && c.w.chance(0.5) {
		c.wire.toServer(protocol.Bye{})
		wire := c.wire
		c.w.after(time.Second, wire.cut)
	} else if c.wire != nil {
		c.wire.cut()
	}
	c.gone = true
	c.w.oracle.died(c)
	for i, other := range c.w.clients {
		if other == c {
			c.w.clients = append(c.w.clients[:i], c.w.clients[i+1:]...)
			return
		}
	}
}

func number(n uint64) json.RawMessage { return json.RawMessage(fmt.Sprint(n)) }
