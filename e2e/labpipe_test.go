//go:build linux

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/lab"
	"github.com/beckon-rtc/beckon/internal/lacking"
)

// TestLabPipe has `beckon pipe` carry bytes both ways while the connection below it is lost for good, and another takes its place: a firewall
// drops all UDP, and there is no relay, until both sides have given the connection up. Every byte arrives, once and in order.
func TestLabPipe(t *testing.T) {
	t.Parallel()
	if missing := labMissing(); missing != "" {
		lacking.Skip(t, missing)
	}
	l, err := lab.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	house, err := l.Add(lab.NAT)
	if err != nil {
		t.Fatal(err)
	}
	street, err := l.Add(lab.Open)
	if err != nil {
		t.Fatal(err)
	}
	path, args := l.Command(beckon(t), "serve", "--allow-anonymous", "*", "--listen", lab.Server+":8080", "--anonymous-bots", "--no-turn", "--admin", "none")
	s, err := launch(context.WithoutCancel(t.Context()), path, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(t) })

	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	// What goes in has two halves, of which the second waits for the way to be another.
	const half = 3_000_001
	for _, side := range []string{"house", "street"} {
		noiseFile(t, at(side), 2*half)
	}
	const script = `file=$1 half=$2 out=$3 go=$4; shift 4
{ head -c "$half" "$file"; until [ -e "$go" ]; do sleep 0.05; done; tail -c "+$((half + 1))" "$file"; } | "$@" > "$out" 2> "$out.log"`
	pipe := func(from spot, side string, more ...string) *tool {
		return from.run(t, nil, "/bin/sh", append([]string{
			"-c", script, "sh", at(side), "3000001", at("from " + side), at("go"), beckon(t), "pipe", "--server", s.Base, "--log-level", "debug",
		}, more...)...)
	}
	// All of it: what Pion says would push the lines that count out of a tool's Stderr.
	said := func(side string) string {
		log, err := os.ReadFile(at("from " + side + ".log"))
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		return string(log)
	}
	waits := pipe(house.Command, "house")
	var link string
	soon(t, "a link", func() bool {
		for line := range strings.Lines(said("house")) {
			if strings.HasPrefix(line, s.Base) && strings.HasSuffix(line, "\n") {
				link = strings.TrimSpace(line)
			}
		}
		return link != ""
	})
	comes := pipe(street.Command, "street", link)
	both := func(what string, is func(side string) bool) {
		t.Helper()
		soon(t, what, func() bool { return is("house") && is("street") })
	}
	both("the first half", func(side string) bool {
		info, err := os.Stat(at("from " + side))
		return err == nil && info.Size() == half
	})
	house.Kind = lab.NoUDP
	if err := house.Lose(0); err != nil { // which makes the rules of the kind
		t.Fatal(err)
	}
	if err := os.WriteFile(at("go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	both("the end of the connection", func(side string) bool { return strings.Contains(said(side), "peer connection closes") })
	house.Kind = lab.NAT
	if err := house.Lose(0); err != nil {
		t.Fatal(err)
	}
	comes.well(t)
	waits.well(t)
	if digestOf(t, at("from house")) != digestOf(t, at("street")) || digestOf(t, at("from street")) != digestOf(t, at("house")) {
		t.Error("the bytes are others")
	}
	// The one that was lost, and the one at whose end both had everything.
	for _, side := range []string{"house", "street"} {
		if n := strings.Count(said(side), "peer connection closes"); n < 2 {
			t.Errorf("there were %d connections in the %s, want one in the place of another", n, side)
		}
	}
}
