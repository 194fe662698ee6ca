package peer_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// named is a server that takes a token for a name.
var named = signaling.Config{Authorize: func(_ context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
	return signaling.Grant{Identity: req.Token, Rooms: []string{"*"}}, nil
}}

// pair joins two peers through the front, and returns each one's view of the other when they are connected.
func (f *front) pair(a, b peer.Config) (ofA, ofB *peer.Peer) {
	roomA, roomB := f.join(a), f.join(b)
	ofA, err := roomA.Accept(within(f.w.t))
	must(f.w.t, err)
	ofB, err = roomB.Accept(within(f.w.t))
	must(f.w.t, err)
	return ofA, ofB
}

// modes are the ways to verify, as two Configs that suit each other.
var modes = map[string]func(t *testing.T) (ada, bob peer.Config){
	"secret": func(*testing.T) (ada, bob peer.Config) {
		secret := identity.NewSecret()
		return peer.Config{Secret: secret}, peer.Config{Secret: secret}
	},
	"pinned": func(*testing.T) (ada, bob peer.Config) {
		a, b := identity.NewKey(), identity.NewKey()
		return peer.Config{Identity: a, Trust: identity.Pinned(b.Public())}, peer.Config{Identity: b, Trust: identity.Pinned(a.Public())}
	},
	"first use": func(t *testing.T) (ada, bob peer.Config) {
		a, b := identity.NewKey(), identity.NewKey()
		return peer.Config{Identity: a, Trust: identity.FirstUse(remembering(t, "bob", b))}, peer.Config{Identity: b, Trust: identity.FirstUse(remembering(t, "ada", a))}
	},
	"issued": func(t *testing.T) (ada, bob peer.Config) {
		issuer, err := token.NewKey(token.EdDSA, "k1")
		must(t, err)
		set, err := token.NewKeySet(issuer)
		must(t, err)
		trust, err := identity.Issued(set.Public())
		must(t, err)
		config := func(name string) peer.Config {
			key := identity.NewKey()
			text, err := token.Attest(issuer, name, key.Public().String(), time.Now().Add(time.Hour), time.Now())
			must(t, err)
			return peer.Config{Identity: key, Trust: trust, Attestation: text}
		}
		return config("ada"), config("bob")
	},
	"any key": func(*testing.T) (ada, bob peer.Config) {
		return peer.Config{Identity: identity.NewKey()}, peer.Config{Identity: identity.NewKey()}
	},
}

// remembering is a store after the first meeting.
func remembering(t *testing.T, name string, key *identity.Key) *identity.FileStore {
	store, err := identity.OpenStore(filepath.Join(t.TempDir(), "known"))
	must(t, err)
	must(t, store.Replace("http://beckon.test", name, key.Public()))
	return store
}

// inModes runs a test in each mode, with the two Configs ready to join.
func inModes(t *testing.T, test func(t *testing.T, w *world, mode string, ada, bob peer.Config)) {
	t.Parallel()
	for mode, configs := range modes {
		t.Run(mode, func(t *testing.T) {
			inWorld(t, named, func(t *testing.T, w *world) {
				ada, bob := configs(t)
				ada.Token, bob.Token = "ada", "bob"
				ada.Carriers, bob.Carriers = []peer.Carrier{peer.CarrierWebSocket}, []peer.Carrier{peer.CarrierWebSocket}
				test(t, w, mode, ada, bob)
			})
		})
	}
}

func TestVerifiedPeersConnect(t *testing.T) {
	inModes(t, func(t *testing.T, w *world, _ string, ada, bob peer.Config) {
		_, f := newMiddle(w) // which changes nothing
		a, b := f.pair(ada, bob)
		for range 2 {
			here, there := channel(t, a, b, nil)
			must(t, here.SendText(within(t), "hello"))
			if got, _, err := there.Recv(within(t)); err != nil || string(got) != "hello" {
				t.Errorf("%q, %v", got, err)
			}
			if number := a.SafetyNumber(); !a.Verified() || !b.Verified() || len(number) != 71 || number != b.SafetyNumber() {
				t.Errorf("verified %v and %v; %q, %q", a.Verified(), b.Verified(), number, b.SafetyNumber())
			}
			key, ok := a.Key()
			if !ok || bob.Identity != nil && key != bob.Identity.Public() {
				t.Errorf("%s, %v", key, ok)
			}
			// Another way, and another connection, are verified as well.
			w.cut()
			reaches(t, a, peer.StateReconnecting)
			time.Sleep(25 * time.Second)
			w.heal()
			reaches(t, a, peer.StateConnected)
			reaches(t, b, peer.StateConnected)
		}
	})
}

// refusedBoth wants both sides to have ended each other without a channel, for the reason that each attack has.
func refusedBoth(t *testing.T, rooms [2]*peer.Room) {
	t.Helper()
	synctest.Wait()
	var reasons [2]identity.Reason
	for i, r := range rooms {
		p := r.Peers()[0]
		ended(t, p.Context(), protocol.CodePeerUnverified)
		why, ok := errors.AsType[*identity.Error](context.Cause(p.Context()))
		if !ok {
			t.Fatalf("no reason: %v", context.Cause(p.Context()))
		}
		reasons[i] = why.Reason
		told(t, r, why)
		_, err := p.Open(within(t), "chat", nil)
		wantCode(t, err, protocol.CodePeerUnverified)
		_, err = r.Connect(within(t), p.ID())
		wantCode(t, err, protocol.CodePeerUnverified)
	}
	synctest.Wait()
	time.Sleep(time.Minute) // and nothing comes later
	for _, r := range rooms {
		if p := r.Peers()[0]; p.State() != peer.StateClosed {
			t.Errorf("the peer is %q", p.State())
		}
	}
	if reasons[0] == identity.Refused && reasons[1] == identity.Refused {
		t.Error("both have been refused, and none has done it")
	}
}

// told wants the room to say of its one peer that it is not verified, and why; also to who has been here before.
func told(t *testing.T, r *peer.Room, why error) {
	t.Helper()
	for {
		e, err := r.Recv(within(t))
		must(t, err)
		if e.Kind != peer.EventUnverified {
			continue
		}
		if e.Peer != r.Peers()[0] || peer.Code(e.Err) != protocol.CodePeerUnverified || !errors.Is(e.Err, why) {
			t.Errorf("%+v", e)
		}
		return
	}
}

// neverConnected wants a peer never to have been.
func neverConnected(t *testing.T, rooms [2]*peer.Room) {
	t.Helper()
	for _, r := range rooms {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if p, err := r.Accept(ctx); err == nil {
			t.Errorf("%s was connected", p.ID())
		}
		p := r.Peers()[0]
		if p.Verified() || p.SafetyNumber() != "" {
			t.Error("verified")
		}
		if _, err := p.Accept(ctx); err == nil {
			t.Error("a channel came")
		}
	}
}

// One who asks and one who does not: both learn why they are not connected.
func TestWhoProvesNothingIsRefused(t *testing.T) {
	inModes(t, func(t *testing.T, w *world, _ string, ada, _ peer.Config) {
		asks := w.join(ada)
		other := w.join(peer.Config{Token: "bob"})
		rooms := [2]*peer.Room{asks, other}
		refusedBoth(t, rooms)
		neverConnected(t, rooms)
		for r, says := range map[*peer.Room]string{asks: "shows no key", other: "wants to know who it connects to"} {
			if err := context.Cause(r.Peers()[0].Context()); !strings.Contains(err.Error(), says) {
				t.Errorf("%v, want %q", err, says)
			}
		}
		if key, ok := asks.Peers()[0].Key(); ok {
			t.Errorf("the key of nobody: %s", key)
		}
	})
}

// Where nobody connects by itself, it is Connect that says so.
func TestConnectSaysThatAPeerIsUnverified(t *testing.T) {
	inModes(t, func(t *testing.T, w *world, _ string, ada, _ peer.Config) {
		ada.Topology = protocol.TopologyNone
		asks, other := w.join(ada), w.join(peer.Config{Token: "bob"})
		synctest.Wait()
		_, err := other.Connect(within(t), asks.ID())
		wantCode(t, err, protocol.CodePeerUnverified)
		_, err = asks.Connect(within(t), other.ID())
		wantCode(t, err, protocol.CodePeerUnverified)
	})
}

// Trust is asked once for each peer, of what it is to decide about, and nothing comes of the peer before it has answered.
func TestTrustIsAskedOnce(t *testing.T) {
	inWorld(t, named, func(t *testing.T, w *world) {
		var asked atomic.Int32
		answer := make(chan struct{})
		key := identity.NewKey()
		ask := func(ctx context.Context, c identity.Claim) error {
			asked.Add(1)
			if c.Server != "http://beckon.test" || c.Room != "tea" || c.Identity != "bob" || c.Key != key.Public() || string(c.Attributes) != `{"name":"Bob"}` {
				t.Errorf("%+v", c)
			}
			<-answer
			return ctx.Err()
		}
		ada := w.join(peer.Config{Token: "ada", Trust: identity.TrustFunc(ask)})
		bob := w.join(peer.Config{Token: "bob", Identity: key, Attributes: map[string]string{"name": "Bob"}})
		synctest.Wait()
		p := ada.Peers()[0]
		if asked.Load() != 1 || p.State() != peer.StateConnecting || p.Verified() {
			t.Errorf("asked %d times; the peer is %q", asked.Load(), p.State())
		}
		close(answer)
		reaches(t, p, peer.StateConnected)
		reaches(t, bob.Peers()[0], peer.StateConnected)
		w.cut()
		reaches(t, p, peer.StateReconnecting)
		time.Sleep(25 * time.Second)
		w.heal()
		reaches(t, p, peer.StateConnected)
		if asked.Load() != 1 || !p.Verified() {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

// A Trust that is still thinking when another connection takes the place of the one that it was asked for has said nothing against the peer.
func TestAConnectionIsReplacedWhileTrustIsAsked(t *testing.T) {
	inWorld(t, named, func(t *testing.T, w *world) {
		var asked atomic.Int32
		ask := func(ctx context.Context, _ identity.Claim) error {
			if asked.Add(1) == 1 {
				<-ctx.Done()
			}
			return ctx.Err()
		}
		ada := w.join(peer.Config{Token: "ada", Trust: identity.TrustFunc(ask)})
		bob := w.join(peer.Config{Token: "bob", Identity: identity.NewKey()})
		synctest.Wait()
		must(t, bob.Peers()[0].PeerConnection().Close())
		p := ada.Peers()[0]
		reaches(t, p, peer.StateConnected)
		reaches(t, bob.Peers()[0], peer.StateConnected)
		if asked.Load() != 2 || !p.Verified() {
			t.Errorf("asked %d times; verified: %v", asked.Load(), p.Verified())
		}
	})
}

// A key that changes is the alarm, and its sentence names both.
func TestAChangedKeyIsTheAlarm(t *testing.T) {
	inWorld(t, named, func(t *testing.T, w *world) {
		store, err := identity.OpenStore(filepath.Join(t.TempDir(), "known"))
		must(t, err)
		keys := [2]*identity.Key{identity.NewKey(), identity.NewKey()}
		ada := w.join(peer.Config{Token: "ada", Trust: identity.FirstUse(store)})
		meet := func(key *identity.Key) (*peer.Room, *peer.Peer) {
			bob := w.join(peer.Config{Token: "bob", Identity: key})
			synctest.Wait()
			return bob, ada.Peer(bob.ID())
		}
		for range 2 {
			bob, p := meet(keys[0])
			reaches(t, p, peer.StateConnected)
			must(t, bob.Close())
		}
		bob, p := meet(keys[1])
		ended(t, p.Context(), protocol.CodePeerUnverified)
		text := context.Cause(p.Context()).Error()
		if !strings.Contains(text, keys[0].Public().String()) || !strings.Contains(text, keys[1].Public().String()) || !strings.Contains(text, "bob") {
			t.Error(text)
		}
		must(t, bob.Close())
		if ok, err := store.Forget("ws://BECKON.test/", "bob"); !ok || err != nil {
			t.Error(ok, err)
		}
		_, p = meet(keys[1])
		reaches(t, p, peer.StateConnected)
	})
}

func TestAnAttestationIsForAnIdentity(t *testing.T) {
	t.Parallel()
	for text, config := range map[string]peer.Config{
		"give the Config its Identity": {Attestation: "e30.e30.e30"},
		"not a compact JWS":            {Attestation: "e30", Identity: identity.NewKey()},
	} {
		_, err := peer.Join(t.Context(), "http://beckon.test", "tea", &config)
		wantCode(t, err, protocol.CodeUnsupported)
		if !strings.Contains(err.Error(), text) {
			t.Error(err)
		}
	}
}
