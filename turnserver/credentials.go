package turnserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // the TURN REST convention fixes it; HMAC-SHA1 is sound as a MAC
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pion/turn/v5"
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

// maxUsername is the longest username there is, in bytes (RFC 8489 section 14.3).
const maxUsername = 508

// checkUsername says whether a username can be one at all: what would be unreadable in a log is refused before it gets there.
func checkUsername(s string) bool {
	return s != "" && len(s) <= maxUsername && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// parseUsername reads `expiry:user`, or an expiry alone, whose user is then the whole: relays are never opened for nobody.
func parseUsername(s string) (expiry time.Time, user string, ok bool) {
	if !checkUsername(s) {
		return time.Time{}, "", false
	}
	digits, user, _ := strings.Cut(s, ":")
	if strings.Trim(digits, "0123456789") != "" || len(digits) > 12 { // no sign, and no year that time cannot hold
		return time.Time{}, "", false
	}
	unix, err := strconv.ParseInt(digits, 10, 64)
	if err != nil { // nothing before the colon
		return time.Time{}, "", false
	}
	if user == "" {
		user = s
	}
	return time.Unix(unix, 0), user, true
}

// authenticator knows who may use the relay: the users of Config.Users, and everybody with a credential that was made with
// Config.Secret. It does not change and may be used by many goroutines at once.
type authenticator struct {
	realm   string
	secret  []byte            // empty: no credentials of the REST form
	users   map[string][]byte // long-term keys by username
	ttl     time.Duration     // how far ahead a credential may end
	nobody  []byte            // the secret of users that do not exist
	revoked *revocations
	now     func() time.Time
}

func newAuthenticator(c Config, revoked *revocations, now func() time.Time) *authenticator {
	a := &authenticator{
		realm: c.Realm, secret: c.Secret, users: map[string][]byte{}, ttl: c.Limits.CredentialTTL,
		nobody: []byte(rand.Text()), revoked: revoked, now: now,
	}
	for name, password := range c.Users {
		a.users[name] = turn.GenerateAuthKey(name, c.Realm, password)
	}
	return a
}

// check tells whose request m is, and the key that it is signed with and that signs the answer. opens says that it asks for a
// relay: age counts then only, for checking it later would end a living session at the end of its credential, and there is no
// way to give a session a new one.
func (a *authenticator) check(m stunMsg, opens bool) (user string, key []byte, why authFailure) {
	username := m.text(attrUsername)
	key, user, expiry, known := a.key(username)
	switch {
	// The client chooses the realm that it signs with: it would flow into every key.
	case m.text(attrRealm) != a.realm:
		return "", nil, authRealm
	// Signed by nobody's key: it takes as long to find out that a user is unknown as that a password is wrong.
	case !m.signedBy(key):
		if !known {
			return "", nil, authUsername
		}
		return "", nil, authPassword
	case opens && !expiry.IsZero() && !a.now().Before(expiry):
		return "", nil, authExpired
	case opens && !expiry.IsZero() && expiry.Sub(a.now()) > a.ttl:
		return "", nil, authFuture
	case a.revoked.refuses(user, username):
		return "", nil, authRevoked
	}
	return user, key, authFine
}

// key is that of a username. expiry is zero for a user of Config.Users. The same is computed for every name, so that the time it
// takes does not tell which there are.
func (a *authenticator) key(username string) (key []byte, user string, expiry time.Time, known bool) {
	expiry, user, known = parseUsername(username)
	known = known && len(a.secret) > 0
	secret := a.nobody
	if known {
		secret = a.secret
	}
	key = turn.GenerateAuthKey(username, a.realm, passwordOf(secret, username))
	if own, ok := a.users[username]; ok {
		return own, username, time.Time{}, true
	}
	return key, user, expiry, known
}
