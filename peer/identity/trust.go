package identity

import (
	"context"
	"encoding/json"
	"slices"
)

// Claim is what there is to know about a peer that has proven its key. Only the key is proven; the rest is the server's word, or the peer's own.
type Claim struct {
	// Server is the server's URL in the form of NormalServer; Room is the room's name there.
	Server, Room string
	// Peer is the peer's id, Identity who the server says it is by its token, "" for anonymous.
	Peer, Identity string
	// Key is the peer's. It has signed this connection.
	Key PublicKey
	// Attestation is what the peer shows for its key, unread; "" for nothing.
	Attestation string
	// Attributes are what the peer says of itself, a JSON object; nil for nothing.
	Attributes json.RawMessage
}

// Trust decides whose keys will do. It is asked once for each peer, when the peer has proven its key and before anything else comes of
// it, and may take its time: the connection waits, for as long as it may take to open. ctx ends when nobody needs the answer; if that is
// because another connection took the place of this one, that one asks again. An error refuses the peer for good, and should say why. It may
// be called by many goroutines at once.
type Trust interface {
	Trust(ctx context.Context, c Claim) error
}

// TrustFunc is a function that is a Trust.
type TrustFunc func(ctx context.Context, c Claim) error

// Trust calls f.
func (f TrustFunc) Trust(ctx context.Context, c Claim) error { return f(ctx, c) }

// Pinned trusts these keys and no others. Without any it trusts nobody.
func Pinned(keys ...PublicKey) Trust {
	keys = slices.Clone(keys)
	return TrustFunc(func(_ context.Context, c Claim) error {
		if slices.Contains(keys, c.Key) {
			return nil
		}
		return errorf(NotPinned, "the peer's key is %s, which is none of the %d that are pinned", c.Key, len(keys))
	})
}

// Store remembers whose key was which. FileStore is one. Its methods may be called by many goroutines at once.
type Store interface {
	// Remember makes the key that of an identity on a server, if there is none yet, and returns the one that it has then.
	Remember(ctx context.Context, server, identity string, key PublicKey) (PublicKey, error)
}

// FirstUse trusts the first key that an identity shows, and from then on no other of that identity on that server: a change is the
// alarm, and its error names both keys. Who accepts the new one takes the old one out of the store.
//
// Peers without an identity are trusted and not remembered: there is nothing to know them by. And the first time is as good as the server is
// then: read the safety number to each other once.
func FirstUse(store Store) Trust {
	return TrustFunc(func(ctx context.Context, c Claim) error {
		if c.Identity == "" {
			return nil
		}
		known, err := store.Remember(ctx, c.Server, c.Identity, c.Key)
		switch {
		case err != nil:
			return err
		case known != c.Key:
			return errorf(Changed, "the key of %q on %s has changed: it was %s and is %s. It has another device or has lost its key, or "+
				"somebody poses as it: ask it by another way before the old key is forgotten", c.Identity, c.Server, known, c.Key)
		}
		return nil
	})
}
