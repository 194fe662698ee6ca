package signaling

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestSignal(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		cem, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		ada.event(protocol.EventJoined)
		bob.event(protocol.EventJoined)
		ada.raw(`{ "type":"signal","later":[1.50],"room":"tea","to":"` + bob.welcome.Peer + `","toInstance":"` + bob.instance + `","n":1,"data":{"a" :1e2}}`)
		want := `{"from":"` + ada.welcome.Peer + `","fromInstance":"` + ada.instance + `", "type":"signal","later":[1.50],"room":"tea","to":"` +
			bob.welcome.Peer + `","toInstance":"` + bob.instance + `","n":1,"data":{"a" :1e2}}`
		if got := bob.frame(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		bob.send(protocol.Receipt{Room: "tea", To: ada.welcome.Peer, ToInstance: ada.instance, N: 1})
		if r := next[protocol.Receipt](ada); r.N != 1 || r.From != bob.welcome.Peer || r.FromInstance != bob.instance {
			t.Errorf("%+v", r)
		}
		for n := range uint64(100) {
			ada.signal("tea", bob, n+2)
		}
		for n := range uint64(100) {
			if s := next[protocol.Signal](bob); s.N != n+2 {
				t.Fatalf("%d. is %+v", n, s)
			}
		}
		cem.quiet()
		ada.quiet()
	})
}

func TestSignalsThatCannotArrive(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		cem, _ := w.in("coffee") // on the server, but in another room
		ada.event(protocol.EventJoined)

		ada.signal("tea", cem, 4)
		if e := ada.refused(protocol.CodeUnknownPeer); e.ID != 4 || e.N != 4 || e.Room != "tea" || e.To != cem.welcome.Peer || e.ToInstance != cem.instance {
			t.Errorf("%+v", e)
		}
		stale := *bob
		stale.instance = protocol.NewInstance()
		ada.signal("tea", &stale, 5)
		if e := ada.refused(protocol.CodeStaleInstance); e.ID != 5 || e.N != 5 || e.ToInstance != stale.instance {
			t.Errorf("%+v", e)
		}
		// A receipt that cannot arrive is nobody's business: an error with its n would seem to be about a signal.
		ada.send(protocol.Receipt{Room: "tea", To: cem.welcome.Peer, ToInstance: cem.instance, N: 1})
		ada.send(protocol.Receipt{Room: "tea", To: bob.welcome.Peer, ToInstance: stale.instance, N: 1})
		ada.alive()

		bob.drop()
		ada.event(protocol.EventAway)
		ada.signal("tea", bob, 6) // dropped; the missing receipt says so
		ada.alive()
		if n := w.s.Stats().Dropped[DropAway]; n != 1 {
			t.Errorf("counted %d", n)
		}
		time.Sleep(15 * time.Second)
		ada.event(protocol.EventLeft)
		ada.signal("tea", bob, 7)
		ada.refused(protocol.CodeUnknownPeer)
	})
}

func TestASignalToOneself(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ada.signal("tea", ada, 1)
		if s := next[protocol.Signal](ada); s.From != ada.welcome.Peer {
			t.Errorf("%+v", s)
		}
	})
}

func TestStatsCount(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ada.say("tea", 1)
		ada.event(protocol.EventMessage)
		ada.signal("tea", w.session(), 1)
		ada.refused(protocol.CodeUnknownPeer)
		ada.raw("?")
		ada.refused(protocol.CodeBadFrame)
		synctest.Wait()
		n := w.s.Stats()
		if n.Connections != 2 || n.Sessions != 2 || n.Rooms != 1 || n.FramesIn != 6 || n.FramesOut != 6 ||
			n.Errors[protocol.CodeUnknownPeer] != 1 || n.Errors[protocol.CodeBadFrame] != 1 || len(n.Errors) != 2 || len(n.Closes) != 0 {
			t.Errorf("%+v", n)
		}
	})
}
