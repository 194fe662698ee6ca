package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
)

// Who has another link than the sender, or has lost its secret, is told so and ends, instead of waiting for somebody who cannot come.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	server, _, _ := strings.Cut(s.first, "/r/")
	sender := start(t, false, "send", "testdata", "--server", server)
	link, err := peer.ParseLink(sender.link)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		secret identity.Secret
		want   string
	}{
		"another":     {identity.NewSecret(), "beckon send has another link than you"},
		"none at all": {identity.Secret{}, "this link lacks its secret"},
	} {
		wrong := link
		wrong.Secret = c.secret
		var out, said bytes.Buffer
		code := run(t.Context(), []string{"receive", wrong.String(), "--yes", "--to", dir}, &out, &said, nil)
		if code != exitFailure || !strings.Contains(said.String(), c.want) || strings.Contains(said.String(), "WRN") {
			t.Errorf("%s: exit code %d, stderr:\n%s", name, code, &said)
		}
		if c.secret.IsZero() {
			continue
		}
		code = run(t.Context(), []string{"pipe", wrong.String()}, &out, &said, nil)
		if code != exitFailure || !strings.Contains(said.String(), "there is no other side: beckon send has another link") {
			t.Errorf("pipe, %s: exit code %d, stderr:\n%s", name, code, &said)
		}
	}
	sender.interrupt()
	if said := sender.stderr.String(); strings.Contains(said, "WRN") || !strings.Contains(said, "beckon receive is here with another link than this one, and was kept out") {
		t.Errorf("the sender says\n%s", said)
	}
	if !strings.Contains(sender.stderr.String(), "--listen :8080") {
		t.Errorf("the sender does not say that its link leads to this machine alone:\n%s", sender.stderr)
	}
}

// What is wrong with the words is said before anybody is waited for, and the link first.
func TestReceiveErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const link = "http://127.0.0.1:9/r/tea#k=oYh3TtFGWrnSN2bPuJhC6A"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{""}, "looks like 'https://beckon.example.org/r/k3vq2mzx7w5abcde#k="},
		{[]string{"", "--to", file}, "is no room's URL"},
		{[]string{link, "--overwrite", "--rename", "--to", file}, "leave out one"},
		{[]string{link, "--to", file}, "is no folder"},
		{[]string{link, "--to", filepath.Join(file, "below")}, "not a directory"},
		{[]string{link, "--to", t.TempDir()}, "add --yes"},
	} {
		got := runNow(t, nil, append([]string{"receive"}, c.args...)...)
		if got.code == exitOK || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%q: exit code %d, stderr:\n%s", c.args, got.code, got.stderr)
		}
	}
	below := filepath.Join(t.TempDir(), "a", "b")
	if err := checkTarget(below); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(filepath.Dir(below))); err != nil || len(left) > 0 {
		t.Errorf("to look for a place leaves %v, %v", left, err)
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://[::1]:8080": true, "http://localhost": true, "http://127.9.9.9/app": true,
		"https://beckon.example.org": false, "http://192.0.2.7:8080": false, "http://localhost.example.org": false, "http://[2001:db8::1]": false,
	} {
		if got := isLoopback(server); got != want {
			t.Errorf("%s: %v", server, got)
		}
	}
	var out bytes.Buffer
	d := &display{out: &out, terminal: true}
	local := peer.Link{Server: localServer, Room: "tea", Secret: identity.NewSecret()}
	far := peer.Link{Server: "https://beckon.example.org", Room: "tea", Secret: identity.NewSecret()}
	(&serverFlags{}).show(d, local)
	if got := out.String(); strings.Contains(got, "█") || !strings.Contains(got, "--server http://ADDRESS:8080") {
		t.Errorf("of a link to this machine is shown %q", got)
	}
	out.Reset()
	(&serverFlags{}).show(d, far)
	if got := out.String(); strings.Contains(got, "--server") || !strings.Contains(got, "█") {
		t.Errorf("of a link to elsewhere is said %q", got)
	}
}

// The line of what is complete stays, and nothing is drawn below it.
func TestFinish(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := &display{out: &out, terminal: true}
	d.draw(" 98 %")
	d.finish("100 %")
	d.say("done")
	d.draw("")
	if got, want := out.String(), "\r\x1b[K 98 %\r\x1b[K100 %\ndone\n"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}
