package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// planned parses a command line of serve and plans it, on a machine whose address is the given one.
func planned(t *testing.T, machine string, env []string, args ...string) (*plan, error) {
	t.Helper()
	return parsed[*serveCmd](t, env, append([]string{"serve"}, args...)).plan(machineWith(machine))
}

// plannedAlone does it for a command line of turn.
func plannedAlone(t *testing.T, machine string, args ...string) (*alonePlan, error) {
	t.Helper()
	return parsed[*turnCmd](t, nil, append([]string{"turn"}, args...)).plan(machineWith(machine))
}

func parsed[C any](t *testing.T, env []string, args []string) C {
	t.Helper()
	parser, err := newParser(io.Discard, io.Discard, env, func() {})
	if err != nil {
		t.Fatal(err)
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return kctx.Selected().Target.Addr().Interface().(C)
}

func texts[S fmt.Stringer](list []S) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.String()
	}
	return strings.Join(words, " ")
}

// machineWith has the addresses of a list, and no others.
func machineWith(list string) machine {
	return machine{
		addresses: func() (addrs []netip.Addr, err error) {
			for _, a := range strings.Fields(list) {
				addrs = append(addrs, netip.MustParseAddr(a))
			}
			if addrs == nil {
				return nil, errors.New("network is unreachable")
			}
			return addrs, nil
		},
		cacheDir: func() (string, error) { return "", errors.New("$HOME is not defined") },
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args    string
		machine string
		http    string
		turn    string
		relay   string
		name    string // that clients are told
		says    string // the error's, if one is expected
	}{
		{args: "--dev", machine: "10.0.0.5", http: "127.0.0.1:8080 or free", turn: "127.0.0.1:3478 or free", relay: "127.0.0.1"},
		{args: "--dev --listen :0", machine: "10.0.0.5", http: ":0", turn: ":3478 or free", relay: "10.0.0.5"},
		{args: "--dev --listen :0", machine: "", http: ":0", turn: ":3478 or free", relay: "127.0.0.1"},
		{args: "--dev --listen localhost:80", http: "localhost:80", turn: "localhost:3478 or free", relay: "127.0.0.1"},
		{args: "--dev --turn-listen :3478", machine: "10.0.0.5", http: "127.0.0.1:8080 or free", turn: ":3478", relay: "10.0.0.5"},
		{args: "--dev --listen [::1]:0", http: "[::1]:0", turn: "[::1]:3478 or free", relay: "::1"},
		{args: "--allow-anonymous *", machine: "198.51.100.7", http: ":8080", turn: ":3478", relay: "198.51.100.7"},
		{args: "--allow-anonymous * --turn-listen 10.0.0.5:1", http: ":8080", turn: "10.0.0.5:1", relay: "10.0.0.5"},
		{args: "--allow-anonymous * --turn-relay-address 203.0.113.9", machine: "10.0.0.5", http: ":8080", turn: ":3478", relay: "203.0.113.9"},
		// On no network of its own that others reach: clients need a name then, and peers an address only where packets go to one.
		{args: "--allow-anonymous *", machine: "10.0.0.5", says: "--public-host is missing: clients have to be told where this machine is, and its own address 10.0.0.5"},
		{args: "--allow-anonymous *", machine: "100.64.1.1", says: "100.64.1.1 is not public"},
		{args: "--allow-anonymous *", machine: "", says: "network is unreachable"},
		{args: "--allow-anonymous * --turn-listen [::]:1", machine: "fd00::1", says: "fd00::1 is not public"},
		{args: "--allow-anonymous * --relay-ports 50000-50009", machine: "10.0.0.5", says: "--turn-relay-address is missing, and this machine's own address 10.0.0.5"},
		{args: "--allow-anonymous * --relay-ports 50000-50009 --public-host a.example", machine: "10.0.0.5", says: "--turn-relay-address is missing"},
		{args: "--allow-anonymous * --public-host a.example", machine: "10.0.0.5", http: ":8080", turn: ":3478", relay: "10.0.0.5", name: "a.example"},
		{args: "--allow-anonymous * --public-url https://a.example", machine: "10.0.0.5", http: ":8080", turn: ":3478", relay: "10.0.0.5", name: "a.example"},
		{args: "--allow-anonymous * --public-url https://a.example", machine: "198.51.100.7", http: ":8080", turn: ":3478", relay: "198.51.100.7"},
		{args: "--allow-anonymous * --public-url https://a.example --proxy-protocol 10.0.0.9", machine: "198.51.100.7", http: ":8080", turn: ":3478", relay: "198.51.100.7", name: "a.example"},
		{args: "--allow-anonymous * --turn-url turn:a.example", machine: "10.0.0.5", http: ":8080", turn: ":3478", relay: "10.0.0.5"},
		{args: "--allow-anonymous * --acme A.example,b.example --acme-cache x", machine: "10.0.0.5", http: ":443", turn: ":3478", relay: "10.0.0.5", name: "a.example"},
		{args: "--allow-anonymous * --acme a.example --acme-cache x --turn-listen :3478,:443", machine: "10.0.0.5", http: ":443", turn: ":3478 :443", relay: "10.0.0.5", name: "a.example"},
		{args: "--allow-anonymous * --tls-cert a --tls-key b --public-host a.example", machine: "198.51.100.7", http: ":443", turn: ":3478", relay: "198.51.100.7", name: "a.example"},
		{args: "--allow-anonymous * --tls-cert a --tls-key b --listen 0.0.0.0:443", machine: "198.51.100.7", says: "--public-host is missing"},
		{args: "--dev --tls-cert a --tls-key b", http: "127.0.0.1:8080 or free", turn: "127.0.0.1:3478 or free", relay: "127.0.0.1"},

		// Both families.
		{args: "--allow-anonymous *", machine: "198.51.100.7 2001:db8::7", http: ":8080", turn: ":3478", relay: "198.51.100.7 2001:db8::7"},
		{args: "--allow-anonymous *", machine: "198.51.100.7 fd00::7", http: ":8080", turn: ":3478", relay: "198.51.100.7"},
		{args: "--allow-anonymous *", machine: "10.0.0.5 2001:db8::7", says: "10.0.0.5 is not public"},
		{args: "--allow-anonymous * --turn-listen 0.0.0.0:1", machine: "198.51.100.7 2001:db8::7", http: ":8080", turn: "0.0.0.0:1", relay: "198.51.100.7"},
		{args: "--allow-anonymous * --turn-listen 10.0.0.5:1,[fd00::1]:1", http: ":8080", turn: "10.0.0.5:1 [fd00::1]:1", relay: "10.0.0.5 fd00::1"},
		{args: "--allow-anonymous * --turn-relay-address 203.0.113.9,2001:db8::9", http: ":8080", turn: ":3478", relay: "203.0.113.9 2001:db8::9"},
	} {
		p, err := planned(t, c.machine, nil, strings.Fields(c.args)...)
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s on %q: %v, want an error with %q", c.args, c.machine, err, c.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s on %q: %v", c.args, c.machine, err)
			continue
		}
		relays := texts(p.turn.relay)
		show := func(a address) string {
			if a.orFree {
				return a.String() + " or free"
			}
			return a.String()
		}
		var udp []string
		for _, a := range p.turn.udp {
			udp = append(udp, show(a))
		}
		turn := strings.Join(udp, " ")
		if show(p.http) != c.http || turn != c.turn || relays != c.relay || p.name != c.name {
			t.Errorf("%s on %q: http %s, turn %s, relay %s, name %q; want %s, %s, %s, %q",
				c.args, c.machine, show(p.http), turn, relays, p.name, c.http, c.turn, c.relay, c.name)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	env := []string{
		"BECKON_ALLOW_ANONYMOUS=tea,team-*", "BECKON_NO_TURN=1", "BECKON_LISTEN=127.0.0.1:1",
		"BECKON_ALLOW_ORIGIN=", "BECKON_TURN_ALLOW=", // what compose files make of unset variables
		"LISTEN=127.0.0.1:3",
	}
	p, err := planned(t, "", env, "--listen", "127.0.0.1:2")
	if err != nil {
		t.Fatal(err)
	}
	if p.http.port != 2 {
		t.Errorf("port %d: the environment beat the command line", p.http.port)
	}
	if p.turn != nil || len(p.anonymous) != 2 || p.anonymous[1] != "team-*" || p.origins != nil {
		t.Errorf("the plan is %+v", p)
	}
}

// A mistake in a variable is as loud as one in a flag.
func TestEnvironmentErrors(t *testing.T) {
	t.Parallel()
	got := runNow(t, []string{"BECKON_DEV=1", "BECKON_RELAY_PORTS=many"}, "serve")
	if got.code != exitUsage || !strings.Contains(got.stderr, `--relay-ports "many"`) {
		t.Errorf("%+v", got)
	}
}

// The room that is printed is one that may be joined, whatever the flags allow.
func TestOpenRoom(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", protocol.MaxName-2)
	for patterns, prefix := range map[string]string{
		"tea":        "tea",
		"tea,team-*": "team-",
		"*":          "",
		long + "*":   long,
	} {
		list := strings.Split(patterns, ",")
		for _, p := range list {
			if err := checkPattern(p); err != nil {
				t.Error(err)
			}
		}
		room, again := openRoom(list), openRoom(list)
		if !protocol.ValidRoom(room) || !strings.HasPrefix(room, prefix) {
			t.Errorf("%s: the room is %q", patterns, room)
		}
		if prefix != patterns && prefix != long && room == again {
			t.Errorf("%s: %q twice", patterns, room)
		}
	}
}

// What another start may get right is not a wrong command line, after which the unit is not started again.
func TestNoAddressYet(t *testing.T) {
	t.Parallel()
	_, serve := planned(t, "", nil, "--allow-anonymous", "*", "--public-host", "a.example")
	_, alone := plannedAlone(t, "", "--user", "ada:horse")
	for what, err := range map[string]error{"serve": serve, "turn": alone} {
		if _, wrong := errors.AsType[*usageError](err); err == nil || wrong {
			t.Errorf("%s: %v, as an error of usage: %v", what, err, wrong)
		}
	}
}

// The machine's address is asked for without sending anything, so this works without a network, too.
func TestMachineAddress(t *testing.T) {
	t.Parallel()
	list, err := machineAddresses()
	for _, addr := range list {
		if !addr.IsValid() || addr.IsUnspecified() {
			t.Errorf("one of the machine's addresses is %v", addr)
		}
	}
	if (err == nil) != (len(list) > 0) {
		t.Errorf("%v and %v", list, err)
	}
}
