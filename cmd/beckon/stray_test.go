package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/rs/zerolog"
)

// A variable that was misspelt is named, with the one that was meant, and without what is in it.
func TestStrayVariables(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]struct{ named, meant string }{
		"BECKON_RELAY_LIMITS=room:rate=1Mbit": {"BECKON_RELAY_LIMITS", "BECKON_RELAY_LIMIT"},
		"BECKON_SECERT=0123456789abcdef":      {"BECKON_SECERT", "BECKON_SECRET"},
		"BECKON_ALLOW_ANONYMUS=team-*":        {"BECKON_ALLOW_ANONYMUS", "BECKON_ALLOW_ANONYMOUS"},
		"BECKON_ACM=beckon.example.org":       {"BECKON_ACM", "BECKON_ACME"},
		"BECKON_TEAPOT=1":                     {"BECKON_TEAPOT", ""},
		"BECKON_=1":                           {"BECKON_", ""},
		"BECKON_SECERT=":                      {}, // what compose files make of unset variables
		"BECKON_RELAY_LIMIT=room:rate=1Mbit":  {},
		"BECKON_KID=another sub-command's":    {},
		"BECKONTEST_REQUIRE_BROWSERS=1":       {},
		"SECERT=1":                            {},
		"BECKON_SECERT":                       {},
	} {
		var out bytes.Buffer
		if err := warnStrays([]string{"HOME=/", variable}, zerolog.New(&out)); err != nil {
			t.Fatal(err)
		}
		if want.named == "" {
			if out.Len() > 0 {
				t.Errorf("%s: %s", variable, &out)
			}
			continue
		}
		var line map[string]string
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Errorf("%s: %q: %v", variable, &out, err)
		}
		if line["level"] != "warn" || line["variable"] != want.named || line["did_you_mean"] != want.meant {
			t.Errorf("%s: %v, want %v", variable, line, want)
		}
		if bytes.Contains(out.Bytes(), []byte("0123456789abcdef")) {
			t.Errorf("%s: the value is in %s", variable, &out)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"SECERT", "SECRET", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// Both servers look at the variables that they are started with.
func TestServersNameStrayVariables(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--admin", "none", "--grace", "0s"},
		{"turn", "--listen", "127.0.0.1:0", "--user", "ada:horse", "--admin", "none", "--grace", "0s"},
	} {
		got := runNow(t, []string{"BECKON_SECERT=0123456789abcdef"}, args...)
		if got.code != exitOK || !bytes.Contains([]byte(got.stderr), []byte("BECKON_SECERT")) {
			t.Errorf("%s: exit code %d, stderr:\n%s", args[0], got.code, got.stderr)
		}
	}
}
