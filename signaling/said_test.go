package signaling

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// sayAfter says a message that names the one before it.
func (c *client) sayAfter(n, after uint64) {
	c.t.Helper()
	c.send(protocol.Message{Room: "tea", N: n, After: after, Data: json.RawMessage(`1`)})
}

// heard checks which messages come next, and that nothing else does.
func (c *client) heard(numbers ...uint64) {
	c.t.Helper()
	for _, n := range numbers {
		if e := c.event(protocol.EventMessage); e.N != n {
			c.t.Fatalf("want message %d, got %+v", n, e)
		}
	}
	c.quiet()
}

// A client says again what it does not know to be in the log, and behind a refused message nothing may be logged before that is.
func TestAMessageIsLoggedOnceAndInOrder(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ada.sayAfter(1, 0)
		ada.sayAfter(2, 1)
		ada.heard(1, 2)
		ada.sayAfter(1, 0) // a new carrier begins without a predecessor
		ada.sayAfter(2, 1)
		ada.sayAfter(3, 2)
		ada.heard(3)
		ada.sayAfter(5, 4) // 4 was refused
		ada.sayAfter(6, 5)
		ada.heard()
		ada.sayAfter(4, 0)
		ada.sayAfter(5, 4)
		ada.sayAfter(6, 5)
		ada.heard(4, 5, 6)
		ada.sayAfter(9, 6) // 7 and 8 were given up
		ada.heard(9)
		ada.sayAfter(8, 6)
		ada.heard()
		if n := w.s.Stats().Dropped[DropSaid]; n != 5 {
			t.Errorf("counted %d", n)
		}
	})
}

// Where a member's messages stand is told to itself, so that it says again what was lost and nothing else, and to who comes new.
func TestWhatWasSaidIsTold(t *testing.T) {
	overAll(t, Config{Limits: Limits{RingEvents: 4}}, func(t *testing.T, w *world) {
		ada, first := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(2) { // @3, @4
			ada.say("tea", n+5)
			ada.event(protocol.EventMessage)
		}
		bob.heard(5, 6)
		again := ada.join(protocol.Join{Room: "tea", Epoch: first.Epoch, Position: 3})
		if !again.Replay || again.Said != 6 || again.Until != 4 || again.Position != 3 {
			t.Errorf("replay: %+v", again)
		}
		ada.heard(6)
		ada.drop()
		bob.event(protocol.EventAway) // @5
		cem, snapshot := w.in("tea")  // @6
		if m := snapshot.Members; snapshot.Said != 0 || m[0].Said != 6 || m[1].Said != 0 || m[2].Said != 0 || snapshot.Until != 0 {
			t.Errorf("a new member: %+v", snapshot)
		}
		bob.event(protocol.EventJoined)
		ada = w.again(ada)
		if got := ada.join(protocol.Join{Room: "tea", Epoch: first.Epoch, Position: 1}); !got.Gap || got.Said != 6 {
			t.Errorf("snapshot: %+v", got)
		}
		for _, c := range []*client{bob, cem} {
			if e := c.event(protocol.EventBack); e.Member.Said != 6 {
				t.Errorf("%+v", e.Member)
			}
		}
	})
}

// A new membership, and a new instance of a peer, count from 1.
func TestWhatAnotherSaidCountsNotForIt(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ada.say("tea", 7)
		ada.heard(7)
		ada.send(protocol.Leave{Room: "tea"})
		ada.event(protocol.EventLeft)
		if j := ada.join(protocol.Join{Room: "tea"}); j.Said != 0 || j.Members[0].Said != 0 {
			t.Errorf("a new membership: %+v", j)
		}
		ada.say("tea", 3)
		ada.heard(3)

		sess, _ := w.s.sessionOf(ada.welcome.Peer, Grant{})
		sess.mu.Lock()
		sess.instance = protocol.NewInstance()
		sess.mu.Unlock()
		if j := ada.join(protocol.Join{Room: "tea"}); j.Said != 0 || j.Members[0].Said != 0 {
			t.Errorf("a new instance: %+v", j)
		}
		ada.say("tea", 1)
		ada.heard(1)
	})
}

// A reader that has fallen behind the ring learns where everybody's messages stand, its own among them.
func TestASnapshotForASlowReaderTellsWhatWasSaid(t *testing.T) {
	slowWorld(t, Limits{QueueFrames: 8, RingEvents: 10}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		bob.say("tea", 4)
		ada.heard(4)
		for n := range uint64(60) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		go bob.pump()
		for {
			if frame := bob.frame(); has(frame, `{"type":"joined"`) {
				j := decode[protocol.Joined](bob, frame)
				if j.Said != 4 || j.Members[0].Said != 60 || j.Members[1].Said != 4 || !j.Gap {
					t.Errorf("%+v", j)
				}
				break
			}
		}
		synctest.Wait()
	})
}
