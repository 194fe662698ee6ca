package signaling

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestChurn lets clients come, go, talk, lose and resume their connections all at once. Each checks what it is told of a room
// against the one rule that everything else hangs on: after a `joined` come the events that follow its position, with no hole.
// It is also what would find two locks taken in the wrong order.
func TestChurn(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed) // of what the clients do; the order in which they do it is the scheduler's
	synctest.Test(t, func(t *testing.T) {
		limits := Limits{QueueFrames: 6, RingEvents: 10, Grace: time.Second, Rate: 1e6, Burst: 1e6, Joins: 1e6, Refused: 1e6}
		w := serve(t, Config{Authorize: AllowAnonymous("*"), Limits: limits}, 2048)
		var all sync.WaitGroup
		for i := range 12 {
			c := &churner{t: t, w: w, rand: rand.New(rand.NewPCG(seed, uint64(i))), instance: protocol.NewInstance()}
			all.Go(c.run)
		}
		all.Wait()
		time.Sleep(time.Minute) // who went between two polls is missed only then
		n := w.s.Stats()
		if n.Connections+n.Sessions+n.Rooms != 0 {
			t.Errorf("left: %+v", n)
		}
		t.Logf("%+v", n)
	})
}

type churner struct {
	t        *testing.T
	w        *world
	rand     *rand.Rand
	instance string
	resume   string
	said     uint64

	mu   sync.Mutex // guards what the reader learns
	at   map[string]protocol.Joined
	self protocol.Welcome
}

func (c *churner) run() {
	for range 8 {
		l, err := newLink(c.t, kinds[c.rand.IntN(len(kinds))], c.w.l.Dial)
		if err != nil {
			c.t.Error(err)
			return
		}
		c.mu.Lock()
		c.at = map[string]protocol.Joined{}
		c.mu.Unlock()
		ended := make(chan struct{})
		go c.read(l, ended)
		c.say(l, protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance, Resume: c.resume})
		for range 40 {
			c.act(l)
			time.Sleep(time.Duration(c.rand.IntN(20)) * time.Millisecond)
		}
		if c.rand.IntN(3) == 0 {
			c.say(l, protocol.Bye{})
			<-ended
		}
		l.drop()
		<-ended
		c.mu.Lock()
		c.resume = c.self.Resume
		c.mu.Unlock()
		time.Sleep(time.Duration(c.rand.IntN(1500)) * time.Millisecond)
	}
}

func (c *churner) act(l link) {
	room := fmt.Sprint("room-", c.rand.IntN(3))
	switch c.rand.IntN(8) {
	case 0, 1:
		j := protocol.Join{Room: room}
		c.mu.Lock()
		if at, ok := c.at[room]; ok && c.rand.IntN(2) == 0 {
			j.Epoch, j.Position = at.Epoch, at.Position
		}
		c.mu.Unlock()
		c.say(l, j)
	case 2:
		c.say(l, protocol.Leave{Room: room})
	case 3:
		c.say(l, protocol.Update{Room: room, Attributes: json.RawMessage(`{"x":1}`)})
	case 4:
		c.mu.Lock()
		self := c.self
		c.mu.Unlock()
		if self.Peer != "" {
			c.say(l, protocol.Signal{Room: room, To: self.Peer, ToInstance: c.instance, N: 1, Data: json.RawMessage(`1`)})
		}
	default:
		c.said++
		c.say(l, protocol.Message{Room: room, N: c.said, Data: json.RawMessage(`"` + strings.Repeat("x", 300) + `"`)})
	}
}

func (c *churner) say(l link, f protocol.Frame) {
	if err := l.write(string(protocol.Encode(f))); err != nil {
		c.t.Error(err)
	}
}

// read checks what comes, and is slow at it now and then.
func (c *churner) read(l link, ended chan struct{}) {
	defer close(ended)
	for n := 0; ; n++ {
		text, err := l.next()
		if err != nil {
			return
		}
		frame := []byte(text)
		if n%50 == 49 {
			time.Sleep(300 * time.Millisecond)
		}
		env, err := protocol.Parse(frame)
		if err != nil {
			c.t.Error(err)
			return
		}
		c.mu.Lock()
		switch env.Type {
		case protocol.TypeWelcome:
			c.self, err = protocol.Decode[protocol.Welcome](frame)
		case protocol.TypeJoined:
			var j protocol.Joined
			j, err = protocol.Decode[protocol.Joined](frame)
			c.at[j.Room] = j
		case protocol.TypeEvent:
			err = c.follow(frame)
		}
		c.mu.Unlock()
		if err != nil {
			c.t.Error(err)
			return
		}
	}
}

// follow checks that an event is the next of its room. c.mu must be held.
func (c *churner) follow(frame []byte) error {
	e, err := protocol.Decode[protocol.Event](frame)
	if err != nil {
		return err
	}
	at, ok := c.at[e.Room]
	// The own left event comes in any case, also to one who has fallen behind the ring by then.
	// In a replay it is that of an earlier membership.
	leaves := e.Kind == protocol.EventLeft && e.Peer == c.self.Peer && (!ok || e.Position > at.Until)
	if !ok || e.Position != at.Position+1 && !(leaves && e.Position > at.Position) {
		return fmt.Errorf("at %d of %s (a member: %v) came %s", at.Position, e.Room, ok, frame)
	}
	at.Position = e.Position
	c.at[e.Room] = at
	if leaves {
		delete(c.at, e.Room)
	}
	return nil
}
