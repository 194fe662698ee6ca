package token

import (
	"encoding/json"
	"slices"
	"time"
)

const (
	// MaxIdentity is the longest `sub` in bytes.
	MaxIdentity  = 256
	maxText      = 1024 // of `iss` and `jti`, and of each `aud`
	maxAudiences = 16
)

// Claims are what a token says. The times are whole seconds; zero means that the claim is absent.
type Claims struct {
	// Identity is who it is for: `sub`.
	Identity string
	// Audience are the servers that it is for: `aud`. At least one.
	Audience []string
	// Issuer is who made it: `iss`. "" if it does not say.
	Issuer string
	// ID is its own name: `jti`. "" if it has none.
	ID string
	// Expires is `exp`. Mandatory.
	Expires time.Time
	// NotBefore and IssuedAt are `nbf` and `iat`.
	NotBefore, IssuedAt time.Time
	// Grant is what it allows.
	Grant Grant
	// Key is the Ed25519 public key that its holder must show, 32 bytes in base64url: `x` of the `jwk` of `cnf` (RFC 7800, section 3.2).
	// "" if any will do.
	Key string
}

// ParseClaims decodes claims: the payload of a token, or what a webhook answers. It says nothing about who wrote them, or whether
// they count now: for that there are Verifier and Rules. `sub`, `exp` and the grant are mandatory; `aud` is, too, but it is the
// Verifier who knows the right one. Claims of others are ignored; in the grant, nothing is.
func ParseClaims(data []byte) (Claims, error) {
	f, err := parseFields(data)
	if err != nil {
		return Claims{}, errorf(BadClaims, "what should be claims %v", err)
	}
	var c Claims
	if err := c.read(f); err != nil {
		return Claims{}, errorf(BadClaims, "the claim %v", err)
	}
	switch {
	case c.Identity == "":
		return Claims{}, errorf(BadClaims, "there is no claim `sub`, which says whom it is for")
	case c.Expires.IsZero():
		return Claims{}, errorf(BadClaims, "there is no claim `exp`: nothing is good for ever")
	}
	raw, ok := f[ClaimName]
	if !ok {
		return Claims{}, errorf(BadGrant, "there is no claim `%s`, which says what is allowed", ClaimName)
	}
	if c.Grant, err = decodeGrant(raw); err != nil {
		return Claims{}, errorf(BadGrant, "the claim `%s`: %v", ClaimName, err)
	}
	return c, nil
}

// read fills in all but the grant.
func (c *Claims) read(f fields) (err error) {
	for _, t := range []struct {
		name string
		most int
		to   *string
	}{{"sub", MaxIdentity, &c.Identity}, {"iss", maxText, &c.Issuer}, {"jti", maxText, &c.ID}} {
		if *t.to, err = f.text(t.name, t.most); err != nil {
			return err
		}
	}
	for _, d := range []struct {
		name string
		to   *time.Time
	}{{"exp", &c.Expires}, {"nbf", &c.NotBefore}, {"iat", &c.IssuedAt}} {
		if *d.to, err = f.date(d.name); err != nil {
			return err
		}
	}
	if c.Audience, err = f.texts("aud", true, maxAudiences, maxText); err != nil {
		return err
	}
	c.Key, err = f.confirmation()
	return err
}

// claimsJSON is Claims as they are written.
type claimsJSON struct {
	Issuer    string    `json:"iss,omitempty"`
	Subject   string    `json:"sub,omitempty"`
	Audience  any       `json:"aud,omitempty"`
	IssuedAt  *int64    `json:"iat,omitempty"`
	NotBefore *int64    `json:"nbf,omitempty"`
	Expires   *int64    `json:"exp,omitempty"`
	ID        string    `json:"jti,omitempty"`
	Confirm   *confirm  `json:"cnf,omitempty"`
	Grant     grantJSON `json:"beckon"`
}

// MarshalJSON writes the claims as a token has them; one audience as a string, which is what most libraries expect.
func (c Claims) MarshalJSON() ([]byte, error) {
	j := claimsJSON{
		Issuer: c.Issuer, Subject: c.Identity, ID: c.ID, Grant: c.Grant.json(),
		IssuedAt: seconds(c.IssuedAt), NotBefore: seconds(c.NotBefore), Expires: seconds(c.Expires),
		Confirm: confirmOf(c.Key),
	}
	switch len(c.Audience) {
	case 0:
	case 1:
		j.Audience = c.Audience[0]
	default:
		j.Audience = c.Audience
	}
	return json.Marshal(j)
}

// seconds is nil for an absent time: 0 is a date.
func seconds(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	s := t.Unix()
	return &s
}

// isFor tells whether the claims are for this audience.
func (c Claims) isFor(audience string) bool { return slices.Contains(c.Audience, audience) }
