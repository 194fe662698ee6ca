package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Control is what a player can ask of whoever runs the case.
type Control interface {
	// Meet returns when both roles have come to the point.
	Meet(ctx context.Context, point string) error
	// Act has something done to the server, "kill" or "start", or to the relay: "break".
	Act(ctx context.Context, act string) error
}

// Run is a role in a case.
type Run struct {
	Case *Case
	Role Role
	// Server and Room are where both players meet, if they do not know each other already.
	Server, Room string
	// Pair names the two players. They keep the connection from one case to the next, but from and to those that are Alone.
	Pair    string
	Control Control
}

// Player plays roles with the SDK of package peer. Its methods may be called from any goroutine, but for two roles of the same pair that
// are not Alone.
type Player struct {
	logger zerolog.Logger

	mu    sync.Mutex
	known map[part]*acquaintance // guarded by mu
}

// part is one of a pair: both may be the same Player.
type part struct {
	pair string
	role Role
}

// acquaintance is a connection to another player.
type acquaintance struct {
	room *peer.Room
	peer *peer.Peer
}

// NewPlayer makes one. It is to be closed.
func NewPlayer(logger zerolog.Logger) *Player {
	return &Player{logger: logger, known: make(map[part]*acquaintance)}
}

// Play plays a role to its end. It returns the first thing that was not as it must be. Whoever plays the other role is to be stopped then.
func (p *Player) Play(ctx context.Context, run Run) error {
	known, err := p.meet(ctx, run)
	if err != nil {
		return fmt.Errorf("meeting: %w", err)
	}
	s := newScript(run, known, p.logger)
	err = s.play(ctx)
	if err != nil || run.Case.Alone {
		known.room.Close()
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[part{run.Pair, run.Role}] = known
	return nil
}

// meet returns the connection that the pair has, or makes one.
func (p *Player) meet(ctx context.Context, run Run) (*acquaintance, error) {
	if !run.Case.Alone {
		p.mu.Lock()
		key := part{run.Pair, run.Role}
		known := p.known[key]
		delete(p.known, key)
		p.mu.Unlock()
		if known != nil {
			return known, nil
		}
	}
	join := run.Case.Join[run.Role]
	room, err := peer.Join(ctx, run.Server, run.Room, join.config(p.logger))
	if err != nil {
		return nil, err
	}
	// Where nobody connects to anybody by itself, one of the two asks for it.
	if join.Topology == protocol.TopologyNone && run.Role == A {
		if err := connectFirst(ctx, room); err != nil {
			room.Close()
			return nil, err
		}
	}
	other, err := room.Accept(ctx)
	if err != nil {
		room.Close()
		return nil, err
	}
	return &acquaintance{room, other}, nil
}

// Forget leaves the connection of a pair, after a case has failed.
func (p *Player) Forget(pair string) {
	for _, role := range []Role{A, B} {
		p.mu.Lock()
		known := p.known[part{pair, role}]
		delete(p.known, part{pair, role})
		p.mu.Unlock()
		if known != nil {
			known.room.Close()
		}
	}
}

// Close leaves all rooms.
func (p *Player) Close() {
	p.mu.Lock()
	known := p.known
	p.known = make(map[part]*acquaintance)
	p.mu.Unlock()
	for _, k := range known {
		k.room.Close()
	}
}
