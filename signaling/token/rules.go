package token

import (
	"time"
)

// Rules are how long a token may live. The zero value has the defaults.
type Rules struct {
	// MaxLife is how long a token may live at most, from its `iat`, and from now. 0 means 24 h. That a token is
	// no longer good is in a server's memory at most, so this bounds for how long a mistake lives.
	MaxLife time.Duration
	// Leeway is by how much the clocks of those who make tokens may be wrong: a token is good for so much longer than it says,
	// and so much earlier. 0 means 30 s, a negative one none.
	Leeway time.Duration
}

// Defaults of Rules and of Sign.
const (
	DefaultMaxLife = 24 * time.Hour
	DefaultLeeway  = 30 * time.Second
	DefaultLife    = time.Hour
)

func (r Rules) maxLife() time.Duration {
	if r.MaxLife == 0 {
		return DefaultMaxLife
	}
	return r.MaxLife
}

func (r Rules) leeway() time.Duration {
	switch {
	case r.Leeway == 0:
		return DefaultLeeway
	case r.Leeway < 0:
		return 0
	}
	return r.Leeway
}

// Access is what claims give whom, once they have been checked: the answer of a Verifier, and of a webhook.
type Access struct {
	// Identity is who it is.
	Identity string
	// Grant is what it may do. Its Allow is never nil.
	Grant Grant
	// Ends is when it ends: `exp` and the leeway.
	Ends time.Time
	// Bound is the public key that its holder must show; "" if any will do. See Claims.Key.
	Bound string
	// Issuer, Key and ID say where it came from, for a log: `iss`, `kid` and `jti`. Each may be "".
	Issuer, Key, ID string
}

// Access checks the times of claims against now. It does not look at the audience or the issuer.
func (r Rules) Access(c Claims, now time.Time) (Access, error) {
	leeway, most := r.leeway(), r.maxLife()
	ends := c.Expires.Add(leeway)
	switch {
	case !now.Before(ends):
		return Access{}, errorf(Expired, "it expired %s ago, at %s", span(now.Sub(c.Expires)), date(c.Expires))
	case c.NotBefore.After(now.Add(leeway)):
		return Access{}, errorf(NotYet, "it is good from %s on (`nbf`), in %s", date(c.NotBefore), span(c.NotBefore.Sub(now)))
	case c.IssuedAt.After(now.Add(leeway)):
		return Access{}, errorf(NotYet, "it was made at %s (`iat`), which is %s ahead: one of the two clocks is wrong",
			date(c.IssuedAt), span(c.IssuedAt.Sub(now)))
	case !c.IssuedAt.IsZero() && c.Expires.Sub(c.IssuedAt) > most:
		return Access{}, errorf(TooLong, "it lives for %s, from `iat` to `exp`, and at most %s is allowed",
			span(c.Expires.Sub(c.IssuedAt)), span(most))
	case c.Expires.Sub(now) > most+leeway:
		return Access{}, errorf(TooLong, "it lives for another %s, and at most %s is allowed", span(c.Expires.Sub(now)), span(most))
	}
	return Access{Identity: c.Identity, Grant: c.Grant, Ends: ends, Bound: c.Key, Issuer: c.Issuer, ID: c.ID}, nil
}

// span is a time in words short enough for a sentence. time.Duration ends at 292 years, which dates from the wire pass.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 10*day {
		return (d / day * day).String()
	}
	return d.Round(time.Second).String()
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }
