package signaling

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestTheNewestConnectionWins(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		old, j := w.in("tea")
		ada.event(protocol.EventJoined)
		c := w.again(old) // while the old one is open
		old.ends(protocol.CloseReplaced)
		ada.event(protocol.EventAway)
		c.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position})
		c.event(protocol.EventAway)
		c.event(protocol.EventBack)
		ada.event(protocol.EventBack)
		time.Sleep(time.Minute)
		ada.quiet() // the end of the old connection changes nothing
		c.alive()
		if n := w.s.Stats(); n.Sessions != 2 || n.Connections != 2 || n.Closes[protocol.CloseReplaced] != 1 {
			t.Errorf("%+v", n)
		}
	})
}

// A hello that waited for a callback of the Config, and whose client has long given up and connected again, takes nothing over:
// it would tell the living connection never to come back.
func TestAnOlderConnectionDoesNotReplaceANewer(t *testing.T) {
	var hold chan struct{} // the next hello waits for it
	inWorld(t, Config{ICEServers: func(context.Context, ICERequest) ([]protocol.ICEServer, time.Duration, error) {
		if wait := hold; wait != nil {
			hold = nil
			<-wait
		}
		return nil, 0, nil
	}}, func(t *testing.T, w *world) {
		first := w.session()
		first.drop()
		release := make(chan struct{})
		hold = release
		late := w.connect()
		late.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: first.instance, Resume: first.welcome.Resume})
		synctest.Wait() // its hello is being handled
		newest := w.again(first)
		newest.join(protocol.Join{Room: "tea"})
		close(release)
		late.ends(protocol.CloseReplaced)
		newest.alive()
	})
}

// What an older connection asked for and gets when a newer one has its session is nobody's.
func TestAReplacedConnectionChangesNothing(t *testing.T) {
	var release chan struct{}
	inWorld(t, Config{Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
		if req.Token == "slow" {
			<-release
			return Grant{Rooms: []string{"*"}}, nil
		}
		return Grant{Rooms: []string{"tea"}}, nil
	}}, func(t *testing.T, w *world) {
		release = make(chan struct{})
		old := w.session()
		old.send(protocol.Token{Token: "slow"})
		synctest.Wait()
		c := w.again(old)
		close(release)
		old.ends(protocol.CloseReplaced)
		c.send(protocol.Join{Room: "coffee"})
		c.refused(protocol.CodeForbidden)
		c.join(protocol.Join{Room: "tea"})
	})
}

// A peer that resumes and never joins again has left the rooms that it was in, when the grace has passed.
func TestResumedAndNotJoinedAgain(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		bob, _ := w.in("tea")
		ada.event(protocol.EventJoined)
		bob.drop()
		ada.event(protocol.EventAway)
		bob = w.again(bob)
		bob.send(protocol.Leave{Room: "tea"})
		bob.refused(protocol.CodeNotInRoom)
		time.Sleep(15 * time.Second)
		if e := ada.event(protocol.EventLeft); e.Reason != protocol.LeftTimeout {
			t.Errorf("%+v", e)
		}
		bob.alive()
		if j := bob.join(protocol.Join{Room: "tea"}); len(j.Members) != 2 {
			t.Errorf("%+v", j)
		}
	})
}

func TestResumeTokensThatAreNoGood(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"none":      func(string) string { return "" },
		"nonsense":  func(string) string { return "a.b" },
		"unsigned":  func(s string) string { p, _, _ := strings.Cut(s, "."); return p + "." },
		"truncated": func(s string) string { return s[:len(s)-1] },
		"tampered":  tamper,
		"stretched": func(s string) string { return s + strings.Repeat("A", maxResume) },
	} {
		t.Run(name, func(t *testing.T) {
			overAll(t, Config{}, func(t *testing.T, w *world) {
				a := w.session()
				b := w.connect().hello(protocol.Hello{Instance: a.instance, Resume: spoil(a.welcome.Resume)})
				if b.welcome.Resumed || b.welcome.Peer == a.welcome.Peer {
					t.Errorf("%+v", b.welcome)
				}
				a.alive()
			})
		})
	}
}

// tamper puts another identity into a token and leaves its signature.
func tamper(s string) string {
	payload, signature, _ := strings.Cut(s, ".")
	body, _ := base64.RawURLEncoding.DecodeString(payload)
	body = []byte(strings.Replace(string(body), `{`, `{"d":"root",`, 1))
	return base64.RawURLEncoding.EncodeToString(body) + "." + signature
}

func TestAForeignInstance(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		a := w.session()
		b := w.connect().hello(protocol.Hello{Resume: a.welcome.Resume}) // another instance: the page was copied, or reloaded
		if b.welcome.Resumed || b.welcome.Peer == a.welcome.Peer {
			t.Errorf("%+v", b.welcome)
		}
		a.alive()
	})
}

func TestAnExpiredToken(t *testing.T) {
	overAll(t, Config{Limits: Limits{Resume: time.Hour}}, func(t *testing.T, w *world) {
		a := w.session()
		a.drop()
		time.Sleep(time.Hour - time.Millisecond)
		b := w.again(a)
		b.drop()
		time.Sleep(time.Millisecond)
		if c := w.connect().hello(protocol.Hello{Instance: a.instance, Resume: a.welcome.Resume}); c.welcome.Resumed {
			t.Errorf("%+v", c.welcome)
		}
		w.again(b) // whose token is fresh
	})
}

func TestResumeOnAnotherServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Authorize: AllowAnonymous("*"), Secret: []byte("the secret of both")}
		first, second := serve(t, cfg, 0), serve(t, cfg, 0)
		cfg.Secret = nil
		third := serve(t, cfg, 0)
		a, j := first.in("tea")
		b := second.again(a)
		got := b.join(protocol.Join{Room: "tea", Epoch: j.Epoch, Position: j.Position})
		if !got.Replay || got.Gap || got.Epoch == j.Epoch || got.Position != 0 || got.Until != 1 {
			t.Errorf("%+v", got)
		}
		if e := b.event(protocol.EventJoined); e.Peer != a.welcome.Peer || e.Position != 1 {
			t.Errorf("%+v", e)
		}
		if c := third.connect().hello(protocol.Hello{Instance: a.instance, Resume: a.welcome.Resume}); c.welcome.Resumed {
			t.Error("resumed with another's secret")
		}
	})
}

// A resume token carries the grant, so that a reconnect does not ask the operator again, until the grant has ended.
func TestResumeCarriesTheGrant(t *testing.T) {
	asked := 0
	inWorld(t, Config{Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
		asked++
		switch req.Token {
		case "once", "fresh":
			return Grant{Identity: "ada", Rooms: []string{"tea"}, Expires: time.Now().Add(time.Minute)}, nil
		case "eve":
			return Grant{Identity: "eve"}, nil
		}
		return Grant{}, errors.New("no")
	}}, func(t *testing.T, w *world) {
		a := w.connect().hello(protocol.Hello{Token: "once"})
		b := w.again(a) // with no token at all
		if asked != 1 || b.welcome.Identity != "ada" {
			t.Errorf("asked %d times; %+v", asked, b.welcome)
		}
		b.send(protocol.Join{Room: "coffee"})
		b.refused(protocol.CodeForbidden)
		b.join(protocol.Join{Room: "tea"})

		time.Sleep(45 * time.Second)
		next[protocol.Expiring](b)
		time.Sleep(15 * time.Second)
		b.ends(protocol.CloseTokenExpired)
		c := w.connect()
		c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: a.instance, Resume: a.welcome.Resume})
		c.ends(protocol.CloseUnauthorized)
		if d := w.connect().hello(protocol.Hello{Instance: a.instance, Resume: a.welcome.Resume, Token: "eve"}); d.welcome.Resumed {
			t.Error("another identity took the peer over")
		}
		if e := w.connect().hello(protocol.Hello{Instance: a.instance, Resume: a.welcome.Resume, Token: "fresh"}); !e.welcome.Resumed || e.welcome.Peer != a.welcome.Peer {
			t.Errorf("%+v", e.welcome)
		}
	})
}

func TestAGrantTooLongForAToken(t *testing.T) {
	overAll(t, Config{Authorize: AllowAnonymous(strings.Repeat("x", maxResume))}, func(t *testing.T, w *world) {
		if c := w.session(); c.welcome.Resume != "" {
			t.Errorf("%d bytes", len(c.welcome.Resume))
		}
	})
}

func FuzzResume(f *testing.F) {
	s := newSealer([]byte("fuzz"))
	now := time.Unix(1_800_000_000, 0)
	good := s.seal(claims{Peer: "ada", Instance: "00000000000000a1", Rooms: []string{"tea"}, Expires: now.Add(time.Hour).UnixMilli()})
	for _, seed := range []string{"", ".", "a.b", good, good + "=", tamper(good), strings.ToUpper(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, ok := s.open(token, now)
		if ok != (token == good) {
			t.Fatalf("%q: %v, %+v", token, ok, c)
		}
	})
}
