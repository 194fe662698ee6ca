package signaling

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// restarted is a server, and the one that takes its place with the same secret.
func restarted(t *testing.T, l Limits, f func(t *testing.T, first, second *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Authorize: AllowAnonymous("*"), Secret: []byte("the secret of both"), Limits: l}
		f(t, serve(t, cfg, 0), serve(t, cfg, 0))
	})
}

// Who comes back from before a restart gets the new log from its beginning: what the first to come back have said is new to it.
func TestAfterARestartTheLogIsReplayedFromItsBeginning(t *testing.T) {
	restarted(t, Limits{}, func(t *testing.T, first, second *world) {
		ada, j := first.in("tea")
		bob, _ := first.in("tea")
		ada, bob = second.again(ada), second.again(bob)
		ada.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 2})
		ada.event(protocol.EventJoined) // @1
		ada.say("tea", 1)
		ada.heard(1)
		if got := ada.stableNow(2); got != 2 { // @3
			t.Errorf("stable is %d", got)
		}
		again := bob.join(protocol.Join{ID: 5, Room: "tea", Epoch: j.Epoch, Position: 2})
		if !again.Replay || again.Gap || again.Position != 0 || again.Until != 4 || again.Members != nil || again.ID != 5 || again.Said != 0 {
			t.Errorf("%+v", again)
		}
		if e := bob.event(protocol.EventJoined); e.Position != 1 || e.Peer != ada.welcome.Peer {
			t.Errorf("%+v", e)
		}
		for n := range uint64(2) {
			if e := bob.event(protocol.EventMessage); e.N != n+1 || e.Position != n+2 {
				t.Errorf("%+v", e)
			}
		}
		if e := bob.event(protocol.EventJoined); e.Position != 4 || e.Peer != bob.welcome.Peer {
			t.Errorf("%+v", e)
		}
		ada.event(protocol.EventJoined)
		// bob has acknowledged nothing of this log, so nothing more is stable.
		if got := ada.stableNow(4); got != 2 { // @5
			t.Errorf("stable is %d", got)
		}
		bob.send(protocol.Ack{Room: "tea", Position: 4})
		synctest.Wait()
		if got := ada.stableNow(5); got != 4 {
			t.Errorf("stable is %d", got)
		}
		bob.heard(4, 5)
	})
}

// The answer to the first join after a restart may be lost with its carrier: then the client names the old epoch once more, as a member.
func TestTheOldEpochNamedByAMember(t *testing.T) {
	restarted(t, Limits{}, func(t *testing.T, first, second *world) {
		ada, j := first.in("tea")
		ada = second.again(ada)
		for range 2 {
			got := ada.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position})
			if !got.Replay || got.Position != 0 || got.Until != 1 {
				t.Errorf("%+v", got)
			}
			if e := ada.event(protocol.EventJoined); e.Position != 1 || e.Peer != ada.welcome.Peer {
				t.Errorf("%+v", e)
			}
			ada.quiet()
		}
	})
}

// The carrier may be lost in the middle of the replay, before the member's own joining: it goes on from there.
func TestAReplayAfterARestartGoesOn(t *testing.T) {
	restarted(t, Limits{}, func(t *testing.T, first, second *world) {
		ada, j := first.in("tea")
		bob, _ := first.in("tea")
		ada, bob = second.again(ada), second.again(bob)
		ada.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 2})
		ada.event(protocol.EventJoined)
		ada.say("tea", 1)
		ada.say("tea", 2)
		ada.heard(1, 2)
		epoch := bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 2}).Epoch
		bob.drop()
		synctest.Wait()
		bob = second.again(bob)
		if got := bob.join(protocol.Join{Room: "tea", Epoch: epoch, Position: 2}); !got.Replay || got.Gap || got.Position != 2 {
			t.Errorf("%+v", got)
		}
		if e := bob.event(protocol.EventMessage); e.N != 2 || e.Position != 3 {
			t.Errorf("%+v", e)
		}
		if e := bob.event(protocol.EventJoined); e.Peer != bob.welcome.Peer {
			t.Errorf("%+v", e)
		}
	})
}

// When the beginning of the new log has gone, what was said there is a gap.
func TestAfterARestartBeyondTheRing(t *testing.T) {
	restarted(t, Limits{RingEvents: 3}, func(t *testing.T, first, second *world) {
		bob, j := first.in("tea")
		bob = second.again(bob)
		ada, _ := second.in("tea")
		ada.say("tea", 1)
		ada.say("tea", 2)
		ada.heard(1, 2)
		got := bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position})
		if got.Replay || !got.Gap || got.Position != 4 || len(got.Members) != 2 || got.Members[0].Said != 2 {
			t.Errorf("%+v", got)
		}
		bob.quiet()
	})
}

// A snapshot counts as acknowledged when it is sent. If it got lost, and the client names where it really is, that counts.
func TestAReplayTakesBackWhatWasAcknowledged(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, j := w.in("tea")
		ada.event(protocol.EventJoined)
		ada.say("tea", 1) // @3
		ada.event(protocol.EventMessage)
		bob.event(protocol.EventMessage)
		bob.join(protocol.Join{Room: "tea"}) // the snapshot is @3
		bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 2})
		bob.event(protocol.EventMessage)
		if got := ada.stableNow(3); got != 2 { // @4
			t.Errorf("stable is %d", got)
		}
		time.Sleep(59 * time.Second) // and it has time to acknowledge what it was told again
		if got := ada.stableNow(4); got != 2 {
			t.Errorf("stable is %d", got)
		}
		time.Sleep(time.Second)
		if got := ada.stableNow(5); got != 5 {
			t.Errorf("stable is %d", got)
		}
	})
}

// In a silent room no event would tell how far everybody is, so the pong does.
func TestAPongTellsTheStablePosition(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		ada.say("tea", 1) // @3
		ada.heard(1)
		bob.heard(1)
		ask := func(c *client, position uint64) uint64 {
			t.Helper()
			c.send(protocol.Ping{T: position, Acks: map[string]uint64{"tea": position, "elsewhere": 1}})
			p := next[protocol.Pong](c)
			stable, ok := p.Stable["tea"]
			if p.T != position || !ok || len(p.Stable) != 1 {
				t.Errorf("%+v", p)
			}
			return stable
		}
		for _, step := range []struct {
			c            *client
			acknowledges uint64
			stable       uint64
		}{{ada, 3, 2}, {bob, 3, 3}, {ada, 3, 3}} {
			if got := ask(step.c, step.acknowledges); got != step.stable {
				t.Errorf("stable is %d, want %d", got, step.stable)
			}
		}
		ada.say("tea", 2)
		ada.heard(2)
		ask(ada, 4)
		time.Sleep(50 * time.Second)
		ada.send(protocol.Ping{})
		if p := next[protocol.Pong](ada); p.Stable != nil { // it asked for nothing
			t.Errorf("%+v", p)
		}
		time.Sleep(10 * time.Second)
		if got := ask(ada, 4); got != 4 { // bob no longer holds it back, and nothing happened that would have told
			t.Errorf("stable is %d", got)
		}
	})
}

// A pong shows that nothing older is under way, so it stands behind what a slow reader has yet to be told.
func TestAPongStandsBehindTheEventsBeforeIt(t *testing.T) {
	slowWorld(t, Limits{QueueFrames: 8}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob := w.slowIn("tea")
		ada.event(protocol.EventJoined)
		for n := range uint64(50) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		bob.send(protocol.Ping{T: 9, Acks: map[string]uint64{"tea": 2}})
		synctest.Wait()
		go bob.pump()
		for n := range uint64(50) {
			if e := bob.event(protocol.EventMessage); e.N != n+1 {
				t.Fatalf("%+v", e)
			}
		}
		if p := next[protocol.Pong](bob); p.T != 9 || p.Stable["tea"] != 1 { // ada has acknowledged nothing
			t.Errorf("%+v", p)
		}
	})
}
