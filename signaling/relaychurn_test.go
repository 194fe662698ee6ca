package signaling

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// ledger holds a server to what it tells a relay: an end for each peer that was given credentials, one alone until it is given some
// again, and none given while one is being told.
type ledger struct {
	t  *testing.T
	mu sync.Mutex
	of map[string]*entry
}

// entry is what a peer has: credentials that were not taken back, or are being.
type entry struct{ open, ending bool }

func (l *ledger) at(peer string, f func(e *entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[peer] == nil {
		l.of[peer] = new(entry)
	}
	f(l.of[peer])
}

func (l *ledger) servers(_ context.Context, req ICERequest) ([]protocol.ICEServer, time.Duration, error) {
	l.at(req.Peer, func(e *entry) {
		if e.ending {
			l.t.Errorf("%s is given credentials while others are taken back", req.Peer)
		}
		e.open = e.open || req.Relay
	})
	time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	return nil, time.Duration(rand.IntN(3)) * time.Second, nil
}

func (l *ledger) ended(peer string) {
	l.at(peer, func(e *entry) {
		if !e.open || e.ending {
			l.t.Errorf("%s is told of for nothing: %+v", peer, *e)
		}
		e.open, e.ending = false, true
	})
	time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	l.at(peer, func(e *entry) { e.ending = false })
}

// TestRelayChurn lets clients come, go, join, leave and change their tokens while an operator throws them out and their grants end, all at
// once: the relay is told of each end, and no lock waits for another.
func TestRelayChurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{t: t, of: map[string]*entry{}}
		w := serve(t, Config{
			ICEServers: l.servers, RelayEnded: l.ended, Candidates: true,
			Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
				g := Grant{Identity: req.Token, TokenID: req.Token, Rooms: []string{"*"}, Allow: Ordinary(), Expires: time.Now().Add(time.Duration(rand.IntN(2000)) * time.Millisecond)}
				if rand.IntN(3) == 0 {
					g.Allow = []Permission{PermissionSignal}
				}
				return g, nil
			},
			Limits: Limits{Grace: 300 * time.Millisecond, Rate: 1e6, Burst: 1e6, Joins: 1e6, Refused: 1e6, Failures: 1e6},
		}, 0)
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		defer stop()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() { relayChurner(ctx, w, string(rune('a'+i))) })
		}
		all.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
				l.mu.Lock()
				var peer string
				for peer = range l.of {
					break
				}
				l.mu.Unlock()
				switch name := string(rune('a' + rand.IntN(8))); rand.IntN(3) {
				case 0:
					w.s.Kick(peer)
				case 1:
					w.s.Revoke(Revocation{Identity: name, Until: time.Now().Add(50 * time.Millisecond)})
				default:
					w.s.Revoke(Revocation{TokenID: name, Until: time.Now()})
				}
				w.s.Account(peer)
				w.s.Announced(peer, local)
			}
		})
		all.Wait()
		time.Sleep(time.Minute)
		if n := w.s.Stats(); n.Sessions != 0 || n.Revocations != 0 {
			t.Errorf("left: %+v", n)
		}
		for peer, e := range l.of {
			if e.open {
				t.Errorf("%s has the relay still", peer)
			}
		}
		t.Logf("%d peers, %+v", len(l.of), w.s.Stats().Closes)
	})
}

// relayChurner is a client that minds nothing: its frames may be refused, and its connections closed.
func relayChurner(ctx context.Context, w *world, token string) {
	instance, resume := protocol.NewInstance(), ""
	for ctx.Err() == nil {
		k, err := newLink(w.t, "socket", w.l.Dial)
		if err != nil {
			w.t.Error(err)
			return
		}
		say := func(f protocol.Frame) { _ = k.write(string(protocol.Encode(f))) }
		say(protocol.Hello{Versions: []string{protocol.Version}, Instance: instance, Token: token, Resume: resume})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				text, err := k.next()
				if err != nil {
					return
				}
				if welcome, err := protocol.Decode[protocol.Welcome]([]byte(text)); err == nil {
					resume = welcome.Resume
				}
			}
		}()
		for range rand.IntN(20) {
			room := string(rune('A' + rand.IntN(2)))
			switch rand.IntN(6) {
			case 0, 1:
				say(protocol.Join{Room: room})
			case 2:
				say(protocol.Leave{Room: room})
			case 3:
				say(protocol.Token{Token: token})
			case 4:
				say(protocol.Ping{})
			}
			time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		}
		if rand.IntN(4) == 0 {
			say(protocol.Bye{})
		}
		k.drop()
		<-ended
		time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
	}
}
