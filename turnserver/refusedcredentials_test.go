package turnserver

import (
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

// refusedCredentials are requests that are not, or wrongly, authenticated. Each is an Allocate but where it says otherwise, with a nonce
// that the server has just given.
func refusedCredentials() refusedGroup {
	g := refusedGroup{title: "Credentials", says: "An Allocate with a nonce that the server has just given, but where it says otherwise. " +
		"401 and 438 come with realm and nonce, so that a client can ask again."}
	const realm = "beckon"
	at := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	rest := func(username string) string { return passwordOf(testSecret, username) }
	add := func(name, want, counter string, build func(r *rig, nonce string) *stun.Message) {
		g.list = append(g.list, refusedCase{name: name, want: both(want), counter: both(counter), run: func(r *rig) string {
			return r.throw(build(r, r.challenge()).Raw)
		}})
	}
	allocate := func(username, realm, pass, nonce string) *stun.Message {
		return signedBy(stun.MethodAllocate, username, realm, pass, nonce, transport(protoUDP))
	}
	add("no MESSAGE-INTEGRITY", "401", "", func(r *rig, nonce string) *stun.Message {
		return stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(protoUDP),
			stun.NewUsername(r.username), stun.NewRealm(realm), stun.NewNonce(nonce))
	})
	add("a wrong password", "401", "AuthFailures.password", func(r *rig, nonce string) *stun.Message {
		return allocate(r.username, realm, r.pass+"x", nonce)
	})
	add("an empty password", "401", "AuthFailures.password", func(r *rig, nonce string) *stun.Message {
		return allocate(r.username, realm, "", nonce)
	})
	add("the password of another user", "401", "AuthFailures.password", func(r *rig, nonce string) *stun.Message {
		_, pass := r.s.Credentials("bob", time.Hour)
		return allocate(r.username, realm, pass, nonce)
	})
	add("a static user's name with a wrong password", "401", "AuthFailures.password", func(_ *rig, nonce string) *stun.Message {
		return allocate("carol", realm, "another password", nonce)
	})
	add("a static user's name with the password that the secret gives it", "401", "AuthFailures.password", func(_ *rig, nonce string) *stun.Message {
		return allocate("carol", realm, rest("carol"), nonce)
	})
	add("an unknown user", "401", "AuthFailures.username", func(_ *rig, nonce string) *stun.Message {
		return allocate("mallory", realm, rest("mallory"), nonce)
	})
	for _, c := range []struct{ what, username string }{
		{"a username of a colon", ":"},
		{"a username without an expiry", ":alice"},
		{"an expiry that is no number", "soon:alice"},
		{"an expiry in hexadecimal", "0x7fffffff:alice"},
		{"an expiry before 1970", "-" + at(time.Hour) + ":alice"},
		{"an expiry with a fraction", at(time.Hour) + ".5:alice"},
		{"an expiry behind a space", " " + at(time.Hour) + ":alice"},
		{"an expiry above 63 bits", "9223372036854775808:alice"},
		{"a username that begins with a zero byte", "\x00" + at(time.Hour) + ":alice"},
		{"a username of 509 bytes", strings.Repeat("9", 503) + ":alice"},
	} {
		add(c.what, "401", "AuthFailures.username", func(_ *rig, nonce string) *stun.Message {
			return allocate(c.username, realm, rest(c.username), nonce)
		})
	}
	for _, c := range []struct{ what, expiry string }{
		{"expired by a second", at(-time.Second)},
		{"expired by an hour", at(-time.Hour)},
		{"an expiry of 0", "0"},
	} {
		add(c.what, "401", "AuthFailures.expired", func(_ *rig, nonce string) *stun.Message {
			return allocate(c.expiry+":alice", realm, rest(c.expiry+":alice"), nonce)
		})
	}
	for _, c := range []struct{ what, expiry string }{
		{"an expiry in eight days, where seven are allowed", at(8 * 24 * time.Hour)},
		{"an expiry in the year 9999", "253402300799"},
	} {
		add(c.what, "401", "AuthFailures.future", func(_ *rig, nonce string) *stun.Message {
			return allocate(c.expiry+":alice", realm, rest(c.expiry+":alice"), nonce)
		})
	}
	add("the realm of another server", "401", "AuthFailures.realm", func(r *rig, nonce string) *stun.Message {
		return allocate(r.username, "example.org", r.pass, nonce)
	})
	add("a realm with a line break in it", "401", "AuthFailures.realm", func(r *rig, nonce string) *stun.Message {
		return allocate(r.username, "evil\r\nrealm", r.pass, nonce)
	})
	add("no REALM", "400", "", func(r *rig, nonce string) *stun.Message { return allocate(r.username, "", r.pass, nonce) })
	add("no USERNAME", "400", "", func(r *rig, nonce string) *stun.Message { return allocate("", realm, r.pass, nonce) })
	add("no NONCE", "400", "", func(r *rig, _ string) *stun.Message { return allocate(r.username, realm, r.pass, "") })
	for _, c := range []struct {
		what   string
		change func(nonce string) string
	}{
		{"a nonce of the client's own", func(string) string { return strings.Repeat("ab", 40) }},
		{"a nonce with its last bit changed", func(nonce string) string { return nonce[:len(nonce)-1] + string(nonce[len(nonce)-1]^1) }},
		{"a nonce cut short", func(nonce string) string { return nonce[:len(nonce)-2] }},
		{"a nonce that claims to be newer", func(nonce string) string { return "7" + nonce[1:] }},
	} {
		add(c.what, "438", "", func(r *rig, nonce string) *stun.Message {
			return allocate(r.username, realm, r.pass, c.change(nonce))
		})
	}
	add("an integrity that covers another transaction", "401", "AuthFailures.password", func(r *rig, nonce string) *stun.Message {
		m := allocate(r.username, realm, r.pass, nonce)
		m.Raw[19] ^= 1
		return m
	})
	add("the integrity of somebody else's message", "401", "AuthFailures.password", func(r *rig, nonce string) *stun.Message {
		m, other := allocate(r.username, realm, r.pass, nonce), allocate(r.username, realm, r.pass, nonce)
		copy(m.Raw[len(m.Raw)-20:], other.Raw[len(other.Raw)-20:])
		return m
	})
	g.list = append(g.list, refusedCase{
		name: "Allocate after Revoke, with a credential issued before", want: both("401"), counter: both("AuthFailures.revoked"),
		run: func(r *rig) string { r.s.Revoke("alice"); return r.ask(stun.MethodAllocate, transport(protoUDP)) },
	}, refusedCase{
		name: "Refresh after Revoke, which has ended the allocation", want: both("401"), counter: both("AuthFailures.revoked"),
		run: func(r *rig) string { r.allocate(); r.s.Revoke("alice"); return r.ask(stun.MethodRefresh) },
	}, refusedCase{
		name: "a captured Allocate, sent again by somebody else behind Revoke", want: both("401"), counter: both("AuthFailures.revoked"),
		run: func(r *rig) string {
			captured := allocate(r.username, realm, r.pass, r.challenge())
			r.throw(captured.Raw)
			r.s.Revoke("alice")
			thief := &rig{wire: newWire(r.t, r.s, "udp"), s: r.s, mode: r.mode}
			return thief.throw(captured.Raw)
		},
	})
	return g
}
