package signaling

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestBackWithReplay(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, j := w.in("tea")
		ada.event(protocol.EventJoined)
		bob.drop()
		ada.event(protocol.EventAway)
		ada.say("tea", 1)
		ada.event(protocol.EventMessage)
		time.Sleep(10 * time.Second)

		bob = w.again(bob)
		bob.say("tea", 1) // not before it has joined again
		bob.refused(protocol.CodeNotInRoom)
		bob.signal("tea", ada, 1)
		bob.refused(protocol.CodeNotInRoom)
		again := bob.join(protocol.Join{ID: 8, Room: "tea", Epoch: j.Epoch, Position: j.Position, Attributes: json.RawMessage(`{"x":1}`)})
		if !again.Replay || again.Gap || again.Members != nil || again.Position != j.Position || again.Epoch != j.Epoch || again.ID != 8 {
			t.Errorf("%+v", again)
		}
		for i, kind := range []protocol.EventKind{protocol.EventAway, protocol.EventMessage, protocol.EventBack} {
			if e := bob.event(kind); e.Position != j.Position+1+uint64(i) {
				t.Errorf("%+v", e)
			}
		}
		back := ada.event(protocol.EventBack)
		if back.Member == nil || back.Member.Peer != bob.welcome.Peer || back.Member.Joined != 2 || back.Member.Away || string(back.Member.Attributes) != `{"x":1}` {
			t.Errorf("%+v", back.Member)
		}
		ada.say("tea", 2)
		bob.event(protocol.EventMessage)
		ada.event(protocol.EventMessage)
		time.Sleep(time.Minute) // the grace has been taken back
		ada.quiet()
	})
}

func TestBackWithASnapshot(t *testing.T) {
	for name, c := range map[string]struct {
		join func(protocol.Joined) protocol.Join
		gap  bool
	}{
		"no position": {func(protocol.Joined) protocol.Join { return protocol.Join{Room: "tea"} }, false},
		"other epoch": {func(protocol.Joined) protocol.Join {
			return protocol.Join{Room: "tea", Epoch: "00000000000000ff", Position: 2}
		}, true},
		"a position to come": {func(j protocol.Joined) protocol.Join {
			return protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 1000}
		}, true},
		"a position that is gone": {func(j protocol.Joined) protocol.Join {
			return protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			overAll(t, Config{Limits: Limits{RingEvents: 3}}, func(t *testing.T, w *world) {
				ada, _ := w.in("tea")
				bob, j := w.in("tea")
				bob.drop()
				ada.event(protocol.EventJoined)
				ada.event(protocol.EventAway)
				ada.say("tea", 1)
				ada.say("tea", 2)
				ada.event(protocol.EventMessage)
				ada.event(protocol.EventMessage)
				bob = w.again(bob)
				got := bob.join(c.join(j))
				if got.Replay || got.Gap != c.gap || len(got.Members) != 2 || got.Position != 6 || got.Members[1].Away {
					t.Errorf("%+v", got)
				}
				bob.quiet()
				ada.event(protocol.EventBack)
			})
		})
	}
}

// The ring of three holds what came after the position exactly: one more is gone.
func TestTheLastPositionThatTheRingHolds(t *testing.T) {
	overAll(t, Config{Limits: Limits{RingEvents: 3}}, func(t *testing.T, w *world) {
		_, _ = w.in("tea")
		bob, j := w.in("tea")
		for n := range uint64(4) { // @3 to @6
			bob.say("tea", n+1)
			bob.event(protocol.EventMessage)
		}
		if got := bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position + 1}); !got.Replay {
			t.Errorf("%+v", got)
		}
		for n := range uint64(3) {
			if e := bob.event(protocol.EventMessage); e.N != n+2 {
				t.Errorf("%+v", e)
			}
		}
		if got := bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position}); got.Replay || !got.Gap {
			t.Errorf("%+v", got)
		}
	})
}

// The ring is bounded in bytes too: two of these fit.
func TestTheRingIsBoundedInBytes(t *testing.T) {
	overAll(t, Config{Limits: Limits{RingBytes: 2500}}, func(t *testing.T, w *world) {
		bob, j := w.in("tea")
		for n := range uint64(5) { // @2 to @6
			bob.shout(n + 1)
			bob.event(protocol.EventMessage)
		}
		if got := bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 4}); !got.Replay {
			t.Errorf("%+v", got)
		}
		for n := range uint64(2) {
			if e := bob.event(protocol.EventMessage); e.N != n+4 {
				t.Errorf("%+v", e)
			}
		}
		if got := bob.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: 3}); got.Replay || !got.Gap {
			t.Errorf("%+v", got)
		}
	})
}

func TestJoinAgainOnTheSameConnection(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		if j := bob.join(protocol.Join{Room: "tea"}); j.Position != 2 || len(j.Members) != 2 {
			t.Errorf("%+v", j)
		}
		ada.quiet()
		if j := bob.join(protocol.Join{Room: "tea", Attributes: json.RawMessage(`{"x":1}`)}); j.Position != 3 || string(j.Members[1].Attributes) != `{"x":1}` {
			t.Errorf("%+v", j)
		}
		if e := ada.event(protocol.EventUpdated); string(e.Attributes) != `{"x":1}` {
			t.Errorf("%+v", e)
		}
		bob.join(protocol.Join{Room: "tea"})
		if e := ada.event(protocol.EventUpdated); string(e.Attributes) != `{}` {
			t.Errorf("%+v", e)
		}
		bob.quiet()
	})
}

func TestAPositionFromBeforeLeaving(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, first := w.in("tea")
		bob.send(protocol.Leave{Room: "tea"})
		bob.event(protocol.EventLeft)
		for range 2 { // when it joins, and when it repeats itself
			j := bob.join(protocol.Join{Room: "tea", Epoch: first.Epoch, Position: first.Position})
			if j.Replay || !j.Gap || len(j.Members) != 2 {
				t.Errorf("%+v", j)
			}
		}
		bob.quiet()
		for _, kind := range []protocol.EventKind{protocol.EventJoined, protocol.EventLeft, protocol.EventJoined} {
			ada.event(kind)
		}
	})
}
