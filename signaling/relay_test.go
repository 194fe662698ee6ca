package signaling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// relayed counts what a relay is asked and told.
type relayed struct {
	mu    sync.Mutex
	asked int
	ended []string
	hold  chan struct{} // for the next that is asked, who goes on when it is closed
}

// config is a server's with this relay. A token says for how long it lives and what it allows: "1m relay signal".
func (r *relayed) config() Config {
	return Config{
		Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
			words := strings.Fields(req.Token)
			g := Grant{Identity: "ada", Rooms: []string{"*"}, Allow: []Permission{}}
			if len(words) == 0 {
				return g, errors.New("no")
			}
			if d, err := time.ParseDuration(words[0]); err == nil {
				g.Expires = time.Now().Add(d)
			}
			for _, w := range words[1:] {
				g.Allow = append(g.Allow, Permission(w))
			}
			return g, nil
		},
		ICEServers: func(_ context.Context, req ICERequest) ([]protocol.ICEServer, time.Duration, error) {
			r.mu.Lock()
			r.asked++
			asked, hold := r.asked, r.hold
			r.hold = nil
			r.mu.Unlock()
			if hold != nil {
				<-hold
			}
			return []protocol.ICEServer{{URLs: []string{"stun:x", fmt.Sprintf("turn:%d", asked)}, Username: req.Peer, Credential: "x"}}, time.Hour, nil
		},
		RelayEnded: func(peer string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ended = append(r.ended, peer)
		},
	}
}

// told checks for whom the relay has been ended so far, at this very moment.
func (r *relayed) told(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.ended, want) {
		t.Fatalf("ended %q, want %q", r.ended, want)
	}
}

// turn is which TURN server, the first or a later one, is among ICE servers; "" for none.
func turn(servers []protocol.ICEServer) string {
	for _, s := range servers {
		for _, u := range s.URLs {
			if strings.HasPrefix(u, "turn:") {
				return u
			}
		}
	}
	return ""
}

func TestTheRelayEndsWithTheSession(t *testing.T) {
	for name, end := range map[string]func(*world, *client){
		"bye":     func(_ *world, c *client) { c.send(protocol.Bye{}) },
		"timeout": func(_ *world, c *client) { c.drop(); time.Sleep(15 * time.Second) },
		"kick":    func(w *world, c *client) { w.s.Kick(c.welcome.Peer) },
		"revoke":  func(w *world, _ *client) { w.s.Revoke(Revocation{Identity: "ada"}) },
	} {
		for _, room := range []bool{true, false} {
			t.Run(fmt.Sprint(name, room), func(t *testing.T) {
				r := new(relayed)
				inWorld(t, r.config(), func(t *testing.T, w *world) {
					c := w.as("x relay")
					if room {
						c.join(protocol.Join{Room: "tea"})
					}
					r.told(t)
					end(w, c)
					r.told(t, c.welcome.Peer)
					time.Sleep(time.Hour)
					r.told(t, c.welcome.Peer)
				})
			})
		}
	}
}

// Who is away may come back, and relayed connections live meanwhile; who comes back has what it had.
func TestTheRelayOutlivesTheCarrier(t *testing.T) {
	r := new(relayed)
	inWorld(t, r.config(), func(t *testing.T, w *world) {
		c := w.as("x relay")
		c.join(protocol.Join{Room: "tea"})
		c.drop()
		time.Sleep(14 * time.Second)
		c = w.again(c)
		c.join(protocol.Join{Room: "tea"})
		time.Sleep(5 * time.Second)
		r.told(t)
		if err := w.s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.told(t) // the relay has its own shutdown, and its clients go elsewhere
	})
}

// Without the permission there is nothing to end.
func TestWhoMayNotRelayEndsNothing(t *testing.T) {
	r := new(relayed)
	inWorld(t, r.config(), func(t *testing.T, w *world) {
		c := w.as("x signal")
		c.join(protocol.Join{Room: "tea"})
		c.send(protocol.Bye{})
		c.ends(protocol.CloseNormal)
		r.told(t)
	})
}

// The grant's end is the relay's, while the peer is connected and while it is away. Who comes back in time may relay again, and is
// not told twice.
func TestTheRelayEndsWithTheGrant(t *testing.T) {
	for _, away := range []bool{false, true} {
		t.Run(fmt.Sprint("away ", away), func(t *testing.T) {
			r := new(relayed)
			inWorld(t, r.config(), func(t *testing.T, w *world) {
				c := w.as("20s relay")
				c.join(protocol.Join{Room: "tea"})
				time.Sleep(15 * time.Second)
				if away {
					c.drop()
				}
				time.Sleep(5*time.Second - time.Millisecond)
				r.told(t)
				time.Sleep(time.Millisecond)
				r.told(t, c.welcome.Peer)
				again := w.connect().hello(protocol.Hello{Instance: c.instance, Resume: c.welcome.Resume, Token: "20s relay"})
				if again.welcome.Peer != c.welcome.Peer || turn(again.welcome.ICEServers) != "turn:2" {
					t.Fatalf("%+v", again.welcome)
				}
				again.join(protocol.Join{Room: "tea"})
				r.told(t, c.welcome.Peer)
				again.send(protocol.Bye{})
				again.ends(protocol.CloseNormal)
				r.told(t, c.welcome.Peer, c.welcome.Peer)
			})
		})
	}
}

// Who is away when its grant ends and was replaced by a fresh one before keeps the relay.
func TestAFreshTokenKeepsTheRelay(t *testing.T) {
	r := new(relayed)
	inWorld(t, r.config(), func(t *testing.T, w *world) {
		c := w.as("20s relay")
		c.join(protocol.Join{Room: "tea"})
		time.Sleep(10 * time.Second)
		c.drop()
		synctest.Wait()
		again := w.connect().hello(protocol.Hello{Instance: c.instance, Resume: c.welcome.Resume})
		again.join(protocol.Join{Room: "tea"})
		again.send(protocol.Token{ID: 1, Token: "1h relay"})
		next[protocol.ICE](again)
		again.quietFor(40 * time.Second)
		r.told(t)
	})
}

func TestATokenTakesAndGivesTheRelay(t *testing.T) {
	r := new(relayed)
	inWorld(t, r.config(), func(t *testing.T, w *world) {
		c := w.as("x relay")
		c.join(protocol.Join{Room: "tea"})
		c.send(protocol.Token{ID: 1, Token: "x signal"})
		if ice := next[protocol.ICE](c); turn(ice.ICEServers) != "" {
			t.Errorf("%+v", ice)
		}
		r.told(t, c.welcome.Peer)
		c.send(protocol.Token{ID: 2, Token: "x signal"}) // there is nothing left to take
		next[protocol.ICE](c)
		c.send(protocol.Token{ID: 3, Token: "x relay"})
		if ice := next[protocol.ICE](c); turn(ice.ICEServers) != "turn:4" {
			t.Errorf("%+v", ice)
		}
		r.told(t, c.welcome.Peer)
	})
}

// Who has left its last room has nobody to reach, and gets what it needs before it is in the next one.
func TestTheRelayEndsWithTheLastRoom(t *testing.T) {
	r := new(relayed)
	inWorld(t, r.config(), func(t *testing.T, w *world) {
		c := w.as("x relay")
		c.join(protocol.Join{Room: "tea"})
		c.join(protocol.Join{Room: "coffee"})
		c.send(protocol.Leave{Room: "tea"})
		c.event(protocol.EventLeft)
		r.told(t)
		c.send(protocol.Leave{Room: "coffee"})
		c.event(protocol.EventLeft)
		r.told(t, c.welcome.Peer)
		c.send(protocol.Join{ID: 7, Room: "tea"})
		if ice := next[protocol.ICE](c); turn(ice.ICEServers) != "turn:2" || ice.Resume == "" || ice.ID != 0 {
			t.Errorf("%+v", ice)
		}
		if j := next[protocol.Joined](c); j.ID != 7 {
			t.Errorf("%+v", j)
		}
		c.join(protocol.Join{Room: "tea"}) // again, and there is nothing to renew
		c.quiet()
		c.send(protocol.Bye{})
		c.ends(protocol.CloseNormal)
		r.told(t, c.welcome.Peer, c.welcome.Peer)
	})
}

// A renewal that was asked for before the relay was ended brings credentials that are worth nothing: it is asked for again.
func TestARenewalThatMeetsTheEnd(t *testing.T) {
	r := new(relayed)
	cfg := r.config()
	cfg.Limits = Limits{Ping: 9 * time.Hour, Silence: 10 * time.Hour}
	inWorld(t, cfg, func(t *testing.T, w *world) {
		c := w.as("x relay")
		c.join(protocol.Join{Room: "tea"})
		release := make(chan struct{})
		r.mu.Lock()
		r.hold = release
		r.mu.Unlock()
		time.Sleep(45 * time.Minute)
		synctest.Wait() // the renewal has its credentials, and is on its way back
		c.send(protocol.Leave{Room: "tea"})
		c.event(protocol.EventLeft)
		r.told(t, c.welcome.Peer)
		close(release)
		if ice := next[protocol.ICE](c); turn(ice.ICEServers) != "turn:3" {
			t.Errorf("%+v", ice)
		}
		r.told(t, c.welcome.Peer)
	})
}

// Nobody asks for new credentials while the old ones are being taken back, or they would be taken back as well.
func TestNewCredentialsComeBehindTheEndOfTheOld(t *testing.T) {
	r := new(relayed)
	cfg := r.config()
	var release chan struct{}
	var under atomic.Bool
	cfg.RelayEnded = func(string) {
		under.Store(true)
		<-release
	}
	inWorld(t, cfg, func(t *testing.T, w *world) {
		release = make(chan struct{})
		c := w.as("x relay")
		c.join(protocol.Join{Room: "tea"})
		c.send(protocol.Leave{Room: "tea"})
		c.event(protocol.EventLeft)
		c.send(protocol.Join{Room: "tea"})
		c.quiet()
		if !under.Load() {
			t.Error("the relay was not told")
		}
		close(release)
		next[protocol.ICE](c)
		next[protocol.Joined](c)
	})
}

// RelayEnded may ask the server about anybody: it is called without a lock.
func TestRelayEndedHoldsNoLock(t *testing.T) {
	var s *Server
	known := make(chan bool, 1)
	cfg := new(relayed).config()
	cfg.RelayEnded = func(peer string) {
		_, _, ok := s.Account(peer)
		s.Kick(peer)
		s.Announced(peer, local)
		s.Stats()
		known <- ok
	}
	inWorld(t, cfg, func(t *testing.T, w *world) {
		s = w.s
		c := w.as("x relay")
		c.join(protocol.Join{Room: "tea"})
		c.send(protocol.Leave{Room: "tea"})
		c.event(protocol.EventLeft)
		if !<-known {
			t.Error("the session is not known, and only its room is left")
		}
		c.ends(protocol.CloseKicked)
	})
}
