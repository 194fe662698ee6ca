//go:build unix

package e2e

import (
	"crypto/hmac"
	"crypto/sha1" // the REST convention has it
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCoturnIsRefused: credentials that are not good, and what is not offered, open nothing, and the server says why.
func TestCoturnIsRefused(t *testing.T) {
	t.Parallel()
	findCoturn(t, "turnutils_uclient")
	peer := startPeer(t, "127.0.0.1")
	past := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10) + ":bob"
	for name, c := range map[string]struct {
		credentials func(r *turnAlone) []string
		flags       []string // besides the usual
		paired      bool     // without -c: with a second port for RTCP, by EVEN-PORT and its reservation
		code        string   // that the client says it got; it says nothing of 401, which for it is a question
		reason      string   // in the server's log
	}{
		"wrong password": {func(r *turnAlone) []string { return []string{"-u", r.user, "-w", "incorrect donkey"} }, nil, false, "", "password"},
		"unknown user":   {func(r *turnAlone) []string { return []string{"-u", "mallory", "-w", r.password} }, nil, false, "", "username"},
		"wrong secret":   {func(r *turnAlone) []string { return []string{"-u", r.user, "-W", "another secret of a test"} }, nil, false, "", "password"},
		"expired":        {func(r *turnAlone) []string { return []string{"-u", past, "-w", restPassword(r.secret, past)} }, nil, false, "", "expired"},
		"pairs of ports": {good, nil, true, "508", ""},
		"DONT-FRAGMENT":  {good, []string{"-g"}, false, "420", ""},
		"TCP to peers":   {good, []string{"-T"}, false, "442", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startTURN(t, "127.0.0.1", "--log-level", "debug")
			u := uclient{transport: "UDP", clients: 2, size: 100, messages: 5}
			args := append(c.flags, u.args(r, peer, c.credentials(r)...)...)
			if c.paired {
				args = slices.DeleteFunc(args, func(a string) bool { return a == "-c" })
			}
			s := runCoturn(t, patience, "turnutils_uclient", args...)
			got, err := count(s.out)
			if err == nil || s.late || s.code == 0 || strings.Join(got.codes, " ") != c.code {
				t.Errorf("sent %d, codes %q, exit code %d, late %v; want %q and none sent\n%.2000s", got.sent, got.codes, s.code, s.late, c.code, s.out)
			}
			if log := r.process.Stderr(); c.reason != "" && !strings.Contains(log, `"reason":"`+c.reason+`"`) {
				t.Errorf("the server's log has no reason %q:\n%s", c.reason, log)
			}
		})
	}
}

// good are the credentials of the user that there is.
func good(r *turnAlone) []string { return []string{"-u", r.user, "-w", r.password} }

// restPassword is that of the TURN REST convention.
func restPassword(secret, username string) string {
	m := hmac.New(sha1.New, []byte(secret))
	m.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
