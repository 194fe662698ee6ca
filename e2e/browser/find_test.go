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
func (r *recorder) Skip(a ...any)  { r.did = append(r.did, fmt.Sprint(a...)) }
func (r *recorder) Fatal(a ...any) { r.did = append(r.did, fmt.Sprint(a...)) }

func TestNeed(t *testing.T) {
	t.Parallel()
	var r recorder
	Need(&r, "lynx")
	if len(r.did) != 1 || !strings.HasPrefix(r.did[0], "there is no browser of kind") {
		t.Errorf("%q", r.did)
	}
}
