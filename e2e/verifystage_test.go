//go:build unix

package e2e

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/middle"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// verifyTogether is how many pairs of the tests of verified peers meet at once.
const verifyTogether = 6

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
