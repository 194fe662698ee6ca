package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// byToken takes a token for a list of permissions, after the identity and a colon.
func byToken(_ context.Context, req AuthRequest) (Grant, error) {
	identity, allow, ok := strings.Cut(req.Token, ":")
	if !ok {
		return Grant{}, errors.New("no")
	}
	g := Grant{Identity: identity, Rooms: []string{"*"}, Allow: []Permission{}}
	for _, p := range strings.Fields(allow) {
		switch p {
		case "one":
			g.MaxPeers = 1
		case "two":
			g.MaxPeers, g.Capacity = 2, 2
		case "half":
			g.Half = true
		default:
			g.Allow = append(g.Allow, Permission(p))
		}
	}
	return g, nil
}

// as is a session with a token.
func (w *world) as(token string) *client {
	w.t.Helper()
	return w.connect().hello(protocol.Hello{Token: token})
}

const ordinary = "signal message attributes relay"

// Each permission is needed for what it is for, and for nothing else; a resume brings no more than there was.
func TestPermissions(t *testing.T) {
	overAll(t, Config{
		Authorize: byToken,
		ICEServers: func(_ context.Context, req ICERequest) ([]protocol.ICEServer, time.Duration, error) {
			return []protocol.ICEServer{{URLs: []string{"stun:x", "turn:x"}, Username: fmt.Sprint(req.Relay), Credential: "secret"}}, 0, nil
		},
	}, func(t *testing.T, w *world) {
		bob := w.as("bob:" + ordinary)
		bob.join(protocol.Join{Room: "tea"})
		for _, lacking := range strings.Fields("none " + ordinary) {
			ada := w.as("ada:" + strings.ReplaceAll(ordinary, lacking, ""))
			for range 2 { // and once more after a resume
				for _, p := range strings.Fields(ordinary) {
					may := p != lacking
					var got protocol.ErrorCode
					switch p {
					case "signal":
						j := ada.join(protocol.Join{Room: "tea"})
						if (j.Topology == protocol.TopologyMesh) != may {
							t.Errorf("without %s, the topology is %s", lacking, j.Topology)
						}
						ada.signal("tea", bob, 1)
						got = ada.answerOr("pong")
					case "message":
						ada.say("tea", 1)
						got = ada.answerOr("event")
					case "attributes":
						ada.send(protocol.Update{Room: "tea", Attributes: json.RawMessage(`{"a":1}`)})
						got = ada.answerOr("event")
						if again := ada.joins(`{"a":2}`); again != got {
							t.Errorf("without %s, attributes by an update: %q, by a join: %q", lacking, got, again)
						}
					case "relay":
						s := ada.welcome.ICEServers
						if open := slices.Equal(s[0].URLs, []string{"stun:x"}) && s[0].Credential == "" && s[0].Username == ""; open == may || len(s) != 1 {
							t.Errorf("without %s: %+v", lacking, s)
						}
						continue
					}
					if want := map[bool]protocol.ErrorCode{false: protocol.CodeForbidden}[may]; got != want {
						t.Errorf("without %s, %s: %q, want %q", lacking, p, got, want)
					}
				}
				ada.send(protocol.Leave{Room: "tea"})
				ada.answerOr("event")
				ada.drop()
				synctest.Wait()
				ada = w.again(ada)
			}
			ada.drop()
			synctest.Wait()
		}
	})
}

// answerOr asks for a pong too, and returns the error that came before it, if one did; events are passed over.
func (c *client) answerOr(string) (code protocol.ErrorCode) {
	c.t.Helper()
	c.send(protocol.Ping{T: 7})
	for {
		frame := c.frame()
		env, err := protocol.Parse([]byte(frame))
		switch {
		case err != nil:
			c.t.Fatal(err)
		case env.Type == protocol.TypeError:
			code = decode[protocol.ErrorReply](c, frame).Code
		case env.Type == protocol.TypePong:
			return code
		}
	}
}

// joins joins tea with attributes and returns the error.
func (c *client) joins(attributes string) protocol.ErrorCode {
	c.t.Helper()
	c.send(protocol.Join{Room: "tea", Attributes: json.RawMessage(attributes)})
	return c.answerOr("joined")
}

// What says nothing needs no permission to say it.
func TestNoAttributesNeedNoPermission(t *testing.T) {
	inWorld(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		c := w.as("ada:")
		for _, a := range []string{`{}`, `{ }`} {
			if code := c.joins(a); code != "" {
				t.Errorf("%s: %s", a, code)
			}
		}
		if code := c.joins(`{"a":1}`); code != protocol.CodeForbidden {
			t.Errorf("%q", code)
		}
	})
}

// A Grant that does not say what it allows allows what is ordinary, and a resume token always says.
func TestAGrantThatDoesNotSay(t *testing.T) {
	t.Parallel()
	old := claims{Rooms: []string{"tea"}}
	if g := old.grant(); len(g.Allow) != 0 || g.may(PermissionSignal) || g.Allow == nil {
		t.Errorf("a resume token without permissions allows %v", g.Allow)
	}
	g := Grant{Identity: "ada", Rooms: []string{"tea"}, Allow: []Permission{PermissionHidden}, MaxPeers: 3, Capacity: 4, Half: true, Expires: time.UnixMilli(5)}
	if got := claimsOf("p", "i", g, time.UnixMilli(1)).grant(); fmt.Sprint(got) != fmt.Sprint(g) {
		t.Errorf("%+v became %+v", g, got)
	}
}

func TestMaxPeers(t *testing.T) {
	overAll(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		refused := func(token string) {
			t.Helper()
			c := w.connect()
			c.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: c.instance, Token: token})
			c.ends(protocol.CloseTooManyPeers)
		}
		first := w.as("ada:two")
		first.join(protocol.Join{Room: "tea"})
		refused("ada:one")
		second := w.as("ada:two")
		refused("ada:two")
		w.as("bob:one").alive() // others do not count
		w.again(second).alive() // it is there already

		// Who reloads a page need not wait for the grace of the old one.
		first.drop()
		synctest.Wait()
		third := w.as("ada:two")
		if j := third.join(protocol.Join{Room: "tea"}); len(j.Members) != 1 {
			t.Errorf("the one that was away is still there: %+v", j.Members)
		}
		// It has lost its place, but not its name.
		third.drop()
		synctest.Wait()
		w.again(first).alive()
		if n := w.s.Stats(); n.Closes[protocol.CloseTooManyPeers] != 2 {
			t.Errorf("%+v", n)
		}
	})
}

// Who has no identity is not counted.
func TestMaxPeersOfNobody(t *testing.T) {
	inWorld(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		w.as(":one").alive()
		w.as(":one").alive()
		if len(w.s.peersOf) != 0 {
			t.Errorf("%d identities", len(w.s.peersOf))
		}
	})
}

func TestIdentitiesAreForgotten(t *testing.T) {
	inWorld(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		for _, c := range []*client{w.as("ada:"), w.as("ada:"), w.as("bob:one")} {
			c.drop()
		}
		synctest.Wait()
		if len(w.s.peersOf) != 0 {
			t.Errorf("%d identities", len(w.s.peersOf))
		}
	})
}

// A token's capacity keeps its own holder out of a room that is fuller; an admin comes in, and who is hidden does not count.
func TestCapacity(t *testing.T) {
	overAll(t, Config{Authorize: byToken}, func(t *testing.T, w *world) {
		w.as("eve:hidden two").join(protocol.Join{Room: "tea"})
		ada, bob := w.as("ada:two"), w.as("bob:two")
		ada.join(protocol.Join{Room: "tea"})
		bob.join(protocol.Join{Room: "tea"})
		cy := w.as("cy:two")
		cy.send(protocol.Join{Room: "tea"})
		cy.refused(protocol.CodeRoomFull)
		bob.drop()
		synctest.Wait()
		w.again(bob).join(protocol.Join{Room: "tea"}) // it has its place still
		w.as("dee:admin two").join(protocol.Join{Room: "tea"})
		w.as("fay:hidden two").join(protocol.Join{Room: "tea"})
		w.as("gil:").join(protocol.Join{Room: "tea"}) // whose token does not say
	})
}

func TestHalf(t *testing.T) {
	overAll(t, Config{Authorize: byToken, Limits: Limits{Rooms: 3, Joins: 8}}, func(t *testing.T, w *world) {
		c := w.as("ada:half")
		if l := c.welcome.Limits; l.Rate != 25 || l.Burst != 100 || l.Rooms != 1 {
			t.Errorf("%+v", l)
		}
		c = w.again(c)
		if l := c.welcome.Limits; l.Rate != 25 || l.Burst != 100 || l.Rooms != 1 {
			t.Errorf("after a resume: %+v", l)
		}
		c.join(protocol.Join{Room: "tea"})
		c.send(protocol.Join{Room: "coffee"})
		c.refused(protocol.CodeTooManyRooms)
		for range 2 {
			c.join(protocol.Join{Room: "tea"})
		}
		c.send(protocol.Join{Room: "tea"})
		c.refused(protocol.CodeRateLimited)
	})
}
