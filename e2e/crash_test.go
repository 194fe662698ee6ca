//go:build unix

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

const (
	crashes      = 20
	crashStreams = 2
	crashTick    = 500 * time.Millisecond // how often everybody says something to everybody
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
	s := newSite(t)
	ip := hostIP(t).String()
	r := &crashRoom{desk: newDesk(t, ip), ctx: s.ctx, server: serveKillable(t, ip, "--allow-origin", s.Origin), began: begin}
	ends := r.fill(t, s)
	for len(r.kills) < crashes {
		r.talked(t, r.ctx, r.began)
		r.kill(t, crashDelay())
	}
	r.talked(t, r.ctx, r.began)

	close(r.phase("stop"))
	r.wait(t, r.ctx, "everything to arrive", func() bool { return len(r.complete) == len(ends) })
	close(r.phase("account"))
	r.wait(t, r.ctx, "the accounts", func() bool { return len(r.accounts) == len(ends) })
	r.expectEnds()
	close(r.phase("end"))
	for _, end := range ends {
		end(t)
	}
	l := ledger{t: t, accounts: r.accounts, kills: r.kills}
	l.check()
	t.Logf("%s; %.0f s", l.String(), time.Since(begin).Seconds())
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
		r.talked(t, r.ctx, r.began)
	}
	return ends
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
	select {
	case <-time.After(after):
	case <-r.ctx.Done():
		t.Fatal(context.Cause(r.ctx))
	}
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

// ledger compares the accounts of all.
type ledger struct {
	t        *testing.T
	accounts map[string]account
	kills    []time.Time

	direct, room, heard, channel int // messages; heard are those to the room, once for each who heard it
}

// check compares, for each pair, what the one sent with what the other heard.
func (l *ledger) check() {
	for from, a := range l.accounts {
		for _, what := range a.Surprises {
			l.t.Errorf("%s saw %s", from, what)
		}
		l.room += len(a.Sent["room"])
		for to, b := range l.accounts {
			if from == to {
				continue
			}
			if a.States[to] != "connected" {
				l.t.Errorf("for %s, %s is %q in the end, want it connected", from, to, a.States[to])
			}
			for s := range crashStreams {
				sent := len(a.Sent[fmt.Sprintf("direct/%s/%d", to, s)])
				l.direct += sent
				l.exact(from, to, b.Heard[fmt.Sprintf("direct/%s/%d", from, s)], 1, sent)
			}
			channel := len(a.Sent["channel/"+to])
			l.channel += channel
			l.exact(from, to, b.Heard["channel/"+from], 1, channel)

			// What was said to the room before the other was there it need not hear, but may.
			heard, first := b.Heard["room/"+from], a.FirstFor[to]
			if len(heard) > 0 && heard[0] >= 1 && heard[0] < first {
				first = heard[0]
			}
			l.heard += len(heard)
			l.exact(from, to, heard, first, len(a.Sent["room"]))
		}
	}
}

// exact fails the test unless heard is first, first+1 … last.
func (l *ledger) exact(from, to string, heard []int, first, last int) {
	l.t.Helper()
	want := make([]int, 0, last)
	for n := first; n <= last; n++ {
		want = append(want, n)
	}
	if !slices.Equal(heard, want) {
		l.t.Errorf("from %s to %s came %v, want %d to %d", from, to, heard, first, last)
	}
}

// String is what the run was about. A kill strikes a negotiation if two members had joined that were connected after it, and a
// message if that was said before it and settled after it.
func (l *ledger) String() string {
	var negotiating, talking, struck, pairs int
	for _, kill := range l.kills {
		p, m := l.at(kill.UnixMicro())
		pairs += p
		struck += m
		if p > 0 {
			negotiating++
		}
		if m > 0 {
			talking++
		}
	}
	return fmt.Sprintf("%d kills, %d of them while %d pairs negotiated, %d with %d messages under way; "+
		"%d direct messages, %d to the room (%d heard), %d over data channels: lost 0, duplicated 0, reordered 0",
		len(l.kills), negotiating, pairs, talking, struck, l.direct, l.room, l.heard, l.channel)
}

// at counts what was under way at a time: pairs that negotiated, and messages over the server.
func (l *ledger) at(kill int64) (pairs, messages int) {
	for from, a := range l.accounts {
		for to, connected := range a.Connected {
			b := l.accounts[to]
			if from < to && max(a.Joined, b.Joined) < kill && kill < max(connected, b.Connected[from]) {
				pairs++
			}
		}
		for sequence, sent := range a.Sent {
			if !strings.HasPrefix(sequence, "channel/") {
				for _, m := range sent {
					if m[0] < kill && kill < m[1] {
						messages++
					}
				}
			}
		}
	}
	return pairs, messages
}
