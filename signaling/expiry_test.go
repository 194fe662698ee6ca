package signaling

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// lives lets everybody in everywhere, as who the token says, for so long.
func lives(d time.Duration) func(context.Context, AuthRequest) (Grant, error) {
	return func(_ context.Context, req AuthRequest) (Grant, error) {
		return Grant{Identity: req.Token, Rooms: []string{"*"}, Expires: time.Now().Add(d)}, nil
	}
}

// quietFor keeps a client from being taken for dead, and checks that nothing comes.
func (c *client) quietFor(d time.Duration) {
	c.t.Helper()
	for ; d > 0; d -= 10 * time.Second {
		time.Sleep(min(d, 10*time.Second))
		c.alive()
	}
}

func TestAGrantEnds(t *testing.T) {
	overAll(t, Config{Authorize: lives(time.Minute)}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		ada.quietFor(44 * time.Second)
		time.Sleep(time.Second)
		if e := next[protocol.Expiring](ada); e.Within != 15_000 {
			t.Errorf("%+v", e)
		}
		ada.quietFor(14 * time.Second)
		start := time.Now()
		ada.ends(protocol.CloseTokenExpired)
		if d := time.Since(start); d != time.Second {
			t.Errorf("after another %v", d)
		}
		if n := w.s.Stats(); n.Closes[protocol.CloseTokenExpired] != 1 {
			t.Errorf("%+v", n)
		}
	})
}

// Who has a fresh token keeps its peer id, and who is quick its place in the room.
func TestBackWithAFreshToken(t *testing.T) {
	overAll(t, Config{Authorize: lives(40 * time.Second)}, func(t *testing.T, w *world) {
		ada := w.connect().hello(protocol.Hello{Token: "ada"})
		j := ada.join(protocol.Join{Room: "tea"})
		ada.quietFor(29 * time.Second)
		time.Sleep(time.Second)
		next[protocol.Expiring](ada)
		ada.ends(protocol.CloseTokenExpired)
		again := w.connect().hello(protocol.Hello{Instance: ada.instance, Resume: ada.welcome.Resume, Token: "ada"})
		if !again.welcome.Resumed || again.welcome.Peer != ada.welcome.Peer {
			t.Fatalf("%+v", again.welcome)
		}
		if got := again.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position}); !got.Replay {
			t.Errorf("%+v", got)
		}
	})
}

// A token moves the end, the warning and the resume token with it.
func TestATokenMovesTheEnd(t *testing.T) {
	overAll(t, Config{Authorize: lives(time.Hour), Limits: Limits{Ping: 9 * time.Hour, Silence: 10 * time.Hour}}, func(t *testing.T, w *world) {
		c := w.connect().hello(protocol.Hello{Token: "ada"})
		time.Sleep(50 * time.Minute)
		c.send(protocol.Token{ID: 1, Token: "ada"})
		next[protocol.ICE](c)
		time.Sleep(55*time.Minute - time.Second)
		c.quiet()
		time.Sleep(time.Second)
		if e := next[protocol.Expiring](c); e.Within != 300_000 {
			t.Errorf("%+v", e)
		}
		time.Sleep(4 * time.Minute)
		c.send(protocol.Token{ID: 2, Token: "ada"})
		next[protocol.ICE](c)
		time.Sleep(30 * time.Minute)
		c.alive()
	})
}

// Of two ends that meet, a token that comes in the last moment wins or loses, and nothing else happens.
func TestATokenInTheLastMoment(t *testing.T) {
	asked := 0
	inWorld(t, Config{Authorize: func(ctx context.Context, req AuthRequest) (Grant, error) {
		if asked++; asked > 1 {
			time.Sleep(time.Second) // until exactly the end
		}
		return Grant{Identity: "ada", Rooms: []string{"*"}, Expires: time.Now().Add(20 * time.Second)}, nil
	}}, func(t *testing.T, w *world) {
		c := w.session()
		time.Sleep(15 * time.Second)
		next[protocol.Expiring](c)
		time.Sleep(4 * time.Second)
		c.send(protocol.Token{ID: 1, Token: "x"})
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case code := <-c.closed:
			if code != int(protocol.CloseTokenExpired) {
				t.Errorf("closed with %d", code)
			}
		default:
			next[protocol.ICE](c)
			c.alive()
		}
	})
}

func TestAGrantThatIsOverLetsNobodyIn(t *testing.T) {
	overAll(t, Config{Authorize: lives(-time.Second)}, func(t *testing.T, w *world) {
		c := w.connect()
		c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance})
		c.ends(protocol.CloseUnauthorized)
	})
}

// A grant that narrows takes effect on what is asked for from then on; who was away is not let in again.
func TestANarrowerTokenCountsAtTheNextJoin(t *testing.T) {
	overAll(t, Config{Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
		switch req.Token {
		case "both":
			return Grant{Identity: "ada", Rooms: []string{"tea", "coffee"}}, nil
		case "coffee":
			return Grant{Identity: "ada", Rooms: []string{"coffee"}, Allow: []Permission{}}, nil
		}
		return Grant{}, errors.New("no")
	}}, func(t *testing.T, w *world) {
		ada := w.connect().hello(protocol.Hello{Token: "both"})
		ada.join(protocol.Join{Room: "tea"})
		ada.say("tea", 1)
		ada.event(protocol.EventMessage)
		ada.send(protocol.Token{ID: 1, Token: "coffee"})
		ada.welcome.Resume = next[protocol.ICE](ada).Resume
		ada.say("tea", 2)
		ada.refused(protocol.CodeForbidden)
		ada.drop()
		synctest.Wait()
		ada = w.again(ada)
		ada.send(protocol.Join{ID: 2, Room: "tea"})
		ada.refused(protocol.CodeForbidden)
		synctest.Wait()
		if n := w.s.Stats(); n.Rooms != 0 {
			t.Errorf("still in the room: %+v", n)
		}
		ada.join(protocol.Join{Room: "coffee"})
		ada.say("coffee", 1)
		ada.refused(protocol.CodeForbidden)
	})
}
