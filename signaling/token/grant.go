package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// ClaimName is the claim that holds the grant.
const ClaimName = "beckon"

// Permission is something that a token may allow.
type Permission string

// The permissions. The first four are what a token allows that does not say: see Ordinary.
const (
	Signal     Permission = "signal"     // send signals to other members, and so connect to them
	Message    Permission = "message"    // say something to a room
	Attributes Permission = "attributes" // have attributes, and change them
	Relay      Permission = "relay"      // get credentials for the relay
	Admin      Permission = "admin"      // come into rooms that are full by Capacity
	Hidden     Permission = "hidden"     // be in a room without being seen, and without saying anything
)

// Ordinary returns what a grant without `allow` allows: to take part, and nothing over others.
func Ordinary() []Permission { return []Permission{Signal, Message, Attributes, Relay} }

// Permissions returns all that there are.
func Permissions() []Permission { return append(Ordinary(), Admin, Hidden) }

const (
	// MaxRooms is how many patterns a grant may have.
	MaxRooms = 64
	// maxCount bounds maxPeers and capacity; what the server itself allows is less.
	maxCount = 1_000_000
)

// Grant is what a token allows: the object under ClaimName.
type Grant struct {
	// Rooms are the rooms that its holder may join: exact names, prefixes ("team-*") or "*". At least one.
	Rooms []string
	// Allow is what it may do there. Nil means Ordinary; an empty list means to be there and to watch. What has been decoded is
	// never nil.
	Allow []Permission
	// MaxPeers is how many peers the identity may have at once on the server, this one included; 0 leaves it to the server.
	MaxPeers int
	// Capacity is how many members a room that it joins may have, itself included; 0 leaves it to the server.
	Capacity int
}

// Covers tells whether the grant's patterns match a room.
func (g Grant) Covers(room string) bool {
	return slices.ContainsFunc(g.Rooms, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(room, prefix)
		}
		return room == pattern
	})
}

// May tells whether the grant allows something.
func (g Grant) May(p Permission) bool {
	if g.Allow == nil {
		return slices.Contains(Ordinary(), p)
	}
	return slices.Contains(g.Allow, p)
}

// checkPattern refuses what cannot name rooms: a room's name, or the beginning of one and a `*`, or a `*` alone.
func checkPattern(s string) error {
	text, prefix := strings.CutSuffix(s, "*")
	switch {
	case prefix && text == "" || protocol.ValidRoom(text):
		return nil
	case strings.Contains(text, "*"):
		begin, _, _ := strings.Cut(text, "*")
		return fmt.Errorf("the room %s has a `*` that is not its last character; did it mean %s?", quoted(s), quoted(begin+"*"))
	}
	return fmt.Errorf("%s names no room: that is 1 to %d letters, digits and . _ ~ -, the first a letter or digit, "+
		"or such a beginning and a `*`, like `team-*`", quoted(s), protocol.MaxName)
}

// grantJSON is a Grant as it is written.
type grantJSON struct {
	Rooms    []string      `json:"rooms"`
	Allow    *[]Permission `json:"allow,omitempty"`
	MaxPeers int           `json:"maxPeers,omitempty"`
	Capacity int           `json:"capacity,omitempty"`
}

func (g Grant) json() grantJSON {
	j := grantJSON{Rooms: g.Rooms, MaxPeers: g.MaxPeers, Capacity: g.Capacity}
	if g.Allow != nil {
		j.Allow = &g.Allow
	}
	return j
}

// decodeGrant reads a grant. A field that it does not know is refused: it could be a restriction, of a newer version or in the
// wrong spelling, and who wrote it relies on it.
func decodeGrant(raw json.RawMessage) (Grant, error) {
	if raw[0] != '{' {
		return Grant{}, errors.New("it is " + kind(raw) + ", not an object")
	}
	f, err := parseFields(raw)
	if err != nil {
		return Grant{}, errors.New("it " + err.Error())
	}
	if name, more := f.unknown("rooms", "allow", "maxPeers", "capacity"); more {
		return Grant{}, errors.New("it has a field " + quoted(name) + ", which this version does not know")
	}
	var g Grant
	if g.Rooms, err = f.texts("rooms", false, MaxRooms, protocol.MaxName+1); err != nil {
		return Grant{}, err
	}
	if len(g.Rooms) == 0 {
		return Grant{}, errors.New("`rooms` is missing or empty, so it opens no room; `[\"*\"]` opens all")
	}
	for _, pattern := range g.Rooms {
		if err := checkPattern(pattern); err != nil {
			return Grant{}, err
		}
	}
	if g.Allow, err = decodeAllow(f); err != nil {
		return Grant{}, err
	}
	if g.MaxPeers, err = f.count("maxPeers", maxCount); err != nil {
		return Grant{}, err
	}
	g.Capacity, err = f.count("capacity", maxCount)
	return g, err
}

func decodeAllow(f fields) ([]Permission, error) {
	names, err := f.texts("allow", false, len(Permissions()), MaxKeyID)
	if err != nil {
		return nil, err
	}
	if names == nil {
		return Ordinary(), nil
	}
	allow := make([]Permission, 0, len(names))
	for _, name := range names {
		p := Permission(name)
		if !slices.Contains(Permissions(), p) {
			return nil, fmt.Errorf("%s is no permission: there are signal, message, attributes, relay, admin and hidden", quoted(name))
		}
		if slices.Contains(allow, p) {
			return nil, fmt.Errorf("`allow` says %s twice", quoted(name))
		}
		allow = append(allow, p)
	}
	return allow, nil
}
