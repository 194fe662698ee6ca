package signaling

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func TestWelcomeSaysWhatTheServerAllows(t *testing.T) {
	overAll(t, Config{
		Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
			if req.RemoteAddr != local || req.Origin != "" || !protocol.ValidInstance(req.Instance) {
				t.Errorf("asked about %+v", req)
			}
			return Grant{Identity: "ada of " + req.Token}, nil
		},
		ICEServers: func(_ context.Context, req ICERequest) ([]protocol.ICEServer, time.Duration, error) {
			return []protocol.ICEServer{{URLs: []string{"turn:" + req.Identity}}}, 10 * time.Minute, nil
		},
	}, func(t *testing.T, w *world) {
		c := w.connect().hello(protocol.Hello{ID: 7, Token: "tea"})
		got := c.welcome
		if got.ID != 7 || got.Version != "beckon.v1" || got.Identity != "ada of tea" || got.Resumed || got.Resume == "" || len(got.Peer) != 26 {
			t.Errorf("%+v", got)
		}
		if got.Heartbeat != (protocol.Heartbeat{Interval: 15_000, Timeout: 25_000}) || got.Grace != 15_000 {
			t.Errorf("%+v, %d", got.Heartbeat, got.Grace)
		}
		if got.Limits != (protocol.Limits{Frame: 65536, Attributes: 4096, Rate: 50, Burst: 200, Window: 16, Rooms: 16, Mesh: 16}) {
			t.Errorf("%+v", got.Limits)
		}
		if len(got.ICEServers) != 1 || got.ICEServers[0].URLs[0] != "turn:ada of tea" || got.ICELifetime != 600_000 {
			t.Errorf("%+v", got.ICEServers)
		}
	})
}

func TestWithoutICEServersTheListIsEmptyAndThere(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		c := w.connect()
		c.send(protocol.Hello{Versions: []string{"beckon.v9", "beckon.v1"}, Instance: c.instance})
		if frame := c.frame(); !has(frame, `"iceServers":[]`) {
			t.Error(frame)
		}
	})
}

func TestBadBeginnings(t *testing.T) {
	hello := func(h protocol.Hello) string { return string(protocol.Encode(h)) }
	for name, c := range map[string]struct {
		say  string
		code protocol.CloseCode
		err  protocol.ErrorCode
	}{
		"nothing":       {"", protocol.CloseHelloTimeout, ""},
		"a ping":        {`{"type":"ping"}`, protocol.CloseHelloExpected, ""},
		"no JSON":       {`hello`, protocol.CloseHelloExpected, protocol.CodeBadFrame},
		"unknown type":  {`{"type":"hullo","id":3}`, protocol.CloseHelloExpected, protocol.CodeUnknownType},
		"bad instance":  {hello(protocol.Hello{Versions: []string{"beckon.v1"}, Instance: "XYZ"}), protocol.CloseHelloExpected, protocol.CodeBadFrame},
		"other version": {hello(protocol.Hello{Versions: []string{"beckon.v2"}, Instance: protocol.NewInstance()}), protocol.CloseUnsupportedVersion, ""},
		"bad token":     {hello(protocol.Hello{Versions: []string{"beckon.v1"}, Instance: protocol.NewInstance(), Token: "no"}), protocol.CloseUnauthorized, ""},
		"undecided":     {hello(protocol.Hello{Versions: []string{"beckon.v1"}, Instance: protocol.NewInstance(), Token: "slow"}), protocol.CloseInternal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			overAll(t, Config{Authorize: func(ctx context.Context, req AuthRequest) (Grant, error) {
				if req.Token == "slow" {
					<-ctx.Done()
					return Grant{}, fmt.Errorf("directory: %w", ctx.Err())
				}
				return Grant{}, errors.New("no")
			}}, func(t *testing.T, w *world) {
				cl := w.connect()
				switch {
				case c.say != "":
					cl.raw(c.say)
				case w.kind != "socket":
					return // who says nothing over HTTP has no connection
				}
				if c.err != "" {
					cl.refused(c.err)
				}
				cl.ends(c.code)
				if n := w.s.Stats(); n.Closes[c.code] != 1 || n.Sessions != 0 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

// The time for the hello is not prolonged by anything less, or a stranger could stay for ever at no cost.
func TestTheHelloIsDueWhateverElseComes(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		start := time.Now()
		silent, pinging, ponging, half := w.connect(), w.connect(), w.connect(), w.connect()
		for kind, c := range map[int]*client{websocket.PingMessage: pinging, websocket.PongMessage: ponging} {
			go func() {
				for c.ws.WriteControl(kind, nil, time.Now().Add(time.Second)) == nil {
					time.Sleep(time.Second)
				}
			}()
		}
		go func() { // a hello that never ends, byte by byte
			out, err := half.ws.NextWriter(websocket.TextMessage)
			if err != nil {
				t.Error(err)
				return
			}
			for err == nil {
				time.Sleep(time.Millisecond)
				_, err = out.Write([]byte("   "))
			}
		}()
		for _, c := range []*client{silent, pinging, ponging, half} {
			c.ends(protocol.CloseHelloTimeout)
			if d := time.Since(start); d != 5*time.Second {
				t.Errorf("after %v", d)
			}
		}
		time.Sleep(2 * time.Second) // the writers see the end
	})
}

func TestNobodyGetsInByDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, Config{}, 0)
		c := w.connect()
		c.send(protocol.Hello{Versions: []string{"beckon.v1"}, Instance: c.instance})
		c.ends(protocol.CloseUnauthorized)
	})
}

func TestTooManySessions(t *testing.T) {
	overAll(t, Config{Limits: Limits{Sessions: 1}}, func(t *testing.T, w *world) {
		a := w.session()
		b := w.connect()
		b.send(protocol.Hello{Versions: []string{"beckon.v1"}, Instance: b.instance})
		b.ends(protocol.CloseTryLater)
		a.alive()
		a.drop()
		synctest.Wait()
		w.session() // a was in no room, so its session has ended with its connection
	})
}

func TestSecondHello(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		c := w.session()
		c.send(protocol.Hello{ID: 5, Versions: []string{"beckon.v1"}, Instance: c.instance})
		if e := c.refused(protocol.CodeUnexpectedHello); e.ID != 5 {
			t.Errorf("%+v", e)
		}
		c.alive()
	})
}

func TestHeartbeats(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		pong := make(chan string, 1)
		quiet, dead := w.slow(), w.slow() // quiet answers WebSocket pings, as a hidden tab does
		quiet.ws.SetPongHandler(func(s string) error { pong <- s; return nil })
		dead.ws.SetPingHandler(func(string) error { return nil })
		go quiet.pump()
		go dead.pump()
		quiet.hello(protocol.Hello{})
		dead.hello(protocol.Hello{})
		start := time.Now()
		dead.ends(protocol.CloseHeartbeatTimeout)
		if d := time.Since(start); d != 25*time.Second {
			t.Errorf("dead after %v", d)
		}
		time.Sleep(10 * time.Minute)
		quiet.alive()
		if err := quiet.ws.WriteControl(websocket.PingMessage, []byte("x"), time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := <-pong; got != "x" {
			t.Errorf("pong %q", got)
		}
	})
}

func TestTokenReplacesTheGrants(t *testing.T) {
	overAll(t, Config{
		Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
			switch req.Token {
			case "tea":
				return Grant{Identity: "ada", Rooms: []string{"tea"}}, nil
			case "team":
				return Grant{Identity: "ada", Rooms: []string{"team-*"}}, nil
			case "eve":
				return Grant{Identity: "eve", Rooms: []string{"*"}}, nil
			}
			return Grant{}, errors.New("no")
		},
		ICEServers: func(_ context.Context, req ICERequest) ([]protocol.ICEServer, time.Duration, error) {
			return []protocol.ICEServer{{URLs: []string{"stun:x"}, Username: req.Peer}}, 0, nil
		},
	}, func(t *testing.T, w *world) {
		c := w.connect().hello(protocol.Hello{Token: "tea"})
		c.join(protocol.Join{Room: "tea"})
		c.send(protocol.Join{ID: 2, Room: "team-a"})
		if e := c.refused(protocol.CodeForbidden); e.ID != 2 || e.Room != "team-a" {
			t.Errorf("%+v", e)
		}
		for token, code := range map[string]protocol.ErrorCode{"bad": protocol.CodeUnauthorized, "eve": protocol.CodeForbidden, "": protocol.CodeBadFrame} {
			c.send(protocol.Token{ID: 3, Token: token})
			if e := c.refused(code); e.ID != 3 {
				t.Errorf("%+v", e)
			}
		}
		c.send(protocol.Token{ID: 4, Token: "team"})
		if ice := next[protocol.ICE](c); ice.ID != 4 || len(ice.ICEServers) != 1 || ice.ICEServers[0].Username != c.welcome.Peer {
			t.Errorf("%+v", ice)
		} else {
			c.welcome.Resume = ice.Resume
		}
		c.join(protocol.Join{Room: "team-a"})
		c.send(protocol.Join{Room: "coffee"})
		c.refused(protocol.CodeForbidden)
		c.say("tea", 1) // a member stays where it is
		c.event(protocol.EventMessage)

		c.drop()
		synctest.Wait()
		c = w.again(c) // with what the token brought, and not with what the hello did
		c.join(protocol.Join{Room: "team-b"})
		c.send(protocol.Join{Room: "coffee"})
		c.refused(protocol.CodeForbidden)
	})
}

// A session may last longer than a resume token: it gets a fresh one in time, also where no relay's credentials would bring it.
func TestAResumeTokenIsRenewed(t *testing.T) {
	overAll(t, Config{Limits: Limits{Resume: time.Minute, Ping: time.Hour, Silence: time.Hour}}, func(t *testing.T, w *world) {
		c := w.session()
		time.Sleep(44 * time.Second)
		c.quiet()
		time.Sleep(time.Second)
		c.welcome.Resume = next[protocol.ICE](c).Resume
		time.Sleep(44 * time.Second) // the welcome's has ended
		w.again(c)
	})
}

func TestFreshICEServersComeBeforeTheOldOnesEnd(t *testing.T) {
	asked := 0
	inWorld(t, Config{ICEServers: func(context.Context, ICERequest) ([]protocol.ICEServer, time.Duration, error) {
		asked++
		if asked == 2 {
			return nil, 0, errors.New("the relay is away")
		}
		return []protocol.ICEServer{{URLs: []string{fmt.Sprintf("turn:%d", asked)}}}, time.Minute, nil
	}}, func(t *testing.T, w *world) {
		c := w.session()
		start := time.Now()
		time.Sleep(44 * time.Second)
		c.quiet()
		if ice := next[protocol.ICE](c); len(ice.ICEServers) != 0 || time.Since(start) != 45*time.Second {
			t.Errorf("%+v after %v", ice, time.Since(start))
		}
		time.Sleep(11 * time.Second) // three quarters of the grace, in which a failed callback is asked again
		ice := next[protocol.ICE](c)
		if ice.ICEServers[0].URLs[0] != "turn:3" || ice.ICELifetime != 60_000 {
			t.Errorf("%+v", ice)
		}
	})
}

// What a renewal was told before a token came is older than what the token brought, however long it took.
func TestAnOldRenewalDoesNotReplaceNewerICEServers(t *testing.T) {
	asked := 0
	var release chan struct{}
	inWorld(t, Config{ICEServers: func(context.Context, ICERequest) ([]protocol.ICEServer, time.Duration, error) {
		asked++
		n := asked
		if n == 2 {
			<-release
		}
		return []protocol.ICEServer{{URLs: []string{fmt.Sprintf("turn:%d", n)}}}, time.Minute, nil
	}}, func(t *testing.T, w *world) {
		release = make(chan struct{})
		c := w.session()
		time.Sleep(45 * time.Second)
		synctest.Wait() // the renewal is being asked for
		c.send(protocol.Token{ID: 1, Token: "x"})
		if ice := next[protocol.ICE](c); ice.ID != 1 || ice.ICEServers[0].URLs[0] != "turn:3" {
			t.Errorf("%+v", ice)
		}
		close(release)
		c.quiet()
		time.Sleep(45 * time.Second)
		if ice := next[protocol.ICE](c); ice.ICEServers[0].URLs[0] != "turn:4" {
			t.Errorf("%+v", ice)
		}
		c.quiet()
	})
}
