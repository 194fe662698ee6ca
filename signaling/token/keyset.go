package token

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

const (
	// MaxKeySet is the longest key set in bytes.
	MaxKeySet = 256 << 10
	// maxKeys is how many keys one may have. An identity provider has two to five.
	maxKeys = 64
)

// KeySet is a JSON Web Key Set (RFC 7517): keys by their `kid`. It does not change, so it may be used by many goroutines at
// once; see KeyFile and KeyURL for sets that are replaced. Its zero value is empty.
type KeySet struct {
	keys []Key // in the order of the file
}

var _ Keys = (*KeySet)(nil)

// NewKeySet makes a set of keys. Each `kid` may be there once.
func NewKeySet(keys ...Key) (*KeySet, error) {
	s := &KeySet{}
	for _, k := range keys {
		if _, twice := s.Lookup(k.id); twice {
			return nil, errorf(BadKey, "the key set has two keys %s: a token could not say which it means", quoted(k.id))
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// ParseKeySet reads a key set that the operator has written: every key in it must be usable, private ones and symmetric ones
// (`"kty":"oct"`) included. A mistake in a key file should not wait until somebody shows a token of that key.
func ParseKeySet(data []byte) (*KeySet, error) {
	raws, err := splitKeySet(data)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, 0, len(raws))
	for i, raw := range raws {
		k, err := parseKey(raw)
		if err != nil {
			return nil, errorf(BadKey, "key %d of %d: %s", i+1, len(raws), err.Text)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errorf(BadKey, "the key set is empty: `beckon keys new` makes a key")
	}
	return NewKeySet(keys...)
}

// parsePublished reads a key set that somebody publishes for many purposes: keys of other kinds are left out, as RFC 7517,
// section 5, wants it. What must be secret makes all of it worthless, because who can read the URL could make tokens.
func parsePublished(data []byte) (*KeySet, error) {
	raws, err := splitKeySet(data)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, raw := range raws {
		k, err := parseKey(raw)
		switch {
		case err == nil && k.Symmetric():
			return nil, errorf(BadKey, "the key %s is symmetric, and whoever reads a public key set could make tokens with it", quoted(k.id))
		case err == nil && k.CanSign():
			return nil, errorf(BadKey, "the key %s is private, and whoever reads a public key set could make tokens with it", quoted(k.id))
		case err == nil:
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errorf(BadKey, "the key set has no EdDSA or ES256 key with a `kid`")
	}
	return NewKeySet(keys...)
}

// splitKeySet returns the keys of a set, still encoded.
func splitKeySet(data []byte) ([]json.RawMessage, *Error) {
	if len(data) > MaxKeySet {
		return nil, errorf(BadKey, "the key set is longer than %d bytes", MaxKeySet)
	}
	f, err := parseFields(data)
	if err != nil {
		return nil, errorf(BadKey, "the key set %v", err)
	}
	var raws []json.RawMessage
	if list, ok := f["keys"]; !ok || list[0] != '[' || json.Unmarshal(list, &raws) != nil {
		return nil, errorf(BadKey, "the key set has no array `keys`: it should look like {\"keys\":[…]}")
	}
	if len(raws) > maxKeys {
		return nil, errorf(BadKey, "the key set has more than %d keys", maxKeys)
	}
	return raws, nil
}

// parseKey reads one key. Errors of go-jose are not passed on: they may quote what they could not read, and that is a secret.
func parseKey(raw json.RawMessage) (Key, *Error) {
	f, err := parseFields(raw)
	if err != nil {
		return Key{}, errorf(BadKey, "it %v", err)
	}
	id, err := f.text("kid", MaxKeyID)
	if err != nil {
		return Key{}, errorf(BadKey, "its %v", err)
	}
	var jwk jose.JSONWebKey
	if jwk.UnmarshalJSON(raw) != nil {
		return Key{}, errorf(BadKey, "the key %s is not one that can be read: see RFC 7517, or let `beckon keys new` make one", quoted(id))
	}
	k, err := keyOf(jwk)
	if refused, ok := err.(*Error); ok {
		return Key{}, refused
	}
	if k.mismatched() {
		return Key{}, errorf(BadKey, "the public and the private half of the key %s do not belong together", quoted(id))
	}
	return k, nil
}

// Key returns the key with that `kid`. It never waits, and its only error is UnknownKey.
func (s *KeySet) Key(_ context.Context, id string) (Key, error) {
	if k, ok := s.Lookup(id); ok {
		return k, nil
	}
	return Key{}, errorf(UnknownKey, "no key here is called %s", quoted(id))
}

// Lookup returns the key with that `kid`, if there is one.
func (s *KeySet) Lookup(id string) (Key, bool) {
	i := slices.IndexFunc(s.keys, func(k Key) bool { return k.id == id })
	if i < 0 {
		return Key{}, false
	}
	return s.keys[i], true
}

// All returns the keys in the order of the set.
func (s *KeySet) All() []Key { return slices.Clone(s.keys) }

// Private returns the set with all that is secret in it, as JSON with a line feed at its end.
func (s *KeySet) Private() []byte { return s.encode(s.keys, true) }

// Public returns what may be published: the public parts, without symmetric keys, which have none. As JSON with a line feed at its end.
func (s *KeySet) Public() []byte {
	return s.encode(slices.DeleteFunc(s.All(), Key.Symmetric), false)
}

func (s *KeySet) encode(keys []Key, private bool) []byte {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.jwk(private))
	}
	data, err := json.MarshalIndent(set, "", "  ")
	if err != nil {
		panic("token: a key that was read cannot be written: " + err.Error()) // the types in it are three, all of which marshal
	}
	return append(data, '\n')
}
