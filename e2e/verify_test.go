//go:build unix

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/middle"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// verifyTogether is how many pairs of the tests of verified peers meet at once.
const verifyTogether = 6

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
func TestVerifiedPeers(t *testing.T) {
	t.Parallel()
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

// verifyStage is what all pairs share.
type verifyStage struct {
	t      *testing.T // whose browsers they are
	ctx    context.Context
	site   *site
	server *server
	key    token.Key
	bad    map[middle.Attack]*middle.Server
	golang *goVerifier
	places chan struct{} // a token for each meeting that goes on

	opening sync.Mutex
	pages   map[browser.Kind][2]verifier // guarded by opening
}

func newVerifyStage(t *testing.T) *verifyStage {
	t.Helper()
	hostIP(t) // the site is on loopback, but Firefox makes no connections there
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSiteAt(t, listener, patience)
	st := &verifyStage{
		t: t, ctx: s.ctx, site: s, golang: newGoVerifier(t), places: make(chan struct{}, verifyTogether),
		bad: make(map[middle.Attack]*middle.Server), pages: make(map[browser.Kind][2]verifier),
	}
	if st.key, err = token.NewKey(token.EdDSA, "ed"); err != nil {
		t.Fatal(err)
	}
	set, err := token.NewKeySet(st.key)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, set.Public(), 0o600); err != nil {
		t.Fatal(err)
	}
	st.server = serve(t, "127.0.0.1", "--allow-origin", s.Origin, "--keys", keys, "--audience", audience)
	for _, attack := range []middle.Attack{middle.None, middle.Swap, middle.Strip, middle.Keys, middle.Replay} {
		bad, err := middle.New(st.server.Base, attack)
		if err != nil {
			t.Fatal(err)
		}
		st.bad[attack] = bad
		t.Cleanup(func() {
			if err := bad.Close(); err != nil {
				t.Error(err)
			}
			if faults := bad.Faults(); t.Failed() && len(faults) > 0 {
				t.Logf("the attack %s could not do all: %v", attack, faults)
			}
		})
	}
	return st
}

// sides are the two of a pair: of a browser one of two pages each, so that it can meet itself.
func (st *verifyStage) sides(a, b browser.Kind) (verifier, verifier) {
	of := func(kind browser.Kind, i int) verifier {
		if kind == golang {
			return st.golang
		}
		st.opening.Lock()
		defer st.opening.Unlock()
		pages, opened := st.pages[kind]
		if !opened {
			for i := range pages {
				pages[i] = newPageVerifier(st.t, st.site, kind, st.server.Base)
			}
			st.pages[kind] = pages
		}
		return pages[i]
	}
	return of(a, 0), of(b, 1)
}

// encounter is two sides in a room. The first opens the channel.
type encounter struct {
	st    *verifyStage
	sides [2]verifier
	args  [2]verifyArgs
}

// meeting makes an encounter by a server, and in a room, of that name; with is what the two have in common beside that.
func (st *verifyStage) meeting(t *testing.T, a, b verifier, server, name string, with verifyArgs) *encounter {
	t.Helper()
	e := &encounter{st: st, sides: [2]verifier{a, b}, args: [2]verifyArgs{with, with}}
	room := strings.NewReplacer("/", ".", "#", ".").Replace(t.Name()[strings.Index(t.Name(), "/")+len("/pairs/"):])
	for i, who := range []string{"a", "b"} {
		args := &e.args[i]
		args.Server, args.Room, args.Opens, args.ID = server, room, i == 0, room+"."+name+"."+who
		if args.Identity != "" {
			args.Identity += "." + who
		}
		signed, err := token.Sign(st.key, token.Claims{
			Identity: room + "." + who, Audience: []string{audience}, Grant: token.Grant{Rooms: []string{"*"}},
		}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		args.Token = signed
	}
	return e
}

// both calls the same on both sides at once.
func (e *encounter) both(t *testing.T, name, text string) (seen [2]verifySeen) {
	t.Helper()
	var errs [2]error
	var calls sync.WaitGroup
	for i, side := range e.sides {
		calls.Go(func() {
			args := verifyArgs{ID: e.args[i].ID, Text: text}
			if name == "meet" {
				args = e.args[i]
			}
			seen[i], errs[i] = side.call(e.st.ctx, name, args)
		})
	}
	calls.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("%s, %s: %v", e.args[i].ID, name, err)
		}
	}
	return seen
}

// met has both meet and be connected.
func (e *encounter) met(t *testing.T) [2]verifySeen {
	t.Helper()
	seen := e.both(t, "meet", "")
	for i, s := range seen {
		if s.State != "connected" || s.Code != "" {
			t.Fatalf("%s is not connected: %+v", e.args[i].ID, s)
		}
	}
	return seen
}

// refused has both meet, and be refused, without a channel.
func (e *encounter) refused(t *testing.T) [2]verifySeen {
	t.Helper()
	seen := e.both(t, "meet", "")
	const unverified = string(protocol.CodePeerUnverified)
	for i, s := range seen {
		if s.State != "closed" || s.Code != unverified || s.Channels != unverified || s.Verified || s.Number != "" || s.Connections != 0 {
			t.Errorf("%s is not refused: %+v", e.args[i].ID, s)
		}
	}
	e.both(t, "leave", "")
	return seen
}

// hears has the first side say something, and checks what comes back.
func (e *encounter) hears(t *testing.T, text, want string) {
	t.Helper()
	seen, err := e.sides[0].call(e.st.ctx, "say", verifyArgs{ID: e.args[0].ID, Text: text})
	if err != nil || seen.Text != want {
		t.Fatalf("%s: said %q, back came %q, %v; want %q", e.args[0].ID, text, seen.Text, err, want)
	}
}

// verified checks that both have verified each other, and have one number.
func verified(t *testing.T, seen [2]verifySeen) (number string) {
	t.Helper()
	if !seen[0].Verified || !seen[1].Verified || len(seen[0].Number) != 71 || seen[0].Number != seen[1].Number {
		t.Errorf("they are not verified: %+v", seen)
	}
	return seen[0].Number
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
