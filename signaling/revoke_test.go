package signaling

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// named takes a token for an identity and the token's own name: "ada/1".
func named(_ context.Context, req AuthRequest) (Grant, error) {
	identity, id, _ := strings.Cut(req.Token, "/")
	return Grant{Identity: identity, TokenID: id, Rooms: []string{"*"}}, nil
}

func (w *world) named(token, room string) *client {
	w.t.Helper()
	c := w.as(token)
	c.join(protocol.Join{Room: room})
	return c
}

// turnedAway checks that a hello is refused because of a revocation.
func (w *world) turnedAway(h protocol.Hello) {
	w.t.Helper()
	c := w.connect()
	if h.Instance == "" {
		h.Instance = c.instance
	}
	h.ID, h.Versions = 9, []string{protocol.Version}
	c.send(h)
	if e := c.refused(protocol.CodeRevoked); e.ID != 9 {
		w.t.Errorf("%+v", e)
	}
	c.ends(protocol.CloseRevoked)
}

// Who is kicked hears why and nothing else; the others see it at once, also of one that is away. It may come back.
func TestKick(t *testing.T) {
	overAll(t, Config{Authorize: named}, func(t *testing.T, w *world) {
		ada, bob := w.named("ada", "tea"), w.named("bob", "tea")
		ada.event(protocol.EventJoined)
		if !w.s.Kick(bob.welcome.Peer) {
			t.Error("not there")
		}
		if e := ada.event(protocol.EventLeft); e.Reason != protocol.LeftKicked || e.Peer != bob.welcome.Peer {
			t.Errorf("%+v", e)
		}
		bob.ends(protocol.CloseKicked)
		for frame := range bob.in {
			t.Errorf("came before the close: %s", frame)
		}
		if w.s.Kick(bob.welcome.Peer) || w.s.Kick("nobody") {
			t.Error("kicked who is not there")
		}
		bob = w.again(bob)
		bob.join(protocol.Join{Room: "tea"})
		ada.event(protocol.EventJoined)
		bob.drop()
		ada.event(protocol.EventAway)
		if !w.s.Kick(bob.welcome.Peer) {
			t.Error("who is away is not there")
		}
		ada.event(protocol.EventLeft)
		time.Sleep(time.Minute)
		ada.quiet()
		if n := w.s.Stats(); n.Sessions != 1 || n.Closes[protocol.CloseKicked] != 1 {
			t.Errorf("%+v", n)
		}
	})
}

func TestKickAfterTheEnd(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		c, _ := w.in("tea")
		w.s.Close()
		if w.s.Kick(c.welcome.Peer) || w.s.Revoke(Revocation{Identity: "x"}) != 0 || !w.s.Draining() {
			t.Error("there is somebody left")
		}
	})
}

func TestRevokeAnIdentity(t *testing.T) {
	inWorld(t, Config{Authorize: named}, func(t *testing.T, w *world) {
		ada, eve, away := w.named("ada/1", "tea"), w.named("eve/1", "tea"), w.named("eve/2", "tea")
		ada.event(protocol.EventJoined)
		ada.event(protocol.EventJoined)
		away.drop()
		ada.event(protocol.EventAway)
		if n := w.s.Revoke(Revocation{Identity: "eve", Until: time.Now().Add(time.Hour)}); n != 2 {
			t.Errorf("ended %d", n)
		}
		ada.event(protocol.EventLeft)
		ada.event(protocol.EventLeft)
		ada.quiet()
		eve.ends(protocol.CloseRevoked)
		w.turnedAway(protocol.Hello{Token: "eve/3"})
		w.turnedAway(protocol.Hello{Token: "eve/1", Instance: eve.instance, Resume: eve.welcome.Resume})
		time.Sleep(time.Hour)
		w.named("eve/1", "tea")
		if n := w.s.Stats(); n.Revocations != 0 || n.Closes[protocol.CloseRevoked] != 3 || n.Errors[protocol.CodeRevoked] != 2 {
			t.Errorf("%+v", n)
		}
	})
}

// A token is one of an identity's: with a better one its holder keeps its peer id, and only that token is refused.
func TestRevokeAToken(t *testing.T) {
	inWorld(t, Config{Authorize: named}, func(t *testing.T, w *world) {
		one, two := w.named("ada/1", "tea"), w.named("ada/2", "coffee")
		if n := w.s.Revoke(Revocation{TokenID: "1"}); n != 1 {
			t.Errorf("ended %d", n)
		}
		one.ends(protocol.CloseRevoked)
		two.send(protocol.Token{ID: 1, Token: "ada/1"})
		two.refused(protocol.CodeRevoked)
		two.alive() // with what its own token allows
		w.turnedAway(protocol.Hello{Token: "ada/1"})
		w.turnedAway(protocol.Hello{Token: "ada/1", Instance: one.instance, Resume: one.welcome.Resume})
		again := w.connect().hello(protocol.Hello{Token: "ada/3", Instance: one.instance, Resume: one.welcome.Resume})
		if again.welcome.Peer != one.welcome.Peer {
			t.Errorf("%+v", again.welcome)
		}
		// The resume token of what a token frame brought names that one.
		again.send(protocol.Token{Token: "ada/4"})
		resume := next[protocol.ICE](again).Resume
		w.s.Revoke(Revocation{TokenID: "4"})
		again.ends(protocol.CloseRevoked)
		w.turnedAway(protocol.Hello{Token: "ada/4", Instance: again.instance, Resume: resume})
	})
}

// Two makers of tokens may give the same name: both fields together mean one of them. Nothing named means nobody.
func TestRevokeWhatIsNamed(t *testing.T) {
	inWorld(t, Config{Authorize: named}, func(t *testing.T, w *world) {
		ada, bob := w.named("ada/1", "tea"), w.named("bob/1", "coffee")
		if n := w.s.Revoke(Revocation{}); n != 0 || w.s.Stats().Revocations != 0 {
			t.Errorf("ended %d", n)
		}
		if n := w.s.Revoke(Revocation{Identity: "ada", TokenID: "1"}); n != 1 {
			t.Errorf("ended %d", n)
		}
		ada.ends(protocol.CloseRevoked)
		bob.alive()
		w.turnedAway(protocol.Hello{Token: "ada/1"})
		w.as("ada/2")
		w.as("bob/1")
		w.as("/1")
		w.s.Revoke(Revocation{Identity: "ada", TokenID: "1", Until: time.Now()}) // takes it back
		w.as("ada/1")
	})
}

// Without an end of its own, a revocation lasts for as long as a resume token of before could be of use.
func TestARevocationOutlivesResumeTokens(t *testing.T) {
	inWorld(t, Config{Authorize: named, Limits: Limits{Resume: time.Hour}}, func(t *testing.T, w *world) {
		ada := w.named("ada/1", "tea")
		time.Sleep(time.Second)
		w.s.Revoke(Revocation{Identity: "ada"})
		ada.ends(protocol.CloseRevoked)
		time.Sleep(time.Hour - time.Second)
		w.turnedAway(protocol.Hello{Token: "ada/1", Instance: ada.instance, Resume: ada.welcome.Resume})
		time.Sleep(time.Second)
		if again := w.connect().hello(protocol.Hello{Token: "ada/1", Instance: ada.instance, Resume: ada.welcome.Resume}); again.welcome.Resumed {
			t.Error("an old resume token is good again")
		}
	})
}

// Who is at the door while its token is revoked is in, for a moment at most.
func TestARevocationMeetsAHello(t *testing.T) {
	var release chan struct{}
	inWorld(t, Config{Authorize: func(ctx context.Context, req AuthRequest) (Grant, error) {
		<-release
		return named(ctx, req)
	}}, func(t *testing.T, w *world) {
		release = make(chan struct{})
		c := w.connect()
		c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance, Token: "ada/1"})
		synctest.Wait()
		if n := w.s.Revoke(Revocation{Identity: "ada"}); n != 0 {
			t.Errorf("ended %d", n)
		}
		close(release)
		c.refused(protocol.CodeRevoked)
		c.ends(protocol.CloseRevoked)
		if n := w.s.Stats(); n.Sessions != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// Guessing which tokens are not revoked is slowed down like all guessing.
func TestRevokedHellosCount(t *testing.T) {
	inWorld(t, Config{Authorize: named, Limits: Limits{Failures: 2}}, func(t *testing.T, w *world) {
		w.s.Revoke(Revocation{Identity: "eve"})
		for range 3 {
			w.turnedAway(protocol.Hello{Token: "eve"})
		}
		c := w.connect()
		c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance, Token: "eve"})
		c.refused(protocol.CodeRateLimited)
		c.ends(protocol.CloseTryLater)
	})
}

func TestRevocationsAreBounded(t *testing.T) {
	now := time.Now()
	r := &revocations{most: 3, until: map[revoked]time.Time{}}
	for i := range 5 {
		forgotten := r.add(Revocation{Identity: fmt.Sprint(i), Until: now.Add(time.Duration(i+1) * time.Hour)}, now)
		if want := max(0, min(1, i-2)); forgotten != want {
			t.Errorf("%d: forgot %d", i, forgotten)
		}
	}
	r.add(Revocation{Identity: "4", Until: now.Add(6 * time.Hour)}, now) // the same again takes no place
	for i := range 5 {
		if got := r.have(Grant{Identity: fmt.Sprint(i)}, now); got != (i >= 2) {
			t.Errorf("%d: %v", i, got)
		}
	}
	if n := r.count(now.Add(5 * time.Hour)); n != 1 {
		t.Errorf("%d are left", n)
	}
	if r.have(Grant{}, now) {
		t.Error("an anonymous grant is revoked")
	}
}
