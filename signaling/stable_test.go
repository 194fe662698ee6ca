package signaling

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// stableNow acknowledges a position for c, says something, and returns the stable position that this event tells.
func (c *client) stableNow(position uint64) uint64 {
	c.t.Helper()
	c.send(protocol.Ack{Room: "tea", Position: position})
	c.shout(position)
	return c.event(protocol.EventMessage).Stable
}

func TestStable(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		n := uint64(0)
		check := func(want uint64) {
			t.Helper()
			synctest.Wait()
			n++
			ada.say("tea", n)
			a, b := ada.event(protocol.EventMessage), bob.event(protocol.EventMessage)
			if a.Stable != b.Stable || a.Position != n+2 {
				t.Errorf("%+v, %+v", a, b)
			}
			if a.Stable != want {
				t.Fatalf("stable is %d, want %d", a.Stable, want)
			}
		}
		check(1)                                         // message @3; ada has not acknowledged bob's joining
		check(1)                                         // @4
		ada.send(protocol.Ack{Room: "tea", Position: 4}) // bob's snapshot was @2
		check(2)
		bob.send(protocol.Ping{Acks: map[string]uint64{"tea": 3, "elsewhere": 9}})
		next[protocol.Pong](bob)
		check(3)
		bob.send(protocol.Ack{Room: "tea", Position: 1000}) // of another epoch
		bob.send(protocol.Ack{Room: "tea", Position: 6})
		bob.send(protocol.Ack{Room: "tea", Position: 1}) // late; it takes nothing back
		check(4)                                         // ada's
		time.Sleep(59 * time.Second)
		bob.send(protocol.Ack{Room: "tea", Position: 7})
		check(4)
		time.Sleep(time.Second) // now ada has said nothing for a minute and holds back nobody
		check(7)
	})
}

// Who acknowledges a part of what it owes has time for the rest from then on.
func TestAnAcknowledgementBuysTime(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(3) { // @3 to @5
			ada.say("tea", n+1)
			ada.event(protocol.EventMessage)
		}
		time.Sleep(20 * time.Second)
		bob.send(protocol.Ack{Room: "tea", Position: 3})
		time.Sleep(59 * time.Second)
		if got := ada.stableNow(5); got != 3 {
			t.Errorf("stable is %d", got)
		}
		time.Sleep(time.Second)
		if got := ada.stableNow(6); got != 6 {
			t.Errorf("stable is %d", got)
		}
		bob.send(protocol.Ack{Room: "tea", Position: 4}) // it counts again, but what was said to be stable stays so
		synctest.Wait()
		if got := ada.stableNow(7); got != 6 {
			t.Errorf("stable is %d", got)
		}
	})
}

// A member that is away will get what it has missed, so what it has not acknowledged is not stable; when it has left, it is.
func TestAMemberThatIsAwayHoldsTheStablePosition(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, j := w.in("tea")
		ada.event(protocol.EventJoined)
		bob.drop()
		ada.event(protocol.EventAway) // @3
		if got := ada.stableNow(3); got != 2 {
			t.Errorf("stable is %d", got)
		}
		// What it names when it comes back, it has.
		bob = w.again(bob)
		bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 3})
		ada.event(protocol.EventBack) // @5
		if got := ada.stableNow(5); got != 3 {
			t.Errorf("stable is %d", got)
		}
		bob.drop()
		ada.event(protocol.EventAway) // @7
		time.Sleep(15 * time.Second)
		ada.event(protocol.EventLeft) // @8
		if got := ada.stableNow(8); got != 8 {
			t.Errorf("stable is %d", got)
		}
	})
}

// A member that has fallen behind the ring will miss events whatever the others wait for; its snapshot sets it right.
func TestAMemberBehindTheRingHoldsNothing(t *testing.T) {
	slowWorld(t, Limits{QueueFrames: 4, RingEvents: 20}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		var stable uint64
		for p := range uint64(60) {
			stable = ada.stableNow(p + 2)
			if p < 15 && stable != 2 {
				t.Fatalf("stable is %d at %d", stable, p)
			}
		}
		if stable != 61 {
			t.Errorf("stable is %d", stable)
		}
		go bob.pump()
		synctest.Wait()
		ada.stableNow(62) // @63; bob's snapshot was @62
		if got := ada.stableNow(63); got != 62 {
			t.Errorf("stable is %d", got)
		}
	})
}
