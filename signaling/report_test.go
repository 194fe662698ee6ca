package signaling

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// reported collects reports.
type reported struct {
	mu  sync.Mutex
	all []Report
}

func (r *reported) take(report Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, report)
}

func TestReports(t *testing.T) {
	r := new(reported)
	inWorld(t, Config{Reported: r.take, Limits: Limits{Reports: 2}}, func(t *testing.T, w *world) {
		c := w.session()
		if c.welcome.Limits.Reports != 2 {
			t.Errorf("%+v", c.welcome.Limits)
		}
		c.send(protocol.Report{Outcome: protocol.OutcomeRelayed, Protocol: protocol.RelayTLS, Opening: 812})
		c.send(protocol.Report{Outcome: protocol.OutcomeFailed, Opening: 30_000, Again: true})
		c.send(protocol.Report{Outcome: protocol.OutcomeDirect}) // too many, of which nobody hears
		c.alive()
		c.raw(`{"type":"report","outcome":"192.0.2.1","opening":1}`)
		c.refused(protocol.CodeBadFrame)
		want := []Report{
			{Peer: c.welcome.Peer, Outcome: "relayed", Protocol: "tls", Opening: 812 * time.Millisecond},
			{Peer: c.welcome.Peer, Outcome: "failed", Opening: 30 * time.Second, Again: true},
		}
		if !slices.Equal(r.all, want) {
			t.Errorf("%+v", r.all)
		}
		if n := w.s.Stats(); n.Reports != 2 || n.Dropped[DropReport] != 1 {
			t.Errorf("%+v", n)
		}
	})
}

// A server that wants none says so by not asking, and is not disturbed by one.
func TestNoReports(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		if c.welcome.Limits.Reports != 0 {
			t.Errorf("%+v", c.welcome.Limits)
		}
		c.send(protocol.Report{Outcome: protocol.OutcomeDirect})
		c.alive()
		if n := w.s.Stats(); n.Reports != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// A warning answers nothing, and reaches who is there.
func TestWarn(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		c, _ := w.in("tea")
		if !w.s.Warn(c.welcome.Peer, protocol.Errorf(protocol.CodeRelayBytes, "10 GB are enough for today")) {
			t.Error("not said")
		}
		if e := c.refused(protocol.CodeRelayBytes); e != (protocol.ErrorReply{Code: protocol.CodeRelayBytes, Message: "10 GB are enough for today"}) {
			t.Errorf("%+v", e)
		}
		if n := w.s.Stats(); n.Errors[protocol.CodeRelayBytes] != 1 {
			t.Errorf("%+v", n)
		}
		c.drop()
		synctest.Wait()
		if w.s.Warn(c.welcome.Peer, protocol.Errorf(protocol.CodeRelayBytes, "x")) || w.s.Warn("nobody", protocol.Errorf(protocol.CodeRelayBytes, "x")) {
			t.Error("said to nobody")
		}
	})
}

func TestAccount(t *testing.T) {
	inWorld(t, Config{Authorize: named}, func(t *testing.T, w *world) {
		c := w.named("ada/1", "tea")
		c.join(protocol.Join{Room: "coffee"})
		check := func(want ...string) {
			t.Helper()
			if identity, rooms, ok := w.s.Account(c.welcome.Peer); identity != "ada" || !slices.Equal(rooms, want) || !ok {
				t.Errorf("%q %q %v", identity, rooms, ok)
			}
		}
		check("coffee", "tea")
		c.send(protocol.Leave{Room: "coffee"})
		c.event(protocol.EventLeft)
		check("tea")
		c.drop()
		time.Sleep(14 * time.Second)
		check("tea")
		time.Sleep(time.Second)
		synctest.Wait()
		if _, _, ok := w.s.Account(c.welcome.Peer); ok {
			t.Error("still there")
		}
	})
}
