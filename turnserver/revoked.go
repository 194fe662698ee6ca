package turnserver

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
)

// foreignLifetime is the longest that credentials are taken to live when none were made here: then an app makes them, which
// shares the secret, and a day is what most take.
const foreignLifetime = 24 * time.Hour

// revocations know the users whose credentials open nothing any more. A credential says when it ends and not when it was made.
// But those that exist end within the longest lifetime that was ever asked for: so a revocation refuses all that end by then,
// and makes the ends of new ones later than that.
//
// The zero value is ready. All methods may be called at any time.
type revocations struct {
	static map[string]string // Config.Users: they have no end

	mu      sync.Mutex
	longest time.Duration    // of the credentials made here; guarded by mu
	until   map[string]int64 // by user: the last end, in Unix seconds, that is refused; guarded by mu
	swept   int              // how many there were after the last sweep; guarded by mu
}

// revoke refuses the credentials that a user has by now.
func (r *revocations) revoke(user string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	longest := r.longest
	if longest == 0 {
		longest = foreignLifetime
	}
	// What was made since the last revocation of the user ends a second after what that refuses, if not later: see lifetime. So two
	// in one second refuse what was made between them.
	until := now.Add(longest).Unix()
	if before, again := r.until[user]; again && before < math.MaxInt64 {
		until = max(until, before+1)
	}
	if _, static := r.static[user]; static {
		until = math.MaxInt64
	}
	if r.until == nil {
		r.until = map[string]int64{}
	}
	r.until[user] = max(until, r.until[user]) // a static user's stays
	// What it refuses has ended by itself. Sweeping when the map has doubled keeps it in bounds for nothing on average.
	if len(r.until) > 2*r.swept+64 {
		for user, until := range r.until {
			if until < now.Unix() {
				delete(r.until, user)
			}
		}
		r.swept = len(r.until)
	}
}

// refuses tells whether a username of a user was revoked.
func (r *revocations) refuses(user, username string) bool {
	r.mu.Lock()
	until, ok := r.until[user]
	r.mu.Unlock()
	if !ok {
		return false
	}
	if _, static := r.static[username]; static {
		return until == math.MaxInt64
	}
	expiry, _, _ := strings.Cut(username, ":")
	end, err := strconv.ParseInt(expiry, 10, 64)
	return err != nil || end <= until
}

// lifetime is how long a credential made now has to live, at least ttl.
func (r *revocations) lifetime(user string, now time.Time, ttl time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.longest = max(r.longest, ttl)
	if until, ok := r.until[user]; ok && until != math.MaxInt64 && now.Add(ttl).Unix() <= until {
		return time.Unix(until+1, 0).Sub(now.Truncate(time.Second))
	}
	return ttl
}
