//go:build unix

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/middle"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// verifier is a side of a meeting: goVerifier, or a page of a browser.
//
//	key     the public key of an identity of that name, which it makes and keeps
//	meet    join a room and connect with the other member, or be refused
//	say     on the channel, and hear the answer; of the side that opens it
//	signal  to the other side, through the server
//	cut     close the connection, and wait for the next
//	look    at the other member
//	accept  the new key of an identity whose key has changed
//	leave   the room
type verifier interface {
	call(ctx context.Context, name string, args verifyArgs) (verifySeen, error)
}

// verifyArgs is what a side is told.
type verifyArgs struct {
	ID   string `json:"id,omitempty"`   // of the meeting
	Name string `json:"name,omitempty"` // of key, and the identity of accept
	Text string `json:"text,omitempty"` // of say and signal

	Server    string   `json:"server,omitempty"`
	Room      string   `json:"room,omitempty"`
	Token     string   `json:"token,omitempty"`
	Identity  string   `json:"identity,omitempty"` // the name of the own one
	Secret    string   `json:"secret,omitempty"`
	Pins      []string `json:"pins,omitempty"`
	Remembers bool     `json:"remembers,omitempty"` // trust on first use
	Opens     bool     `json:"opens,omitempty"`     // the channel, instead of accepting it
}

// verifySeen is how a side sees the other.
type verifySeen struct {
	State       string `json:"state"`
	Verified    bool   `json:"verified"`
	Key         string `json:"key"`
	Number      string `json:"number"`
	Connections int    `json:"connections"`
	Code        string `json:"code"`
	Message     string `json:"message"`
	Reason      string `json:"reason"`
	Known       string `json:"known"`
	Shown       string `json:"shown"`
	Channels    string `json:"channels"` // what accept says when all is over
	Text        string `json:"text"`
}

// TestVerifiedPeers: with a server between them that does what it can, two peers that verify each other end with peer-unverified on both
// sides and without a channel; with an honest one they are verified, and stay so. In each pairing of Go, Chromium and Firefox.
//
// It has the machine for itself: what its pairs share has a deadline, which other tests would use up.
func TestVerifiedPeers(t *testing.T) {
	st := newVerifyStage(t)
	t.Run("pairs", func(t *testing.T) {
		for _, a := range []browser.Kind{golang, browser.Chromium, browser.Firefox} {
			for _, b := range []browser.Kind{golang, browser.Chromium, browser.Firefox} {
				t.Run(string(a)+"-"+string(b), func(t *testing.T) {
					t.Parallel()
					needAll(t, a, b)
					st.pair(t, a, b)
				})
			}
		}
	})
}

// TestVerifyingTakesASecureContext: over plain HTTP at an address, which is what a first user has, a browser keeps what it takes from pages. They are
// told so, with a hint, and do not join unprotected.
func TestVerifyingTakesASecureContext(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		s := newSite(t)
		b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin)
		var refusals map[string]string
		s.open(t, kind, "insecure.js", map[string]string{"server": b.Base, "room": b.Name}).verdict(t, &refusals)
		for _, what := range []string{"join", "trust", "load", "create"} {
			if got := refusals[what]; !strings.HasPrefix(got, "unsupported: ") || !strings.Contains(got, "https, or from localhost") {
				t.Errorf("%s is refused with %q", what, got)
			}
		}
	})
}

// pair is all that a pair goes through.
func (st *verifyStage) pair(t *testing.T, kindA, kindB browser.Kind) {
	a, b := st.sides(kindA, kindB)
	run := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			select {
			case st.places <- struct{}{}:
				defer func() { <-st.places }()
			case <-st.ctx.Done():
			}
			test(t)
		})
	}
	own := fmt.Sprintf("%s-%s", kindA, kindB)
	keys := func(t *testing.T, names ...string) (all []string) {
		for i, name := range names {
			seen, err := []verifier{a, b}[i].call(st.ctx, "key", verifyArgs{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, seen.Key)
		}
		return all
	}

	run("nobody-verifies", func(t *testing.T) {
		e := st.meeting(t, a, b, st.bad[middle.Swap].URL, "", verifyArgs{})
		seen := e.met(t)
		e.hears(t, "a cup of tea", "heard: a cup of gin")
		if seen[0].Verified || seen[1].Verified || seen[0].Number != "" {
			t.Errorf("they are verified: %+v", seen)
		}
		e.both(t, "leave", "")
	})
	run("any-key", func(t *testing.T) {
		// Who takes any key is told the truth by the safety number alone.
		e := st.meeting(t, a, b, st.bad[middle.Keys].URL, "", verifyArgs{Identity: own})
		seen := e.met(t)
		e.hears(t, "a cup of tea", "heard: a cup of gin")
		if len(seen[0].Number) != 71 || seen[0].Number == seen[1].Number {
			t.Errorf("the numbers do not tell: %+v", seen)
		}
		e.both(t, "leave", "")
	})
	for attack, trusts := range map[middle.Attack][]string{
		middle.Swap: {"link", "pinned"}, middle.Keys: {"link", "pinned"}, middle.Strip: {"link"}, middle.Replay: {"pinned"},
	} {
		for _, trust := range trusts {
			run(string(attack)+"-"+trust, func(t *testing.T) {
				with := verifyArgs{}
				if trust == "link" {
					with.Secret = identity.NewSecret().String()
				}
				with.Identity = own // for Replay they must be the same ones
				pins := keys(t, own+".a", own+".b")
				meet := func(name string) *encounter {
					e := st.meeting(t, a, b, st.bad[attack].URL, name, with)
					if trust == "pinned" {
						e.args[0].Pins, e.args[1].Pins = pins[1:], pins[:1]
					}
					return e
				}
				if attack == middle.Replay {
					e := meet("recorded")
					verified(t, e.met(t))
					e.both(t, "leave", "")
				}
				meet("attacked").refused(t)
			})
		}
	}
	run("honest", func(t *testing.T) {
		e := st.meeting(t, a, b, st.bad[middle.None].URL, "", verifyArgs{Secret: identity.NewSecret().String()})
		number := verified(t, e.met(t))
		e.hears(t, "a cup of tea", "heard: a cup of tea")
		e.both(t, "signal", middle.Please)
		if err := eventually(st.ctx, func() bool { return st.bad[middle.None].Restarts(e.args[0].Room) > 0 }); err != nil {
			t.Fatalf("they did not agree on another path: %v", err)
		}
		e.hears(t, "another path", "heard: another path")
		if _, err := e.sides[1].call(st.ctx, "cut", verifyArgs{ID: e.args[1].ID}); err != nil {
			t.Fatal(err)
		}
		e.hears(t, "another connection", "heard: another connection")
		seen := e.both(t, "look", "")
		if got := verified(t, seen); got != number || seen[0].Connections < 2 || seen[1].Connections < 2 {
			t.Errorf("after all that they are %+v, and the number was %q", seen, number)
		}
		e.both(t, "leave", "")
	})
	run("changed-key", func(t *testing.T) {
		meet := func(name, own string) *encounter {
			e := st.meeting(t, a, b, st.server.Base, name, verifyArgs{})
			e.args[0].Identity, e.args[1].Remembers = own, true
			return e
		}
		shown := keys(t, own+"-old")
		shown = append(shown, keys(t, own+"-new")...)
		for _, name := range []string{"first", "second"} {
			e := meet(name, own+"-old")
			verified(t, e.met(t))
			e.both(t, "leave", "")
		}
		alarm := meet("changed", own+"-new")
		seen := alarm.both(t, "meet", "")
		for _, key := range shown {
			if !strings.Contains(seen[1].Message, key) {
				t.Errorf("the alarm does not name %s: %+v", key, seen[1])
			}
		}
		if seen[0].Code != string(protocol.CodePeerUnverified) || seen[1].Code != seen[0].Code || seen[1].Reason != "changed" {
			t.Errorf("no alarm: %+v", seen)
		}
		args := verifyArgs{ID: alarm.args[1].ID, Server: st.server.Base, Name: alarm.args[0].Room + ".a"}
		if _, err := b.call(st.ctx, "accept", args); err != nil {
			t.Fatal(err)
		}
		alarm.both(t, "leave", "")
		e := meet("accepted", own+"-new")
		verified(t, e.met(t))
		e.both(t, "leave", "")
	})
}
