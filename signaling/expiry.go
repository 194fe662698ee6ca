package signaling

import (
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// watch sees to it that a connection ends with its session's grant, and that the client hears of it in time to hand in a fresh
// token: Limits.Warning before, or when a quarter of what the grant has to live is left, if that is less. c.mu must be held.
//
// Both timers ask what the grant is by then, because a token may be replacing it while they fire.
func (c *conn) watch(g Grant) {
	c.warner.stop()
	c.expirer.stop()
	if g.Expires.IsZero() {
		return
	}
	left := time.Until(g.Expires)
	s, sess := c.server, c.session
	c.warner = s.after(left-min(left/4, s.limits.Warning), func() {
		if now := sess.grantNow(); now.Expires.Equal(g.Expires) {
			c.push(protocol.Encode(protocol.Expiring{Within: max(0, time.Until(g.Expires).Milliseconds())}))
		}
	})
	c.expirer = s.after(left, func() {
		if sess.grantNow().expired(time.Now()) {
			c.close(protocol.CloseTokenExpired)
			sess.lapsed()
		}
	})
}

func (sess *session) grantNow() Grant {
	sess.mu.Lock()
	defer sess.mu.Unlock()
	return sess.grant
}
