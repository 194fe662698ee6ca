package peer

import (
	"context"
	"encoding/json"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Join enters a room of a server and returns when it is known who is there. The server is the URL of its root, such as
// "https://example.org"; the room is a name (see ParseLink for room links). A nil config is all defaults.
//
// ctx bounds the join and nothing after it; its values, not its end, are those of the room's own context. Join tries each of
// Config.Carriers until one gets through: the next one when one does not open within 4 s, is refused by somebody who is no Beckon server,
// or opens and dies twice within 10 s. If none does, the error says what was tried, and why each failed.
//
// Errors have a code: CodeBadURL and CodeBadRoom before anything is sent, CodeUnauthorized, CodeForbidden, CodeRoomFull,
// CodeRateLimited… from the server, CodeConnectFailed when there is no Beckon server, CodeAborted when ctx ended.
func Join(ctx context.Context, server, room string, config *Config) (*Room, error) {
	r, err := join(ctx, server, room, config)
	if err != nil {
		return nil, wrap(err, "join %.80q", room)
	}
	return r, nil
}

func join(ctx context.Context, server, room string, config *Config) (*Room, error) {
	cfg, err := config.prepared()
	if err != nil {
		return nil, err
	}
	attributes, err := marshalObject(cfg.Attributes)
	if err != nil {
		return nil, err
	}
	if err := checkRoom(room); err != nil {
		return nil, err
	}
	r := newRoom(ctx, server, room, cfg, attributes)
	c, err := r.board(ctx, 0)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
		c.end(err)
	}
	if err != nil {
		r.leave()
		r.finish(protocol.Errorf(protocol.CodeClosed, "the room was not joined"))
		r.goroutines.Wait()
		if ctx.Err() != nil {
			return nil, aborted(ctx)
		}
		return nil, carrierError(err, protocol.CodeConnectFailed)
	}
	r.log.Info().Str("peer", r.ID()).Str("carrier", string(c.kind)).Int("peers", len(r.Peers())).Msg("joined")
	r.goroutines.Go(func() { r.keep(c) })
	return r, nil
}

func newRoom(ctx context.Context, server, name string, cfg Config, attributes json.RawMessage) *Room {
	r := &Room{
		server: server, name: name, cfg: cfg,
		factory:     newFactory(&cfg),
		log:         cfg.Logger.With().Str("room", name).Logger(),
		connected:   newQueue[*Peer](maxUnread),
		events:      newQueue[Event](maxUnread),
		requests:    newInbox(),
		closed:      make(chan struct{}),
		state:       roster{topology: cfg.Topology},
		peers:       make(map[string]*Peer),
		connections: make(map[*connection]struct{}),
		ladder:      ladder{rungs: cfg.Carriers},
		tokens:      tokens{source: cfg.TokenSource, token: cfg.Token, good: cfg.TokenSource == nil},
	}
	r.verifying = newVerifying(r)
	r.updates = updates{room: r, newest: attributes}
	r.ctx, r.end = context.WithCancelCause(context.WithoutCancel(ctx))
	r.leaving, r.leave = context.WithCancel(r.ctx)
	return r
}
