package main

import (
	"net"
	"strings"
	"testing"
)

// Who asks after a server's health asks a fixed port, which therefore is had or not; in dev mode nobody does.
func TestAdminPortIsTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		free bool
	}{
		{"serve --allow-anonymous * --no-turn", false},
		{"serve --dev --no-turn", true},
		{"serve --dev --no-turn --admin 127.0.0.1:9478", false},
	} {
		fields := strings.Fields(c.args)
		p, err := planned(t, "198.51.100.7", nil, fields[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		if p.admin.String() != "127.0.0.1:9478" || p.admin.orFree != c.free {
			t.Errorf("%s: %s, or a free one: %v; want %v", c.args, p.admin, p.admin.orFree, c.free)
		}
	}
	alone, err := plannedAlone(t, "198.51.100.7", "--user", "ada:horse")
	if err != nil || alone.admin.orFree {
		t.Errorf("turn: %+v, %v", alone.admin, err)
	}

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, args := range []string{"turn --listen 127.0.0.1:0 --user ada:horse", "serve --dev --listen 127.0.0.1:0 --no-turn"} {
		got := runNow(t, nil, append(strings.Fields(args), "--admin", ln.Addr().String())...)
		if got.code != exitFailure || !strings.Contains(got.stderr, ln.Addr().String()+" for metrics and health") || !strings.Contains(got.stderr, "`--admin none`") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}
