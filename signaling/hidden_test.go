package signaling

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// A hidden member sees the room and hears what is said; the others notice nothing of it, whatever it does.
func TestAHiddenMember(t *testing.T) {
	overAll(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		ada := w.as("ada:" + ordinary)
		ada.join(protocol.Join{Room: "tea"})
		eve := w.as("eve:hidden " + ordinary)
		j := eve.join(protocol.Join{Room: "tea", Attributes: json.RawMessage(`{"name":"Eve"}`)})
		if j.Topology != protocol.TopologyNone || !slices.Equal(peersOf(j), []string{ada.welcome.Peer, eve.welcome.Peer}) || j.Position != 1 || j.Members[1].Joined != 1 {
			t.Errorf("%+v", j)
		}
		bob := w.as("bob:" + ordinary)
		if j := bob.join(protocol.Join{Room: "tea"}); j.Position != 2 || !slices.Equal(peersOf(j), []string{ada.welcome.Peer, bob.welcome.Peer}) {
			t.Errorf("%+v", j)
		}
		for _, c := range []*client{ada, eve} {
			if e := c.event(protocol.EventJoined); e.Position != 2 || e.Peer != bob.welcome.Peer {
				t.Errorf("%+v", e)
			}
		}
		ada.say("tea", 1)
		for _, c := range []*client{ada, bob, eve} {
			if e := c.event(protocol.EventMessage); e.Position != 3 {
				t.Errorf("%+v", e)
			}
		}

		// It has nothing to say, and cannot be spoken to.
		eve.signal("tea", ada, 1)
		eve.refused(protocol.CodeForbidden)
		eve.say("tea", 1)
		eve.refused(protocol.CodeForbidden)
		eve.send(protocol.Update{Room: "tea", Attributes: json.RawMessage(`{"name":"Bob"}`)})
		eve.refused(protocol.CodeForbidden)
		ada.signal("tea", eve, 1)
		ada.refused(protocol.CodeUnknownPeer)

		// Going and coming.
		eve.drop()
		synctest.Wait()
		bob.say("tea", 1)
		for _, c := range []*client{ada, bob} {
			c.event(protocol.EventMessage)
		}
		eve = w.again(eve)
		if got := eve.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 3}); !got.Replay || got.Topology != protocol.TopologyNone {
			t.Errorf("%+v", got)
		}
		if e := eve.event(protocol.EventMessage); e.Position != 4 {
			t.Errorf("%+v", e)
		}
		eve.send(protocol.Leave{Room: "tea"})
		if e := eve.event(protocol.EventLeft); e.Peer != eve.welcome.Peer || e.Position != 5 {
			t.Errorf("%+v", e)
		}
		ada.quiet()
		bob.quiet()
		ada.say("tea", 2)
		for _, c := range []*client{ada, bob} {
			if e := c.event(protocol.EventMessage); e.Position != 5 {
				t.Errorf("%+v", e)
			}
		}
		eve.alive()
	})
}

// What is not safe until all have it is not safe until the hidden have it.
func TestAHiddenMemberHoldsTheStablePosition(t *testing.T) {
	inWorld(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		eve, ada := w.as("eve:hidden"), w.as("ada:message")
		eve.join(protocol.Join{Room: "tea"})
		ada.join(protocol.Join{Room: "tea"})
		eve.event(protocol.EventJoined)
		stable := func() uint64 {
			ada.send(protocol.Ping{Acks: map[string]uint64{"tea": 1}})
			return next[protocol.Pong](ada).Stable["tea"]
		}
		if got := stable(); got != 0 {
			t.Errorf("stable at %d before the hidden member has it", got)
		}
		eve.send(protocol.Ack{Room: "tea", Position: 1})
		eve.alive()
		if got := stable(); got != 1 {
			t.Errorf("stable at %d", got)
		}
	})
}

// Nobody is told of its end, and the room goes with it if it was the last.
func TestAHiddenMemberThatIsLost(t *testing.T) {
	inWorld(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		eve, ada := w.as("eve:hidden"), w.as("ada:message")
		ada.join(protocol.Join{Room: "tea"})
		eve.join(protocol.Join{Room: "tea"})
		eve.drop()
		ada.quietFor(30 * 1e9)
		if n := w.s.Stats(); n.Sessions != 1 {
			t.Errorf("%+v", n)
		}
		fay := w.as("fay:hidden")
		fay.join(protocol.Join{Room: "tea"})
		ada.send(protocol.Leave{Room: "tea"})
		ada.event(protocol.EventLeft)
		fay.event(protocol.EventLeft)
		fay.send(protocol.Bye{})
		fay.ends(protocol.CloseNormal)
		synctest.Wait()
		if n := w.s.Stats(); n.Rooms != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// The answer to a leave comes also to a hidden reader that lags.
func TestAHiddenMemberThatLagsAndLeaves(t *testing.T) {
	inWorld(t, Config{Authorize: byToken, Limits: Limits{QueueFrames: 4}}, func(t *testing.T, w *world) {
		ada := w.as("ada:message")
		ada.join(protocol.Join{Room: "tea"})
		eve := w.slow()
		stop := make(chan struct{})
		go func() { eve.pump(); close(stop) }()
		eve.hello(protocol.Hello{Token: "eve:hidden"})
		eve.join(protocol.Join{Room: "tea"})
		sess, _ := w.s.sessionOf(eve.welcome.Peer, Grant{})
		sess.mu.Lock()
		m := sess.rooms["tea"]
		sess.mu.Unlock()
		m.room.mu.Lock()
		m.cursor.lagging = true // as if its queue had been full
		cur := m.cursor
		m.room.mu.Unlock()
		ada.say("tea", 1)
		ada.event(protocol.EventMessage)
		sess.mu.Lock()
		sess.leave("tea", protocol.LeftLeave)
		sess.mu.Unlock()
		cur.conn.mark(cur)
		eve.event(protocol.EventMessage)
		if e := eve.event(protocol.EventLeft); e.Peer != eve.welcome.Peer {
			t.Errorf("%+v", e)
		}
	})
}
