package peer_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// reports collects what peers tell their server.
type reports struct {
	mu  sync.Mutex
	all []signaling.Report
}

func (r *reports) take(report signaling.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, report)
}

// of returns what each of the rooms has told since the last time.
func (r *reports) of(rooms ...*peer.Room) (of [][]signaling.Report) {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, room := range rooms {
		var its []signaling.Report
		for _, report := range r.all {
			if report.Peer == room.ID() {
				its = append(its, report)
			}
		}
		of = append(of, its)
	}
	r.all = nil
	return of
}

// Both sides tell how their connection opened, and how it was found again, once each.
func TestReports(t *testing.T) {
	var r reports
	inWorld(t, signaling.Config{Reported: r.take}, func(t *testing.T, w *world) {
		rooms := []*peer.Room{w.join(peer.Config{}), w.join(peer.Config{})}
		connect(t, rooms...)
		time.Sleep(time.Minute)
		for _, its := range r.of(rooms...) {
			if len(its) != 1 || its[0].Outcome != protocol.OutcomeDirect || its[0].Again || its[0].Protocol != "" ||
				its[0].Opening <= 0 || its[0].Opening > 5*time.Second {
				t.Errorf("%+v", its)
			}
		}
		w.cut()
		reaches(t, rooms[0].Peers()[0], peer.StateReconnecting)
		reaches(t, rooms[1].Peers()[0], peer.StateReconnecting)
		time.Sleep(3 * time.Second)
		w.heal()
		reaches(t, rooms[0].Peers()[0], peer.StateConnected)
		reaches(t, rooms[1].Peers()[0], peer.StateConnected)
		for _, its := range r.of(rooms...) {
			if len(its) != 1 || its[0].Outcome != protocol.OutcomeDirect || !its[0].Again || its[0].Opening < 3*time.Second {
				t.Errorf("%+v", its)
			}
		}
		rooms[0].Close()
		if all := r.of(rooms...); len(all[0])+len(all[1]) != 0 {
			t.Errorf("an end in order was reported: %+v", all)
		}
	})
}

// A connection that never opens is a failure for both, after as long as each has tried.
func TestAFailureIsReported(t *testing.T) {
	var r reports
	inWorld(t, signaling.Config{Reported: r.take}, func(t *testing.T, w *world) {
		w.cut()
		c := peer.Config{ConnectTimeout: 20 * time.Second}
		rooms := []*peer.Room{w.join(c), w.join(c)}
		time.Sleep(time.Minute)
		for _, its := range r.of(rooms...) {
			if len(its) != 1 || its[0].Outcome != protocol.OutcomeFailed || its[0].Again || its[0].Opening < 10*time.Second {
				t.Errorf("%+v", its)
			}
		}
	})
}

// One that is not found again is a failure, too.
func TestALossForGoodIsReported(t *testing.T) {
	var r reports
	inWorld(t, signaling.Config{Reported: r.take}, func(t *testing.T, w *world) {
		rooms := []*peer.Room{w.join(peer.Config{}), w.join(peer.Config{})}
		met := connect(t, rooms...)
		r.of()
		w.cut()
		ended(t, met[rooms[0]][0].Context(), protocol.CodeConnectionLost)
		time.Sleep(time.Minute)
		for _, its := range r.of(rooms...) {
			if len(its) != 1 || its[0].Outcome != protocol.OutcomeFailed || !its[0].Again || its[0].Opening < 30*time.Second {
				t.Errorf("%+v", its)
			}
		}
	})
}

// Who does not want to says nothing, and nobody does to a server that does not ask.
func TestNoReports(t *testing.T) {
	var r reports
	inWorld(t, signaling.Config{Reported: r.take}, func(t *testing.T, w *world) {
		rooms := []*peer.Room{w.join(peer.Config{DisableReports: true}), w.join(peer.Config{})}
		connect(t, rooms...)
		if all := r.of(rooms...); len(all[0]) != 0 || len(all[1]) != 1 {
			t.Errorf("%+v", all)
		}
	})
}

func TestNobodyAsksForReports(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		w.pair(peer.Config{}, peer.Config{})
		time.Sleep(time.Minute)
		if s := w.server.Stats(); s.Reports != 0 || len(s.Errors) != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// The relay's limits are told as events, and disturb nothing: neither what was said meanwhile nor a join that is under way.
func TestRelayLimits(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a := w.join(none)
		codes := []protocol.ErrorCode{protocol.CodeRelayAllocations, protocol.CodeRelayBytes, protocol.CodeRelayBandwidth}
		for _, code := range codes {
			if !w.server.Warn(a.ID(), protocol.Errorf(code, "so much is enough")) {
				t.Fatal("not said")
			}
			e := next(t, a, peer.EventLimit)
			if wantCode(t, e.Err, code); e.Peer != nil {
				t.Errorf("%+v", e)
			}
		}
		must(t, a.Send(within(t), 1))
	})
}

func TestARelayLimitIsNoRefusalOfAJoin(t *testing.T) {
	scripted(t, func(ws *websocket.Conn) {
		greet(ws)
		ws.ReadMessage()
		say(ws, protocol.ErrorReply{Code: protocol.CodeRelayBytes, Message: "enough"})
		say(ws, protocol.Joined{Room: "tea", Epoch: "00000000000000e0", Position: 1, Topology: protocol.TopologyNone, Members: []protocol.Member{self}})
		drain(ws)
	}, func(t *testing.T, join func() (*peer.Room, error)) {
		room, err := join()
		must(t, err)
		must(t, room.Close())
	})
}

// Who is kicked does not come back by itself, and says why it has ended; to the others it is gone at once, and not in order.
func TestKicked(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.join(peer.Config{}), w.join(peer.Config{})
		ofA := connect(t, a, b)[a][0]
		w.server.Kick(b.ID())
		ended(t, b.Context(), protocol.CodeKicked)
		ended(t, ofA.Context(), protocol.CodeConnectionLost)
		var kinds []peer.EventKind
		for {
			e, err := a.Recv(within(t))
			must(t, err)
			if kinds = append(kinds, e.Kind); e.Kind == peer.EventLeft {
				if e.Reason != protocol.LeftKicked {
					t.Errorf("%+v", e)
				}
				break
			}
		}
		if slices.Contains(kinds, peer.EventAway) {
			t.Errorf("%v", kinds)
		}
		time.Sleep(time.Minute)
		if s := w.server.Stats(); s.Sessions != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRevoked(t *testing.T) {
	config := expiring(time.Hour)
	inWorld(t, config, func(t *testing.T, w *world) {
		c := none
		c.TokenSource = source(new(atomic.Int32))
		a := w.join(c)
		w.server.Revoke(signaling.Revocation{Identity: "ada"})
		ended(t, a.Context(), protocol.CodeRevoked)
		_, err := peer.Join(within(t), "http://beckon.test", "tea", w.config(c))
		wantCode(t, err, protocol.CodeRevoked)
	})
}
