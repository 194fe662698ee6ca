package delivery

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// chaos makes events without regard to sense, as a server that is broken or hostile would: few peers and small numbers, so that
// they meet.
type chaos struct {
	rng      *rand.Rand
	tokens   uint64
	position uint64
	timers   []string // that were ever set
}

func (c *chaos) n(limit int) uint64 { return c.rng.Uint64N(uint64(limit)) }

func (c *chaos) peer() (peer, instance string) {
	peer = []string{"ada", "bob", "cyd", "dan"}[c.n(4)]
	instance = fmt.Sprintf("%016x", c.n(2))
	if peer == "ada" && c.n(10) > 0 {
		instance = "0000000000000000"
	}
	return peer, instance
}

func (c *chaos) member() protocol.Member {
	m := protocol.Member{Joined: 1 + c.n(9), Away: c.n(4) == 0, Said: c.n(8) * c.n(2)}
	m.Peer, m.Instance = c.peer()
	if c.n(4) == 0 {
		m.Attributes = number(c.n(3))
	}
	return m
}

func (c *chaos) event() Event {
	switch c.n(12) {
	case 0, 1:
		c.tokens++
		peer, instance := c.peer()
		return Send{c.tokens, peer, instance, number(c.tokens)}
	case 2:
		c.tokens++
		return Say{c.tokens, number(c.tokens)}
	case 3, 4, 5:
		return Writable{}
	case 6:
		if len(c.timers) > 0 {
			return TimerFired{c.timers[c.n(len(c.timers))]}
		}
		return Beat{}
	case 7:
		if c.n(6) == 0 {
			return Lost{}
		}
		return Received{c.joined()}
	case 8, 9:
		return Received{c.entry()}
	}
	return Received{c.frame()}
}

func (c *chaos) joined() protocol.Joined {
	j := protocol.Joined{
		Room: "tea", Epoch: fmt.Sprintf("%016x", c.n(3)), Position: c.position + c.n(3), Stable: c.position, Topology: "mesh",
		Replay: c.n(2) == 0, Until: c.position + c.n(6), Said: c.n(12), Gap: c.n(3) == 0,
	}
	c.position = j.Position
	if c.n(4) == 0 {
		c.position, j.Position = 0, 0
	}
	for range c.n(4) {
		j.Members = append(j.Members, c.member())
	}
	return j
}

func (c *chaos) entry() protocol.Event {
	c.position += c.n(3)
	member := c.member()
	e := protocol.Event{
		Room: "tea", Position: 1 + c.position, Stable: c.n(20) * c.n(2), Peer: member.Peer,
		Kind: []protocol.EventKind{"joined", "away", "back", "left", "updated", "message", "message", "message"}[c.n(8)],
	}
	switch e.Kind {
	case protocol.EventJoined, protocol.EventBack:
		e.Member = &member
	case protocol.EventLeft:
		e.Reason = protocol.LeftBye
	case protocol.EventUpdated:
		e.Attributes = number(c.n(3))
	case protocol.EventMessage:
		e.Instance, e.N, e.Data = member.Instance, 1+c.n(12), number(c.n(100))
	}
	return e
}

func (c *chaos) frame() protocol.Frame {
	peer, instance := c.peer()
	n := 1 + c.n(12)
	switch c.n(4) {
	case 0:
		return protocol.Signal{Room: "tea", From: peer, FromInstance: instance, To: "ada", ToInstance: "0", N: n, After: c.n(int(n)), Data: number(n)}
	case 1:
		return protocol.Receipt{Room: "tea", From: peer, FromInstance: instance, To: "ada", ToInstance: "0", N: n}
	case 2:
		code := []protocol.ErrorCode{"busy", "rate-limited", "unknown-peer", "stale-instance", "forbidden"}[c.n(5)]
		r := protocol.ErrorReply{Code: code, Room: "tea", N: n, RetryAfter: int64(c.n(2) * 70)}
		if c.n(2) == 0 {
			r.To, r.ToInstance = peer, instance
		}
		return r
	}
	return protocol.Pong{T: c.n(20), Stable: map[string]uint64{"tea": c.n(20)}}
}

// run takes a machine through random steps and a close, and holds it to what must be true whatever the server says.
func (c *chaos) run(t *testing.T, steps int) (recorded []step) {
	t.Helper()
	m := New(chaosConfig())
	settled := map[uint64]int{}
	for i := range steps {
		var event Event = Close{protocol.CodeClosed}
		if i < steps-1 {
			event = c.event()
		}
		effects := m.Step(event)
		recorded = append(recorded, step{event, effects})
		frames := 0
		for _, effect := range effects {
			switch e := effect.(type) {
			case Transmit:
				frames++
			case Resolved:
				settled[e.Token]++
			case Failed:
				settled[e.Token]++
			case SetTimer:
				if !slices.Contains(c.timers, e.Key) {
					c.timers = append(c.timers, e.Key)
				}
			}
		}
		if _, writable := event.(Writable); frames > 1 || frames > 0 && writable && !m.online {
			t.Fatalf("step %d: %v made %d frames", i, event, frames)
		}
		if len(m.speech.kept) > m.cfg.MaxUnstable || len(m.speech.waiting) > m.cfg.MaxUnsaid || m.speech.next > len(m.speech.kept) {
			t.Fatalf("step %d: %d are kept, %d wait, next %d", i, len(m.speech.kept), len(m.speech.waiting), m.speech.next)
		}
		if len(m.links.departed) > m.cfg.MaxDeparted || len(m.links.byAddress) != len(m.links.living)+len(m.links.departed) {
			t.Fatalf("step %d: %d links, %d living, %d departed", i, len(m.links.byAddress), len(m.links.living), len(m.links.departed))
		}
	}
	for token := uint64(1); token <= c.tokens; token++ {
		if settled[token] != 1 {
			t.Fatalf("token %d was settled %d times", token, settled[token])
		}
	}
	if len(m.out.armed) > 0 {
		t.Fatalf("timers that run after the close: %v", m.out.armed)
	}
	return recorded
}

// chaosConfig has bounds that are soon met.
func chaosConfig() Config {
	return Config{
		Room: "tea", Peer: "ada", Instance: "0000000000000000",
		Window: 2, MaxWaiting: 3, MaxUnstable: 3, MaxUnsaid: 2, MaxDeparted: 2, AckEvery: 4,
	}
}

// Whatever a server says, the bounds hold and each message is settled once.
func TestChaos(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		c := chaos{rng: rand.New(rand.NewPCG(seed, 1))}
		steps := c.run(t, 1000)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if seed == 0 && *update {
			v := vector{Name: "chaos", Why: "Events without sense, as from a broken server: both languages are to make the same of them.", Steps: steps}
			v.Config = map[string]any{
				"room": "tea", "peer": "ada", "instance": "0000000000000000",
				"window": 2, "maxWaiting": 3, "maxUnstable": 3, "maxUnsaid": 2, "maxDeparted": 2, "ackEvery": 4,
			}
			if err := os.WriteFile("testdata/chaos.json", v.encode(t), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
