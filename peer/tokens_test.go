package peer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// expiring is an Authorize that lets tokens in which are at most a life old: they say when they were made, in seconds.
func expiring(life time.Duration) signaling.Config {
	return signaling.Config{Authorize: func(_ context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
		var made int64
		if _, err := fmt.Sscanf(req.Token, "made %d", &made); err != nil {
			return signaling.Grant{}, err
		}
		return signaling.Grant{Identity: "ada", Rooms: []string{"*"}, Expires: time.Unix(made, 0).Add(life)}, nil
	}}
}

// source makes such tokens, and counts them.
func source(made *atomic.Int32) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		made.Add(1)
		return fmt.Sprintf("made %d", time.Now().Unix()), nil
	}
}

// A session outlives its token when there is a source of fresh ones, on the same connection, and does not without.
func TestTokensAreRenewed(t *testing.T) {
	inWorld(t, expiring(time.Hour), func(t *testing.T, w *world) {
		var made atomic.Int32
		with := none
		with.TokenSource = source(&made)
		a := w.join(with)
		without := none
		without.Token, _ = source(new(atomic.Int32))(nil)
		b := w.join(without)
		next(t, a, peer.EventJoined)
		time.Sleep(50 * time.Minute)
		if n := made.Load(); n != 1 {
			t.Errorf("%d tokens", n)
		}
		time.Sleep(10 * time.Hour)
		ended(t, b.Context(), protocol.CodeUnauthorized)
		if n := made.Load(); n < 11 || n > 13 {
			t.Errorf("%d tokens for eleven hours", n)
		}
		for range 10 {
			if e, err := a.Recv(over()); err != nil {
				break
			} else if e.Kind == peer.EventState {
				t.Errorf("the room became %q", e.State)
			}
		}
		must(t, a.Send(within(t), 1))
	})
}

// A source that fails is asked again; who comes too late for the connection comes in time for the next one.
func TestASourceThatFails(t *testing.T) {
	inWorld(t, expiring(time.Hour), func(t *testing.T, w *world) {
		var made atomic.Int32
		var broken atomic.Bool
		config := none
		good := source(&made)
		config.TokenSource = func(ctx context.Context) (string, error) {
			if broken.Load() {
				return "", errors.New("the backend is down")
			}
			return good(ctx)
		}
		a := w.join(config)
		id := a.ID()
		broken.Store(true)
		time.Sleep(time.Hour - 10*time.Second)
		broken.Store(false)
		time.Sleep(time.Hour - time.Minute)
		broken.Store(true)
		time.Sleep(56 * time.Minute) // the second one was renewed in time
		until(t, a, peer.RoomReconnecting, func(peer.Event) {})
		broken.Store(false)
		until(t, a, peer.RoomJoined, func(peer.Event) {})
		if a.ID() != id {
			t.Errorf("%s is %s now", id, a.ID())
		}
		must(t, a.Close())

		broken.Store(true)
		_, err := peer.Join(within(t), "http://beckon.test", "tea", w.config(config))
		wantCode(t, err, protocol.CodeConnectFailed)
		if !strings.Contains(err.Error(), "the backend is down") {
			t.Error(err)
		}
	})
}

// A refused token that was got for the purpose is refused for good; one that is old is not.
func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	wants := func(token string) signaling.Config { // each has a secret of its own, so who comes needs a token
		return signaling.Config{Authorize: func(_ context.Context, req signaling.AuthRequest) (signaling.Grant, error) {
			if req.Token != token {
				return signaling.Grant{}, errors.New("no")
			}
			return signaling.Grant{Rooms: []string{"*"}}, nil
		}}
	}
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		y := newWay(w, wants("1"))
		var asked atomic.Int32
		config := none
		config.TokenSource = func(context.Context) (string, error) { return fmt.Sprint(min(asked.Add(1), 2)), nil }
		a := y.join(config)
		y.kill()
		becomes(t, a, peer.RoomReconnecting)
		y.start(wants("2"))
		until(t, a, peer.RoomJoined, func(peer.Event) {})
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
		y.kill()
		becomes(t, a, peer.RoomReconnecting)
		y.start(wants("3"))
		ended(t, a.Context(), protocol.CodeUnauthorized)
	})
}
