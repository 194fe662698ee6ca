package turnserver

import (
	"crypto/hmac"
	"crypto/sha1" // the TURN REST convention fixes it; HMAC-SHA1 is sound as a MAC
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/rs/zerolog"
)

// Credentials makes a username and a password in the TURN REST form (draft-uberti-behave-turn-rest-00) that coturn and
// every other server with a shared secret understands: the username is `expiry:user`, the expiry in Unix seconds, and
// the password is the base64 HMAC-SHA1 of the username. They open a relay until now+ttl, and what was opened by then
// goes on for as long as the client refreshes it.
func Credentials(secret []byte, user string, now time.Time, ttl time.Duration) (username, password string) {
	username = strconv.FormatInt(now.Add(ttl).Unix(), 10) + ":" + user
	return username, passwordOf(secret, username)
}

func passwordOf(secret []byte, username string) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// authenticator answers Pion's question for the key of a username. Its fields do not change; handle may run in many
// goroutines at once.
type authenticator struct {
	realm  string
	secret []byte
	now    func() time.Time
	stats  *counters
	log    zerolog.Logger

	revoked *revocations

	allocated allocated
}

var _ turn.AuthHandler = (*authenticator)(nil).handle

// handle gives the key for a request, or refuses it. A wrong password is found later, by Pion, when it checks the
// message's integrity with this key.
func (a *authenticator) handle(ra *turn.RequestAttributes) (userID string, key []byte, ok bool) {
	refuse := func(f authFailure) (string, []byte, bool) {
		a.failed(f, ra.Username, ra.SrcAddr.String())
		return "", nil, false
	}
	// The client chooses the realm that it signs with, and Pion takes any: it would flow into every key and log.
	if ra.Realm != a.realm {
		return refuse(authRealm)
	}
	expiry, userID, _ := strings.Cut(ra.Username, ":")
	t, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil {
		return refuse(authUsername)
	}
	// Age counts on Allocate only. Checking it on Refresh, CreatePermission and ChannelBind would end a living session
	// at the end of its credential, and there is no way to give a session a new one.
	if ra.Method == stun.MethodAllocate && a.now().Unix() >= t {
		return refuse(authExpired)
	}
	if a.allocated.lacks(ra) {
		return refuse(authNoAllocation)
	}
	if userID == "" {
		userID = ra.Username // relays are never opened for nobody
	}
	if a.revoked.refuses(userID, ra.Username) {
		return refuse(authRevoked)
	}
	return userID, turn.GenerateAuthKey(ra.Username, a.realm, passwordOf(a.secret, ra.Username)), true
}

// failed counts and logs one refusal. A username is a stranger's bytes: it goes into a field, which zerolog quotes.
func (a *authenticator) failed(f authFailure, username, remote string) {
	a.stats.auth[f].Add(1)
	a.log.Debug().Stringer("reason", f).Str("user", username).Str("remote", remote).Msg("authentication failed")
}
