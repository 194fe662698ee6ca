package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the program itself, for tests that need one in a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("BECKONTEST_AS_PROGRAM") != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// ran is what a run of the program left behind.
type ran struct {
	code           int
	stdout, stderr string
}

// runNow runs the program to its end. Where it would serve, ctx has ended already, so it stops as after Ctrl-C.
func runNow(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, &stdout, &stderr, env)
	return ran{code, stdout.String(), stderr.String()}
}

// What a command line that makes no sense is told: one line, which ends in what to do.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		says string // a part of the sentence, with the hint
	}{
		{"", "expected one of"},
		{"serv", "see `beckon --help`"},
		{"serve --lisen :1", `did you mean "--listen"?`},
		{"serve --lisen :1", "see `beckon serve --help`"},
		{"serve --grace soon --dev", `--grace: "soon" is no time to wait: write it like 10s`},
		{"serve --grace=-1s --dev", `--grace: "-1s" is no time to wait`},
		{"serve --dev --grace -5s", `--grace: "-5s" is no time to wait`},
		{"serve --dev --grace", `--grace: "" is no time to wait`},
		{"serve --dev --grace 10", `--grace: "10" has no unit: did you mean "10s"?`},
		{"serve --log-level loud --dev", "trace"},

		// Together.
		{"serve", "try things out on this machine with --dev"},
		{"serve --dev --allow-anonymous tea", "leave out --dev to open only tea"},
		{"serve --dev --no-turn --turn-listen :1", "--no-turn runs no relay that could listen on --turn-listen :1: leave one"},
		{"serve --dev --no-turn --turn-relay-address 192.0.2.1", "to name this machine in the room's URL use --public-host"},
		{"serve --dev --no-turn --public-host a.example --public-url https://a.example", "leave out --public-host"},
		{"serve --dev --no-turn --turn-secret x", "for coming back to a room use --secret"},
		{"serve --dev --no-turn --turn-allow 10.0.0.0/8", "leave out one or the other"},
		{"serve --dev --no-turn --turn-deny 10.0.0.0/8", "leave out one or the other"},
		{"serve --dev --no-turn --relay-ports 50000-50001", "--relay-ports"},
		{"serve --dev --no-turn --turn-url turn:a.example", "could be found at --turn-url"},
		{"serve --dev --no-turn --relay-limit room:rate=1Mbit", "--relay-limit room:rate=1Mbit could bound"},
		{"serve --dev --no-turn --relay-media", "--relay-media and --relay-scope"},
		{"serve --dev --no-turn --relay-scope", "--relay-media and --relay-scope"},
		{"serve --dev --turn-allow 10.0.0.0/8", "add --relay-ports 49152-65535, or leave them out"},
		{"serve --dev --turn-deny 10.0.0.0/8", "without --relay-ports they reach nothing but each other"},
		{"serve --dev --relay-scope", "add --relay-ports 49152-65535, or leave it out"},
		{"serve --dev --tls-cert a --tls-key b --public-url http://a.example", `did you mean "https://a.example"?`},
		{"serve --dev --acme a.example --tls-cert a --tls-key b", "leave out one or the other"},
		{"serve --dev --tls-cert a", "belong together"},
		{"serve --dev --tls-key a", "belong together"},
		{"serve --dev --acme-email a@a.example", "--acme, which is missing"},
		{"serve --allow-anonymous tea --tls-cert a --tls-key b", "--public-host is missing: clients have to be told the name"},

		// The relay alone.
		{"turn", "nobody could use the relay"},
		{"turn --secret short", "--secret is so short"},
		{"turn --user ada", "has no password behind a colon"},
		{"turn --user :secret", "has no password behind a colon"},
		{"turn --user ada:horse,secret", "commas part one user from the next"},
		{"turn --user ada:a,ada:b", `--user names "ada" twice`},
		{"turn --user ada:a --tls-listen :1", "--tls-listen :1 needs a certificate"},
		{"turn --user ada:a --tls-cert a --tls-key b", "--public-host is missing: clients have to be told the name"},
		{"turn --user ada:a --tls-cert a --tls-key b --tls-listen [::]:443", "--public-host is missing"},
		{"turn --user ada:a --proxy-protocol 10.0.0.0/8", "--proxy-protocol is about --tls-listen"},
		{"turn --user ada:a --relay-ports 9-8", "did you mean 8-9?"},
		{"turn --user ada:a --payload some", "--payload"},
		{"turn --user ada:a --relay-limit room:rate=1Mbit", "a relay alone knows no rooms"},
		{"turn --user ada:a --listen 3478", `did you mean ":3478"?`},
		{"turn --user ada:a --listen turn.example.org:1", "--turn-relay-address is missing"},

		// Who may come in.
		{"serve", "`beckon keys new keys.json` makes a key"},
		{"serve --keys a --keys-url https://a.example/jwks", "both say where the keys are"},
		{"serve --keys a --webhook https://a.example --webhook-secret 0123456789abcdef", "--webhook and --keys both decide"},
		{"serve --keys-url https://a.example --webhook https://a.example", "--webhook and --keys-url both decide"},
		{"serve --webhook https://a.example", "--webhook-secret is missing"},
		{"serve --dev --webhook-secret 0123456789abcdef", "--webhook, which is missing"},
		{"serve --webhook https://a.example --webhook-secret short", "--webhook-secret is so short"},
		{"serve --webhook http://a.example --webhook-secret 0123456789abcdef", "has no TLS"},
		{"serve --keys-url http://a.example --audience a", "has no TLS"},
		{"serve --keys a", "--audience is missing"},
		{"serve --dev --keys-url https://a.example", "or --public-url, whose host it is by default, beside --keys-url"},
		{"serve --dev --audience a", "--audience is about tokens"},
		{"serve --dev --issuer a", "--issuer is about tokens"},
		{"serve --webhook https://a.example --webhook-secret 0123456789abcdef --issuer a", "--issuer is about tokens"},
		{"serve --keys a --audience a --anonymous-relay", "--allow-anonymous lets in, and that is missing"},
		{"serve --keys a --audience a --anonymous-bots", "--allow-anonymous lets in, and that is missing"},
		{"serve --allow-anonymous tea --anonymous-relay --no-turn", "--no-turn runs no relay that --anonymous-relay could open"},

		// One by one.
		{"serve --dev --listen 8080", `did you mean ":8080"?`},
		{"serve --dev --listen 192.168.1.5", `did you mean "192.168.1.5:8080"?`},
		{"serve --dev --listen ::1", `did you mean "[::1]:8080"?`},
		{"serve --dev --listen http://localhost:1/", `did you mean "localhost:1"?`},
		{"serve --dev --listen :http", "0 to 65535"},
		{"serve --dev --turn-listen 192.0.2.1", `did you mean "192.0.2.1:3478"?`},
		{"serve --dev --relay-ports 50000", `--relay-ports "50000" is not two ports`},
		{"serve --dev --relay-ports 50001-50000", "did you mean 50000-50001?"},
		{"serve --dev --relay-ports 1024-2048 --turn-allow 10.0.0.0/33", "write it like 10.0.0.0/8"},
		{"serve --dev --relay-ports 1024-2048 --turn-deny 10.0.0.1/8", "did you mean 10.0.0.0/8?"},
		{"serve --dev --trust-proxy caddy", `--trust-proxy "caddy" is not a network`},
		{"serve --dev --turn-relay-address here", "like 198.51.100.7"},
		{"serve --dev --turn-relay-address 0.0.0.0", "like 198.51.100.7"},
		{"serve --dev --turn-relay-address 192.0.2.1,192.0.2.2", "two addresses of one family"},
		{"serve --dev --turn-url http://a.example", "write it like turns:turn.example.org:443?transport=tcp"},
		{"serve --dev --relay-limit identity=4", "--relay-limit"},
		{"serve --dev --proxy-protocol haproxy", `--proxy-protocol "haproxy" is not a network`},
		{"serve --dev --admin 9090", `did you mean "127.0.0.1:9090"?`},
		{"serve --dev --acme 198.51.100.7", "certificates are for names"},
		{"serve --dev --acme *.a.example", "list the names"},
		{"serve --dev --acme localhost", "is no public name"},
		{"serve --allow-anonymous tea --turn-listen turn.example.org:3478", "--turn-relay-address is missing"},
		{"serve --dev --turn-secret short", "openssl rand"},
		{"serve --dev --secret x", "--secret is so short that it could be guessed: use at least 16 characters"},
		{"serve --dev --public-host https://a.example:8080/x", "did you mean a.example?"},
		{"serve --dev --public-host [::1]:80", "did you mean ::1?"},
		{"serve --dev --public-host https://a.example", "--public-url"},
		{"serve --dev --public-url a.example:443", `did you mean "https://a.example:443"?`},
		{"serve --dev --public-url 127.0.0.1:443", `did you mean "https://127.0.0.1:443"?`},
		{"serve --dev --public-url https://", "write it like https://beckon.example.org"},
		{"serve --dev --public-url wss://a.example", "use https, or http"},
		{"serve --dev --public-url https://a.example/r/tea", `did you mean "https://a.example"?`},
		{"serve --dev --public-url https://ada@a.example/?x", `did you mean "https://a.example"?`},
		{"serve --dev --public-host a..b", "write it like beckon.example.org"},
		{"serve --dev --allow-origin app.example.org", `--allow-origin "app.example.org"`},
		{"serve --dev --allow-origin https://app.example.org/", `did you mean "https://app.example.org"?`},
		{"serve --dev --allow-origin null", "let `*` allow the pages of everybody"},
		{"serve --allow-anonymous te*a", "did you mean \"te*\"?"},
		{"serve --allow-anonymous=-tea", "team-*"},
		{"serve --allow-anonymous tea/pot", "names no room"},

		// Meeting others.
		{"send", "expected \"<file> ...\" (see `beckon send --help`)"},
		{"send doc.go --server 127.0.0.1:8080", "is no server's URL: that looks like https://beckon.example.org"},
		{"send doc.go --server http://127.0.0.1:8080/r/tea", "see --link for a link"},
		{"send doc.go --link tea", `"tea" is no room's URL`},
		{"send doc.go --link http://127.0.0.1:8080/r/tea#k=short", "was it copied whole?"},
		{"receive", "expected \"<link>\" (see `beckon receive --help`)"},
		{"receive http://127.0.0.1:8080/r/tea#x", "is not the secret of a room"},
		{"receive 127.0.0.1:8080/r/tea", `did you mean "http://127.0.0.1:8080/r/tea"?`},
		{"receive http://127.0.0.1:8080/r/tea --overwrite --rename --yes", "--overwrite and --rename both say"},
		{"receive http://127.0.0.1:8080/r/tea", "add --yes to take what is offered"},
		{"pipe http://127.0.0.1:8080/r/tea#k=short", "was it copied whole?"},

		{"bot", "echo"},
		{"bot echo", "expected a room's URL, like http://127.0.0.1:8080/r/quiet-fox-4821 (see `beckon bot echo --help`)"},
	} {
		got := runNow(t, nil, strings.Fields(c.args)...)
		if got.code != exitUsage || got.stdout != "" {
			t.Errorf("%q: exit code %d, stdout %q; want %d and nothing", c.args, got.code, got.stdout, exitUsage)
		}
		if !strings.HasPrefix(got.stderr, "beckon: ") || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, c.says) {
			t.Errorf("%q says %q, want one line with %q", c.args, got.stderr, c.says)
		}
	}
}

func TestInterrupts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	signals, exited := make(chan os.Signal), make(chan int)
	go interrupted(signals, cancel, func(code int) { exited <- code })
	signals <- os.Interrupt
	<-ctx.Done()
	signals <- syscall.SIGTERM
	if code := <-exited; code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	got := runNow(t, nil, "version")
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("%+v", got)
	}
	if flag := runNow(t, nil, "--version"); flag != got {
		t.Errorf("--version: %+v, want what version says", flag)
	}
	for _, line := range []string{"beckon ", "commit ", "go ", "platform "} {
		if !strings.Contains("\n"+got.stdout, "\n"+line) {
			t.Errorf("no line %q in %q", line, got.stdout)
		}
	}
}

// Who asks for help in other programs' words gets it.
func TestHelpCommand(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "serve", "bot echo"} {
		want := runNow(t, nil, append(strings.Fields(command), "--help")...)
		if got := runNow(t, nil, strings.Fields("help "+command)...); got != want || want.code != exitOK {
			t.Errorf("help %s: %+v, want %+v", command, got, want)
		}
	}
	if got := runNow(t, nil, "help", "serv"); got.code != exitUsage || !strings.Contains(got.stderr, `did you mean one of "serve", "send"?`) {
		t.Errorf("help for what is not there: %+v", got)
	}
}

// The help pages as people see them, at 100 columns. A wanted change: go run ./cmd/beckon serve --help.
func TestHelp(t *testing.T) {
	// Kong asks the environment for the width.
	t.Setenv("COLUMNS", "100")
	for file, args := range map[string][]string{
		"help.txt":          {"--help"},
		"help-serve.txt":    {"serve", "--help"},
		"help-turn.txt":     {"turn", "--help"},
		"help-echo.txt":     {"bot", "echo", "--help"},
		"help-send.txt":     {"send", "--help"},
		"help-receive.txt":  {"receive", "--help"},
		"help-pipe.txt":     {"pipe", "--help"},
		"help-game.txt":     {"bot", "game", "--help"},
		"help-keys.txt":     {"keys", "new", "--help"},
		"help-token.txt":    {"token", "new", "--help"},
		"help-show.txt":     {"token", "show", "--help"},
		"help-attest.txt":   {"token", "attest", "--help"},
		"help-identity.txt": {"identity", "--help"},
	} {
		want, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Error(err)
		}
		got := runNow(t, nil, args...)
		if got.code != exitOK || got.stderr != "" {
			t.Errorf("%q: exit code %d, stderr %q", args, got.code, got.stderr)
		}
		if got.stdout != string(want) {
			t.Errorf("beckon %s differs from testdata/%s; it now says:\n%s", strings.Join(args, " "), file, got.stdout)
		}
	}
}
