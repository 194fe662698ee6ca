package signaling

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Permission is something that a Grant may allow.
type Permission string

// The permissions. What is not allowed is refused as `forbidden`.
const (
	// PermissionSignal: send signals to other members, and so connect to them.
	PermissionSignal Permission = "signal"
	// PermissionMessage: say something to a room.
	PermissionMessage Permission = "message"
	// PermissionAttributes: have attributes, and change them.
	PermissionAttributes Permission = "attributes"
	// PermissionRelay: get TURN servers with their credentials. Without it there are STUN servers at most.
	PermissionRelay Permission = "relay"
	// PermissionAdmin: come into rooms that are full by Grant.Capacity.
	PermissionAdmin Permission = "admin"
	// PermissionHidden: be in rooms without being seen, and without saying anything; see the specification. It is no right that
	// can be left unused: who has it is hidden.
	PermissionHidden Permission = "hidden"
)

// Ordinary returns what a Grant allows that does not say: to take part, and nothing over others.
func Ordinary() []Permission {
	return []Permission{PermissionSignal, PermissionMessage, PermissionAttributes, PermissionRelay}
}

// Grant is what a token allows.
type Grant struct {
	// Identity is who the client is, for the other members to see; "" means anonymous.
	Identity string
	// TokenID is the name of the token that gave it (`jti` of a JWT), by which Server.Revoke can take it back; "" if it has none.
	TokenID string
	// Rooms are the rooms that it may join: exact names, prefixes ("team-*") or "*".
	Rooms []string
	// Allow is what it may do there. Nil means Ordinary; an empty list means to be there and to watch.
	Allow []Permission
	// MaxPeers is how many peers the Identity may have at once on this server, this one included; 0 leaves it to Limits. It does not
	// bind who has no Identity. Of peers that are away, the one that has been so for longest makes place for a new one.
	MaxPeers int
	// Capacity is how many members that can be seen a room may have, for this client to come in as one of them; 0 leaves it to
	// Limits.Members, which nobody passes.
	Capacity int
	// Key is the public key that its holder must show, as protocol.Hello has it; "" leaves that to the holder. A token that names one (the
	// claim `cnf`) is worth nothing to who steals it: nobody connects to a key that its peer does not have.
	Key string
	// Half gives the client half of what Limits do: of Rate, Burst, Joins and Rooms. It is for strangers.
	Half bool
	// Expires is when the grant ends, and the connection with it. Zero means never.
	Expires time.Time
}

// AllowAnonymous returns an Authorize function that lets everybody in, whatever the token, with no identity, the permissions of
// Ordinary, and into the rooms that a pattern matches: exact names, prefixes ("lobby-*") or "*". Without patterns, clients get
// a session and no room.
//
// It is for demos, development and games whose room names are the secret. Everybody else wants tokens.
func AllowAnonymous(patterns ...string) func(context.Context, AuthRequest) (Grant, error) {
	rooms := slices.Clone(patterns)
	return func(context.Context, AuthRequest) (Grant, error) { return Grant{Rooms: rooms, Allow: Ordinary()}, nil }
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

// may tells whether the grant allows something. Its Allow must be explicit, as that of each grant is that ask returns.
func (g Grant) may(p Permission) bool { return slices.Contains(g.Allow, p) }

// silent tells whether the holder speaks to nobody: its library should not try to connect.
func (g Grant) silent() bool { return g.may(PermissionHidden) || !g.may(PermissionSignal) }

// limits are those of a grant's holder.
func (g Grant) limits(l Limits) Limits {
	if g.Half {
		for _, n := range []*int{&l.Rate, &l.Burst, &l.Joins, &l.Rooms} {
			*n = max(1, *n/2)
		}
	}
	return l
}

// The refusals of what a grant does not allow are made once: signals and messages are what a flood is made of.
var (
	errNoSignal     = protocol.Errorf(protocol.CodeForbidden, "your token does not allow you to send signals (permission `signal`)")
	errNoMessage    = protocol.Errorf(protocol.CodeForbidden, "your token does not allow you to say something to rooms (permission `message`)")
	errNoAttributes = protocol.Errorf(protocol.CodeForbidden, "your token does not allow you to have attributes (permission `attributes`)")
	errHidden       = protocol.Errorf(protocol.CodeForbidden, "you are hidden in this room: nobody there knows you, so you can only listen")
	errGrantOver    = errors.New("signaling: authorize: the grant has expired already")
)

// speaks returns why a member may not do something that the others of its room would see, or nil. sess.mu must be held.
func (sess *session) speaks(m *member, p Permission, why error) error {
	switch {
	case m.hidden:
		return errHidden
	case !sess.grant.may(p):
		return why
	}
	return nil
}
