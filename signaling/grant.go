package signaling

import (
	"context"
	"slices"
	"strings"
	"time"
)

// AllowAnonymous returns an Authorize function that lets everybody in, whatever the token, with no identity, and into the
// rooms that a pattern matches: exact names, prefixes ("lobby-*") or "*". Without patterns, clients get a session and no room.
//
// It is for demos, development and games whose room names are the secret. Everybody else wants tokens.
func AllowAnonymous(patterns ...string) func(context.Context, AuthRequest) (Grant, error) {
	rooms := slices.Clone(patterns)
	return func(context.Context, AuthRequest) (Grant, error) { return Grant{Rooms: rooms}, nil }
}

// allows tells whether the grant lets its holder join a room now.
func (g Grant) allows(room string, now time.Time) bool {
	return !g.expired(now) && slices.ContainsFunc(g.Rooms, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(room, prefix)
		}
		return room == pattern
	})
}

func (g Grant) expired(now time.Time) bool { return !g.Expires.IsZero() && !now.Before(g.Expires) }
