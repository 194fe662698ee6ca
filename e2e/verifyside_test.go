//go:build unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
)

// goVerifier is a verifier that is a Go program: this one.
type goVerifier struct {
	dir   string // of its keys
	store *identity.FileStore
	log   logBuffer

	mu       sync.Mutex
	meetings map[string]*goMeeting // by id; guarded by mu
}

// goMeeting is a room with one other, who is connected or was refused.
type goMeeting struct {
	room    *peer.Room
	peer    *peer.Peer
	channel *peer.Channel
	err     error
	answers sync.WaitGroup
}

func newGoVerifier(t *testing.T) *goVerifier {
	t.Helper()
	g := &goVerifier{dir: t.TempDir(), meetings: make(map[string]*goMeeting)}
	var err error
	if g.store, err = identity.OpenStore(filepath.Join(g.dir, "known.json")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for id := range g.meetings {
			_, _ = g.leave(t.Context(), id)
		}
		if t.Failed() {
			t.Logf("the Go sides logged:\n%s", &g.log)
		}
	})
	return g
}

func (g *goVerifier) call(ctx context.Context, name string, args verifyArgs) (verifySeen, error) {
	switch name {
	case "key":
		key, err := identity.OpenKeyFile(filepath.Join(g.dir, args.Name))
		if err != nil {
			return verifySeen{}, err
		}
		return verifySeen{Key: key.Public().String()}, nil
	case "meet":
		return g.meet(ctx, args)
	case "leave":
		return g.leave(ctx, args.ID)
	}
	g.mu.Lock()
	m := g.meetings[args.ID]
	g.mu.Unlock()
	switch name {
	case "say":
		if err := m.channel.SendText(ctx, args.Text); err != nil {
			return verifySeen{}, err
		}
		text, _, err := m.channel.Recv(ctx)
		return verifySeen{Text: string(text)}, err
	case "signal":
		return verifySeen{}, m.peer.Signal(ctx, map[string]string{"please": args.Text})
	case "cut":
		return verifySeen{}, m.cut(ctx)
	case "look":
		return m.look(ctx), nil
	case "accept":
		_, err := g.store.Forget(args.Server, args.Name)
		return verifySeen{}, err
	}
	return verifySeen{}, fmt.Errorf("there is no call %q", name)
}

func (g *goVerifier) meet(ctx context.Context, args verifyArgs) (seen verifySeen, err error) {
	cfg := peer.Config{
		Token: args.Token, Carriers: []peer.Carrier{peer.CarrierWebSocket}, ConnectTimeout: 20 * time.Second,
		Logger: zerolog.New(&g.log).Level(zerolog.DebugLevel).With().Timestamp().Str("meeting", args.ID).Logger(),
	}
	if args.Identity != "" {
		if cfg.Identity, err = identity.OpenKeyFile(filepath.Join(g.dir, args.Identity)); err != nil {
			return seen, err
		}
	}
	if args.Secret != "" {
		if cfg.Secret, err = identity.ParseSecret(args.Secret); err != nil {
			return seen, err
		}
	}
	if len(args.Pins) > 0 {
		keys := make([]identity.PublicKey, len(args.Pins))
		for i, pin := range args.Pins {
			if keys[i], err = identity.ParsePublicKey(pin); err != nil {
				return seen, err
			}
		}
		cfg.Trust = identity.Pinned(keys...)
	}
	if args.Remembers {
		cfg.Trust = identity.FirstUse(g.store)
	}
	m := &goMeeting{}
	if m.room, err = peer.Join(ctx, args.Server, args.Room, &cfg); err != nil {
		return seen, err
	}
	g.mu.Lock()
	g.meetings[args.ID] = m
	g.mu.Unlock()
	if m.peer, err = theOther(ctx, m.room); err != nil {
		return seen, err
	}
	if _, m.err = m.room.Connect(ctx, m.peer.ID()); m.err == nil {
		if args.Opens {
			m.channel, m.err = m.peer.Open(ctx, "word", &peer.ChannelOptions{Durable: true})
		} else if m.channel, m.err = m.peer.Accept(ctx); m.err == nil {
			m.answers.Go(m.answer)
		}
	}
	return m.look(ctx), nil
}

// answer says what it hears, until the room is left.
func (m *goMeeting) answer() {
	ctx := m.room.Context()
	for {
		text, _, err := m.channel.Recv(ctx)
		if err != nil {
			return
		}
		if m.channel.SendText(ctx, "heard: "+string(text)) != nil {
			return
		}
	}
}

// cut closes the connection under the SDK's feet, and waits until another one has taken its place.
func (m *goMeeting) cut(ctx context.Context) error {
	old := m.peer.PeerConnection()
	if old == nil {
		return errors.New("there is no connection to cut")
	}
	if err := old.GracefulClose(); err != nil {
		return err
	}
	return eventually(ctx, func() bool {
		pc := m.peer.PeerConnection()
		return m.peer.State() == peer.StateConnected && pc != nil && pc != old
	})
}

func (m *goMeeting) look(ctx context.Context) verifySeen {
	seen := verifySeen{State: string(m.peer.State()), Verified: m.peer.Verified(), Number: m.peer.SafetyNumber()}
	if key, ok := m.peer.Key(); ok {
		seen.Key = key.String()
	}
	if stats, err := m.peer.Stats(ctx, nil); err == nil {
		seen.Connections = stats.Connections
	}
	seen.Code = string(peer.Code(m.err))
	if m.peer.Context().Err() == nil {
		return seen
	}
	cause := context.Cause(m.peer.Context())
	seen.Code, seen.Message = string(peer.Code(cause)), cause.Error()
	var why *identity.Error
	if errors.As(cause, &why) {
		seen.Reason = string(why.Reason)
	}
	seen.Channels = "a channel"
	if _, err := m.peer.Accept(ctx); err != nil {
		seen.Channels = string(peer.Code(err))
	}
	return seen
}

func (g *goVerifier) leave(_ context.Context, id string) (verifySeen, error) {
	g.mu.Lock()
	m := g.meetings[id]
	delete(g.meetings, id)
	g.mu.Unlock()
	err := m.room.Close()
	m.answers.Wait()
	return verifySeen{}, err
}

// eventually waits for what nothing announces.
func eventually(ctx context.Context, done func() bool) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
