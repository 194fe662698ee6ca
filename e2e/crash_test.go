//go:build unix

package e2e

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

const (
	// crashPatience is longer than that for other tests because there is more to do, and much of it is waiting.
	crashPatience = 5 * time.Minute

	crashes      = 20
	crashStreams = 2
	crashTick    = 500 * time.Millisecond // how often everybody says something to everybody
	// crashPause is for how long connections last before a kill, but for the second of two. Those that are lost at once count as
	// failures, after which the clients wait longer and longer, so as not to hammer a server that lets them in and dies of it.
	crashPause = 1200 * time.Millisecond
)

// crashRoom is the room whose server is killed, with those who are in it.
type crashRoom struct {
	*desk
	ctx    context.Context
	server *killable
	kills  []time.Time
	began  time.Time // of the server's current life
}

// TestServerIsKilled has four Go programs and two pages in a room, all of them talking to each other through the server and past
// it, and kills the server 20 times: when one has just joined and negotiates with those who were there, again when they have just
// come back to that, and while everybody talks. In the end everybody is connected with everybody, and has received what it was
// sent, each message once and in order, by its own account and those of the others.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium)
	begin := time.Now()
	s := newSiteFor(t, crashPatience)
	ip := hostIP(t).String()
	r := &crashRoom{desk: newDesk(t, ip), ctx: s.ctx, server: serveKillable(t, ip, "--allow-origin", s.Origin), began: begin}
	ends := r.fill(t, s)
	for len(r.kills) < crashes {
		r.kill(t, crashDelay())
		r.settle(t)
	}

	close(r.phase("stop"))
	r.wait(t, r.ctx, "everything to arrive", func() bool { return len(r.complete) == len(ends) })
	close(r.phase("account"))
	r.wait(t, r.ctx, "the accounts", func() bool { return len(r.accounts) == len(ends) })
	r.expectEnds()
	close(r.phase("end"))
	for _, end := range ends {
		end(t)
	}
	sum := audit(r.accounts, r.kills)
	for _, fault := range sum.faults {
		t.Error(fault)
	}
	if sum.negotiating < 3 || sum.talking < 5 { // of 10 that are meant to be each
		t.Error("the kills came at moments when nothing was under way")
	}
	t.Logf("%v; %.0f s", sum, time.Since(begin).Seconds())
}

// fill starts the members one after the other, and kills the server at the moments at which one has just joined. What it returns
// waits for the end of each member.
func (r *crashRoom) fill(t *testing.T, s *site) (ends []func(*testing.T)) {
	t.Helper()
	members := []struct {
		name string
		kind browser.Kind
	}{{"ada", golang}, {"bob", browser.Chromium}, {"cleo", golang}, {"dan", golang}, {"eve", browser.Chromium}, {"fay", golang}}
	for n, m := range members {
		k := memberTask{Server: r.server.Base, Room: r.server.Name, Name: m.name, Desk: r.URL,
			Members: len(members), Streams: crashStreams, Every: crashTick.Milliseconds()}
		ends = append(ends, r.enter(t, s, m.kind, k))
		r.wait(t, r.ctx, m.name+" to join", func() bool { return r.joined[m.name] })
		if n == 0 {
			continue // there is nobody to negotiate with
		}
		r.kill(t, time.Duration(rand.IntN(10))*time.Millisecond)
		// They find back within this time, if they do not have to try twice.
		r.kill(t, time.Duration(rand.IntN(300))*time.Millisecond)
		r.settle(t)
	}
	return ends
}

// settle waits until all are back and talk, and have done so for a while.
func (r *crashRoom) settle(t *testing.T) {
	t.Helper()
	r.talked(t, r.ctx, r.began)
	r.pause(t, crashPause)
}

func (r *crashRoom) pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-r.ctx.Done():
		t.Fatal(context.Cause(r.ctx))
	}
}

// enter starts a member in a process of its own.
func (r *crashRoom) enter(t *testing.T, s *site, kind browser.Kind, k memberTask) (end func(*testing.T)) {
	t.Helper()
	if kind == browser.Chromium {
		p := s.open(t, kind, "crash.js", k)
		r.watch(k.Name, p.browser.Done(), p.verdicts)
		return func(t *testing.T) { p.verdict(t, nil) }
	}
	a := cast(t, roleMember, k)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s's stderr ends with:\n%s", k.Name, a.Stderr())
		}
	})
	r.watch(k.Name, a.Done(), nil)
	return func(t *testing.T) {
		if err := a.Err(); err != nil {
			t.Errorf("%s ended with %v", k.Name, err)
		}
	}
}

// kill kills the server after a delay, and starts it again.
func (r *crashRoom) kill(t *testing.T, after time.Duration) {
	t.Helper()
	r.pause(t, after)
	r.kills = append(r.kills, time.Now())
	r.server.kill()
	if err := r.server.start(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.began = time.Now()
}

// crashDelay is how long it is until a moment shortly after everybody has spoken, when most of that is under way.
func crashDelay() time.Duration {
	tick := crashTick.Microseconds()
	return time.Duration(tick-time.Now().UnixMicro()%tick)*time.Microsecond + time.Duration(rand.IntN(25))*time.Millisecond
}
