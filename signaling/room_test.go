package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func peersOf(j protocol.Joined) (peers []string) {
	for _, m := range j.Members {
		peers = append(peers, m.Peer)
	}
	return peers
}

func TestPresence(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada := w.connect().hello(protocol.Hello{Capabilities: protocol.Capabilities{"rollback": true, "later": true}})
		j := ada.join(protocol.Join{ID: 3, Room: "tea", Attributes: json.RawMessage(`{"name":"Ada"}`)})
		if j.ID != 3 || j.Position != 1 || !protocol.ValidInstance(j.Epoch) || j.Topology != protocol.TopologyMesh || j.Replay || j.Gap {
			t.Errorf("%+v", j)
		}
		bob := w.session()
		j = bob.join(protocol.Join{Room: "tea", Topology: protocol.TopologyNone})
		if j.Position != 2 || j.Topology != protocol.TopologyMesh || !slices.Equal(peersOf(j), []string{ada.welcome.Peer, bob.welcome.Peer}) {
			t.Errorf("%+v", j)
		}
		a := j.Members[0]
		if a.Instance != ada.instance || a.Joined != 1 || a.Away || !a.Capabilities["rollback"] || !a.Capabilities["later"] || string(a.Attributes) != `{"name":"Ada"}` {
			t.Errorf("%+v", a)
		}
		e := ada.event(protocol.EventJoined)
		if e.Position != 2 || e.Peer != bob.welcome.Peer || e.Member == nil || e.Member.Peer != e.Peer || e.Member.Joined != 2 || e.Room != "tea" {
			t.Errorf("%+v", e)
		}
		bob.send(protocol.Update{Room: "tea", Attributes: json.RawMessage(`{"name":"Bob"}`)})
		for _, c := range []*client{ada, bob} {
			if e := c.event(protocol.EventUpdated); e.Position != 3 || e.Peer != bob.welcome.Peer || string(e.Attributes) != `{"name":"Bob"}` {
				t.Errorf("%+v", e)
			}
		}
		bob.send(protocol.Leave{Room: "tea"})
		for _, c := range []*client{ada, bob} {
			if e := c.event(protocol.EventLeft); e.Position != 4 || e.Reason != protocol.LeftLeave || e.Peer != bob.welcome.Peer {
				t.Errorf("%+v", e)
			}
		}
		ada.say("tea", 1)
		if e := ada.event(protocol.EventMessage); e.Position != 5 || e.Peer != ada.welcome.Peer || e.Instance != ada.instance || e.N != 1 || string(e.Data) != `{"say":1}` {
			t.Errorf("%+v", e)
		}
		bob.alive() // and hears nothing of the room any more
		ada.send(protocol.Leave{Room: "tea"})
		ada.event(protocol.EventLeft)
		if n := w.s.Stats(); n.Rooms != 0 || n.Sessions != 2 || n.Connections != 2 {
			t.Errorf("%+v", n)
		}
	})
}

func TestTheFirstJoinChoosesTheTopology(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		if j := w.session().join(protocol.Join{Room: "tea", Topology: protocol.TopologyNone}); j.Topology != protocol.TopologyNone {
			t.Errorf("%+v", j)
		}
	})
}

func TestAwayThenLeft(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		bob.drop()
		start := time.Now()
		if e := ada.event(protocol.EventAway); e.Peer != bob.welcome.Peer || time.Since(start) != 0 {
			t.Errorf("%+v after %v", e, time.Since(start))
		}
		cem, j := w.in("tea")
		ada.event(protocol.EventJoined)
		if len(j.Members) != 3 || !j.Members[1].Away || j.Members[0].Away {
			t.Errorf("%+v", j.Members)
		}
		time.Sleep(14 * time.Second)
		cem.quiet()
		for _, c := range []*client{ada, cem} {
			if e := c.event(protocol.EventLeft); e.Peer != bob.welcome.Peer || e.Reason != protocol.LeftTimeout || time.Since(start) != 15*time.Second {
				t.Errorf("%+v after %v", e, time.Since(start))
			}
		}
		if n := w.s.Stats().Sessions; n != 2 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestByeIsLeftAtOnce(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		bob.send(protocol.Bye{})
		if e := ada.event(protocol.EventLeft); e.Reason != protocol.LeftBye || e.Peer != bob.welcome.Peer {
			t.Errorf("%+v", e)
		}
		bob.ends(protocol.CloseNormal)
		time.Sleep(time.Minute)
		ada.quiet()
	})
}

func TestARoomEndsWithItsLastMember(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, first := w.in("tea")
		ada.drop()
		time.Sleep(20 * time.Second)
		if n := w.s.Stats(); n.Rooms != 0 || n.Sessions != 0 {
			t.Errorf("%+v", n)
		}
		bob, second := w.in("tea")
		if first.Epoch == second.Epoch || second.Position != 1 {
			t.Errorf("%+v after %+v", second, first)
		}
		bob.alive()
	})
}

func TestRoomLimits(t *testing.T) {
	overAll(t, Config{Limits: Limits{Rooms: 2, Members: 2, AllRooms: 3}}, func(t *testing.T, w *world) {
		a, _ := w.in("a")
		b, _ := w.in("a")
		a.event(protocol.EventJoined)
		c := w.session()
		c.send(protocol.Join{ID: 1, Room: "a"})
		if e := c.refused(protocol.CodeRoomFull); e.ID != 1 || e.Room != "a" {
			t.Errorf("%+v", e)
		}
		a.join(protocol.Join{Room: "b"})
		a.send(protocol.Join{ID: 2, Room: "c"})
		a.refused(protocol.CodeTooManyRooms)
		c.join(protocol.Join{Room: "c"})
		b.send(protocol.Join{Room: "d"})
		b.refused(protocol.CodeTooManyRooms)
		c.send(protocol.Leave{Room: "c"})
		c.event(protocol.EventLeft)
		b.join(protocol.Join{Room: "d"})
		a.quiet()
	})
}

func TestGrants(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		patterns []string
		room     string
		want     bool
	}{
		{nil, "tea", false},
		{[]string{"tea"}, "tea", true},
		{[]string{"tea"}, "teapot", false},
		{[]string{"coffee", "tea*"}, "teapot", true},
		{[]string{"tea*"}, "tea", true},
		{[]string{"*"}, "anything", true},
		{[]string{"*pot"}, "teapot", false},
		{[]string{""}, "tea", false},
	} {
		g, err := AllowAnonymous(c.patterns...)(context.Background(), AuthRequest{})
		if err != nil || g.Identity != "" || g.allows(c.room, now) != c.want {
			t.Errorf("%v allows %s: %v", c.patterns, c.room, !c.want)
		}
		g.Expires = now
		if g.allows(c.room, now) {
			t.Errorf("%v allows %s after its end", c.patterns, c.room)
		}
	}
}

// An instance is the first half of a message's name: two peers of one in a room could pass for each other.
func TestNobodyTakesAnothersInstance(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		eve := w.connect().hello(protocol.Hello{Instance: ada.instance})
		if eve.welcome.Peer == ada.welcome.Peer {
			t.Fatal("an instance alone is no proof")
		}
		eve.send(protocol.Join{Room: "tea"})
		eve.refused(protocol.CodeForbidden)
		ada.quiet()
		ada.alive()
	})
}

func TestAllSeeOneOrder(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		const members, messages = 8, 60
		var all []*client
		for range members {
			c, _ := w.in("tea")
			all = append(all, c)
		}
		synctest.Wait()
		for _, c := range all {
			for len(c.in) > 0 {
				c.event(protocol.EventJoined)
			}
		}
		for i, c := range all {
			go func() {
				for n := range messages {
					c.send(protocol.Message{Room: "tea", N: uint64(n + 1), Data: json.RawMessage(fmt.Sprint(i))})
				}
			}()
		}
		var first []string
		for _, c := range all {
			var got []string
			last := map[string]uint64{}
			for p := range members * messages {
				frame := c.frame()
				e := decode[protocol.Event](c, frame)
				if e.Position != uint64(members+p+1) || e.N != last[e.Peer]+1 {
					t.Fatalf("%d. is %+v", p, e)
				}
				last[e.Peer] = e.N
				got = append(got, frame)
			}
			if first == nil {
				first = got
			} else if !slices.Equal(got, first) {
				t.Fatal("two members saw two orders")
			}
		}
	})
}
