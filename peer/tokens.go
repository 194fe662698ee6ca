package peer

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

const (
	// sourceTimeout bounds one call of a TokenSource for a room that is joined.
	sourceTimeout = 10 * time.Second
	// renewAgain is how long after a TokenSource has failed it is called again, while the old token is still good.
	renewAgain = 5 * time.Second
)

// tokens are what a room knows of its token. Its fields are guarded by room.mu but for source, which is set once.
//
// A token is used until there is a reason for another one: the server has warned that it ends, has closed the connection because it
// did, or has refused it. A resume token makes the server ask for none, so most connections need no call of the source.
type tokens struct {
	source   func(ctx context.Context) (string, error) // nil: there is one token for ever
	token    string
	good     bool      // no reason is known why it should be refused
	ends     time.Time // when the server has said it does; zero when it has not
	renewing bool
}

// credential returns the token for the next hello, and whether it was got for that. within bounds the source; 0 leaves that to ctx.
func (r *Room) credential(ctx context.Context, within time.Duration) (token string, fresh bool, err error) {
	r.mu.Lock()
	k := r.tokens
	r.mu.Unlock()
	if k.source == nil || k.good && (k.ends.IsZero() || time.Now().Before(k.ends)) {
		return k.token, false, nil
	}
	bounded := ctx
	if within > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	token, err = r.tokens.source(bounded)
	if err != nil {
		if ctx.Err() != nil {
			return "", false, context.Cause(ctx)
		}
		// The source may be a server as well, which may be back later.
		return "", false, passing{fmt.Errorf("%w: %w", protocol.Errorf(protocol.CodeUnauthorized, "the TokenSource has no token"), err), 0}
	}
	r.hold(token)
	return token, true, nil
}

// hold keeps a new token.
func (r *Room) hold(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens.token, r.tokens.good, r.tokens.ends = token, true, time.Time{}
}

// outdated tells whether a connection ended, or was refused, for a token in whose place the source may have a better one.
func (r *Room) outdated(err error) bool {
	closed, _ := err.(*websocket.CloseError)
	expired := closed != nil && protocol.CloseCode(closed.Code) == protocol.CloseTokenExpired
	unauthorized := Code(err) == protocol.CodeUnauthorized || closed != nil && protocol.CloseCode(closed.Code) == protocol.CloseUnauthorized
	if r.tokens.source == nil || !expired && (!unauthorized || r.fresh) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens.good = false
	return true
}

// expiring takes the server's warning. The caller holds mu.
func (r *Room) expiring(c *carrier, within time.Duration) {
	k := &r.tokens
	k.ends = time.Now().Add(within)
	if k.source == nil || k.renewing {
		r.log.Info().Stringer("within", within).Msg("the token expires")
		return
	}
	k.renewing = true
	r.goroutines.Go(func() { r.renew(c) })
}

// renew is the goroutine that hands in a fresh token while the connection lasts. If it cannot, the next hello has one.
func (r *Room) renew(c *carrier) {
	for again := true; again; {
		ctx, cancel := context.WithTimeout(r.leaving, sourceTimeout)
		token, err := r.tokens.source(ctx)
		cancel()
		if err == nil {
			r.hold(token)
			c.post(protocol.Token{Token: token})
			break
		}
		r.log.Info().Err(err).Msg("no fresh token")
		again = sleep(r.leaving, renewAgain)
		select {
		case <-c.done:
			again = false
		default:
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens.renewing = false
}
