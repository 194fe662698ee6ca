package browser

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	nothing := func(string) (string, error) { return "", exec.ErrNotFound }
	only := func(name string) func(string) (string, error) {
		return func(asked string) (string, error) {
			if asked == name {
				return "/opt/" + name, nil
			}
			return nothing(asked)
		}
	}
	for _, c := range []struct {
		kind    Kind
		look    func(string) (string, error)
		path    string
		missing string // a part of the sentence
	}{
		{Chromium, only("chromium"), "/opt/chromium", ""},
		{Chromium, only("google-chrome"), "/opt/google-chrome", ""},
		{Firefox, only("firefox-esr"), "/opt/firefox-esr", ""},
		{Firefox, only("firefox"), "/opt/firefox", ""},
		{Firefox, only("chromium"), "", "apt-get install firefox-esr"},
		{Chromium, nothing, "", "apt-get install chromium"},
		{"lynx", only("lynx"), "", `no browser of kind "lynx"`},
	} {
		path, missing := find(c.kind, c.look)
		if path != c.path || (missing == "") != (c.missing == "") || !strings.Contains(missing, c.missing) {
			t.Errorf("find(%s) = %q, %q; want %q and %q in the sentence", c.kind, path, missing, c.path, c.missing)
		}
	}
}

// recorder stands in for the testing.T of a test that lacks a browser.
type recorder struct{ did []string }

func (r *recorder) Helper()        {}
func (r *recorder) Skip(a ...any)  { r.did = append(r.did, "skip: "+fmt.Sprint(a...)) }
func (r *recorder) Fatal(a ...any) { r.did = append(r.did, "fail: "+fmt.Sprint(a...)); panic(r) }

func TestNeed(t *testing.T) {
	for _, c := range []struct{ required, want string }{
		{"", "skip: there is no browser of kind"},
		{"0", "skip: there is no browser of kind"},
		{"1", "fail: there is no browser of kind"},
	} {
		t.Setenv(RequireVariable, c.required)
		var r recorder
		func() {
			// Fatal does not return, here as in testing.
			defer func() { _ = recover() }()
			Need(&r, "lynx")
		}()
		if len(r.did) != 1 || !strings.HasPrefix(r.did[0], c.want) {
			t.Errorf("with %s=%q: %q, want one %q", RequireVariable, c.required, r.did, c.want)
		}
	}
}
