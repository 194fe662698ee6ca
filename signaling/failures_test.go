package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

func newFailures(l Limits) *failures {
	return &failures{limits: l.withDefaults(), of: map[netip.Prefix]failed{}}
}

// The waits grow, end at the longest, and are forgiven one by one.
func TestRefusalsMakeAnAddressWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFailures(Limits{})
		for n, want := range []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60} {
			f.add(local, time.Now())
			if got := f.wait(local, time.Now()); got != want*time.Second {
				t.Errorf("after %d refusals: %v, want %v", n+1, got, want*time.Second)
			}
		}
		time.Sleep(60 * time.Second)
		if got := f.wait(local, time.Now()); got != 0 {
			t.Errorf("still %v", got)
		}
		f.add(local, time.Now()) // 18 less 2, and this one
		if got := f.wait(local, time.Now()); got != 60*time.Second {
			t.Errorf("after a minute: %v", got)
		}
		time.Sleep(7 * 30 * time.Second)
		f.add(local, time.Now()) // the 11th
		if got := f.wait(local, time.Now()); got != time.Second {
			t.Errorf("after what was forgiven: %v", got)
		}
		for other, same := range map[string]bool{"2001:db8::1": true, "2001:db8::ffff": true, "2001:db8:0:1::1": false} {
			g := newFailures(Limits{Failures: 1})
			for range 2 {
				g.add(netip.MustParseAddr("2001:db8::2"), time.Now())
			}
			if waits := g.wait(netip.MustParseAddr(other), time.Now()) > 0; waits != same {
				t.Errorf("%s waits: %v", other, waits)
			}
		}
	})
}

// However many addresses fail, the table has its bound, and takes new ones.
func TestTheTableOfRefusalsIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFailures(Limits{Failures: 1, FailedAddresses: 100})
		address := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}) }
		for n := range 1000 {
			f.add(address(n), time.Now())
			f.add(address(n), time.Now())
			if len(f.of) > 100 {
				t.Fatalf("%d addresses", len(f.of))
			}
			if f.wait(address(n), time.Now()) == 0 {
				t.Fatalf("the address %d found no place", n)
			}
		}
		time.Sleep(time.Hour)
		f.add(local, time.Now())
		if len(f.of) != 1 {
			t.Errorf("%d addresses after all was forgiven", len(f.of))
		}
	})
}

// Guessing is slowed down by address, before Authorize is asked; who is in, and who comes back, notices nothing.
func TestGuessingTokens(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) { guess(t, kind) })
	}
}

func guess(t *testing.T, kind string) {
	asked := 0
	inWorld(t, Config{
		Limits: Limits{Failures: 2},
		Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
			asked++
			switch req.Token {
			case "good":
				return Grant{Identity: "ada", Rooms: []string{"*"}}, nil
			case "slow":
				return Grant{}, context.DeadlineExceeded
			}
			return Grant{}, errors.New("no")
		},
	}, func(t *testing.T, w *world) {
		w.kind = kind
		good := w.as("good")
		good.join(protocol.Join{Room: "tea"})
		try := func(token string, code protocol.CloseCode) *client {
			t.Helper()
			c := w.connect()
			c.send(protocol.Hello{ID: 9, Versions: []string{protocol.Version}, Instance: c.instance, Token: token})
			if code == protocol.CloseTryLater {
				if e := c.refused(protocol.CodeRateLimited); e.ID != 9 || e.RetryAfter == 0 || e.RetryAfter > 1000 {
					t.Errorf("%+v", e)
				}
			}
			c.ends(code)
			return c
		}
		for range 5 {
			try("slow", protocol.CloseInternal) // which is nobody's fault
		}
		for n := range 3 {
			try(fmt.Sprint("guess ", n), protocol.CloseUnauthorized)
		}
		before := asked
		for range 10 {
			try("good", protocol.CloseTryLater)
		}
		if asked != before {
			t.Errorf("asked %d times for who has to wait", asked-before)
		}
		good.send(protocol.Token{ID: 3, Token: "good"})
		if e := good.refused(protocol.CodeRateLimited); e.ID != 3 || e.RetryAfter == 0 {
			t.Errorf("%+v", e)
		}
		w.again(good).join(protocol.Join{Room: "tea"}) // it is not asked about
		time.Sleep(time.Second)
		w.as("good").alive()
	})
}

// A token in a session is a guess like one in a hello, and so is what should have been a hello.
func TestOtherRefusals(t *testing.T) {
	inWorld(t, Config{Limits: Limits{Failures: 1}, Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
		if req.Token == "bad" {
			return Grant{}, errors.New("no")
		}
		return Grant{Rooms: []string{"*"}}, nil
	}}, func(t *testing.T, w *world) {
		c := w.session()
		for range 2 {
			c.send(protocol.Token{Token: "bad"})
			c.refused(protocol.CodeUnauthorized)
		}
		c.send(protocol.Token{Token: "bad"})
		c.refused(protocol.CodeRateLimited)
		time.Sleep(10 * time.Minute)
		for range 2 {
			stranger := w.connect()
			stranger.raw(`{"type":"ping"}`)
			stranger.ends(protocol.CloseHelloExpected)
		}
		late := w.connect()
		late.send(protocol.Hello{Versions: []string{protocol.Version}, Instance: late.instance})
		late.refused(protocol.CodeRateLimited)
		late.ends(protocol.CloseTryLater)
	})
}

// A refusal that is for the client to hear reaches it before the close does.
func TestARefusalWithASentence(t *testing.T) {
	overAll(t, Config{Authorize: func(context.Context, AuthRequest) (Grant, error) {
		return Grant{}, fmt.Errorf("directory: %w", protocol.Errorf(protocol.CodeUnauthorized, "programs need a token"))
	}}, func(t *testing.T, w *world) {
		c := w.connect()
		c.send(protocol.Hello{ID: 4, Versions: []string{protocol.Version}, Instance: c.instance})
		if e := c.refused(protocol.CodeUnauthorized); e.ID != 4 || e.Message != "programs need a token" {
			t.Errorf("%+v", e)
		}
		c.ends(protocol.CloseUnauthorized)
	})
}

// An app may refuse with a code of its own: it reaches the client like any other, and harms nobody else.
func TestARefusalWithACodeOfTheApps(t *testing.T) {
	overAll(t, Config{Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
		if req.Token == "" {
			return Grant{}, protocol.Errorf("not-on-sundays", "come back tomorrow")
		}
		return Grant{Rooms: []string{"*"}}, nil
	}}, func(t *testing.T, w *world) {
		c := w.connect()
		c.send(protocol.Hello{ID: 4, Versions: []string{protocol.Version}, Instance: c.instance})
		c.refused("not-on-sundays")
		c.ends(protocol.CloseUnauthorized)
		w.as("ada").alive()
	})
}
