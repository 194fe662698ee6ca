package token

import (
	"context"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Keys are the keys of one issuer. KeySet, KeyFile and KeyURL are.
type Keys interface {
	// Key returns the key with that `kid`, or an Error with the code UnknownKey, or Unavailable if that cannot be known now. ctx
	// bounds the wait. It may be called by many goroutines at once, with whatever strangers take for a `kid`.
	Key(ctx context.Context, id string) (Key, error)
}

// Issuer is somebody who may make tokens.
type Issuer struct {
	// Name is the `iss` of its tokens. "" accepts any, or none, which only a single Issuer may have.
	Name string
	// Keys are its keys, and no other issuer's: a `kid` means nothing without the issuer. A cache that forgot that let one
	// tenant's key sign for all others (CVE-2026-49998, in another server).
	Keys Keys
}

// Config says what a Verifier accepts. NewVerifier copies it.
type Config struct {
	// Audience is what a token's `aud` must name: this server, by a name of its operator's choice. It keeps a token that was made
	// for another service, or another deployment, from opening this one. Mandatory.
	Audience string
	// Issuers are who may make tokens. At least one; each may vouch for any identity, so two of them that both know an "ada"
	// should spell their `sub`s apart.
	Issuers []Issuer
	// Rules are how long tokens may live.
	Rules
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Verifier checks tokens. It may be used by many goroutines at once, and starts none.
type Verifier struct {
	cfg Config
}

// NewVerifier makes a Verifier. Its error is about the Config.
func NewVerifier(cfg Config) (*Verifier, error) {
	cfg.Issuers = slices.Clone(cfg.Issuers)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Audience == "" {
		return nil, errorf(WrongTarget, "the verifier has no audience: without one, a token for any other service would open this one")
	}
	if len(cfg.Issuers) == 0 {
		return nil, errorf(WrongIssuer, "the verifier trusts no issuer, so it could accept no token")
	}
	for i, issuer := range cfg.Issuers {
		if issuer.Keys == nil {
			return nil, errorf(BadKey, "the issuer %s has no keys", quoted(issuer.Name))
		}
		if issuer.Name == "" && len(cfg.Issuers) > 1 {
			return nil, errorf(WrongIssuer, "of several issuers each needs a name, or their keys could not be told apart")
		}
		if slices.ContainsFunc(cfg.Issuers[:i], func(other Issuer) bool { return other.Name == issuer.Name }) {
			return nil, errorf(WrongIssuer, "the issuer %s is there twice", quoted(issuer.Name))
		}
	}
	return &Verifier{cfg}, nil
}

// Verify checks a token and returns what it gives. ctx bounds the wait for keys that must be fetched. The error is an *Error.
//
// The header is believed in one thing, the name of the key. The algorithm is the key's (RFC 8725, section 3.1): a header that names
// another is refused, not followed.
func (v *Verifier) Verify(ctx context.Context, token string) (Access, error) {
	p, err := split(token)
	if err != nil {
		return Access{}, err
	}
	h, err := parseHeader(p.header)
	if err != nil {
		return Access{}, err
	}
	issuer, err := v.issuer(p.payload)
	if err != nil {
		return Access{}, err
	}
	key, err := issuer.Keys.Key(ctx, h.kid)
	if err != nil {
		return Access{}, err
	}
	payload, err := key.open(token, h)
	if err != nil {
		return Access{}, err
	}
	c, err := ParseClaims(payload)
	if err != nil {
		return Access{}, err
	}
	access, err := v.check(c)
	if err != nil {
		return Access{}, err
	}
	access.Key = key.id
	return access, nil
}

// issuer finds out whose keys to use. The claims are not proven at this point: a wrong `iss` leads to keys that have not signed them.
func (v *Verifier) issuer(payload []byte) (Issuer, error) {
	if only := v.cfg.Issuers[0]; only.Name == "" {
		return only, nil
	}
	f, err := parseFields(payload)
	if err != nil {
		return Issuer{}, errorf(BadClaims, "what should be claims %v", err)
	}
	name, err := f.text("iss", maxText)
	if err != nil {
		return Issuer{}, errorf(BadClaims, "the claim %v", err)
	}
	i := slices.IndexFunc(v.cfg.Issuers, func(issuer Issuer) bool { return issuer.Name == name })
	switch {
	case name == "":
		return Issuer{}, errorf(WrongIssuer, "there is no claim `iss`, and this server wants to know who made the token")
	case i < 0:
		return Issuer{}, errorf(WrongIssuer, "the claim `iss` is %s, which this server does not trust", quoted(name))
	}
	return v.cfg.Issuers[i], nil
}

// open checks the signature and returns what it is about.
func (k Key) open(token string, h header) ([]byte, error) {
	if h.alg != string(k.alg) {
		return nil, errorf(Algorithm, "the token says that it is signed with %s, but the key %s is for %s", quoted(h.alg), quoted(k.id), k.alg)
	}
	// go-jose checks the algorithm against this list and the type of the key once more. Its errors may quote the token.
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(k.alg)})
	if err != nil {
		return nil, errorf(Malformed, "the token cannot be read as a signed JWT")
	}
	payload, err := jws.Verify(k.verify)
	if err != nil {
		return nil, errorf(Signature, "the key %s has not signed this token", quoted(k.id))
	}
	return payload, nil
}

// check looks at claims that are proven to be an issuer's.
func (v *Verifier) check(c Claims) (Access, error) {
	switch {
	case len(c.Audience) == 0:
		return Access{}, errorf(BadClaims, "there is no claim `aud`, which says which server it is for")
	case !c.isFor(v.cfg.Audience):
		return Access{}, errorf(WrongTarget, "it is for %s (`aud`), and this server is %s", quoted(c.Audience[0]), quoted(v.cfg.Audience))
	}
	return v.cfg.Access(c, v.cfg.Now())
}
