package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
)

// Where a server opens some rooms only, who sends is told so, and meets in one of them.
func TestSomeRoomsOnly(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--no-turn", "--allow-anonymous", "team-*", "--anonymous-bots")
	server := baseOf(s.first)
	for _, args := range [][]string{{"send", "testdata", "--server", server}, {"pipe", "--server", server, "--room", "tea"}} {
		var out, said bytes.Buffer
		code := run(patient(t), args, &out, &said, nil)
		if code != exitFailure || !strings.Contains(said.String(), "is none of those that are open to you") || !strings.Contains(said.String(), "--room NAME") {
			t.Errorf("%q: exit code %d, stderr:\n%s", args, code, &said)
		}
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("tea"), 0o600); err != nil {
		t.Fatal(err)
	}
	sender := start(t, false, "send", file, "--server", server, "--room", "team-x")
	link, err := peer.ParseLink(sender.link)
	if err != nil || link.Room != "team-x" || link.Secret.IsZero() {
		t.Fatalf("the link is %q, %v", sender.link, err)
	}
	var out, said bytes.Buffer
	dir := t.TempDir()
	if code := run(patient(t), []string{"receive", sender.link, "--yes", "--to", dir}, &out, &said, nil); code != exitOK {
		t.Fatalf("exit code %d, stderr:\n%s", code, &said)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "file")); err != nil || string(got) != "tea" {
		t.Errorf("%q, %v", got, err)
	}
}

// What --room cannot be is said before anybody is asked.
func TestRoomFlag(t *testing.T) {
	t.Parallel()
	const link = "http://127.0.0.1:9/r/tea#k=oYh3TtFGWrnSN2bPuJhC6A"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"send", "testdata", "--room", "te a"}, `--room "te a" is no room's name`},
		{[]string{"send", "testdata", "--room", "a/r/b"}, "is no room's name"},
		{[]string{"pipe", "--room", "tea#k=x"}, "is no room's name"},
		{[]string{"send", "testdata", "--room", "tea", "--link", link}, "leave out --room tea"},
		{[]string{"pipe", link, "--room", "tea"}, "leave out --room tea"},
		{[]string{"pipe", "--room", "tea", "--server", "http://a/r/b"}, "is no server's URL"},
	} {
		if got := runNow(t, nil, c.args...); got.code != exitUsage || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%q: exit code %d, stderr:\n%s", c.args, got.code, got.stderr)
		}
	}
}
