//go:build unix

package e2e

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// startProgram runs beckon with these arguments. When the test ends it is stopped as by Ctrl-C, and must end well.
func startProgram(t *testing.T, args ...string) *process.Process {
	t.Helper()
	p, err := process.Start(context.WithoutCancel(t.Context()), process.Config{Path: beckon(t), Args: args})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := interrupt(p); err != nil {
			t.Errorf("beckon %s: %v", strings.Join(args, " "), err)
		}
		if t.Failed() {
			t.Logf("stderr of beckon %s ends with:\n%s", strings.Join(args, " "), p.Stderr())
		}
	})
	return p
}

// TestWrongStarts: what cannot work ends at once, with an exit code for scripts and one sentence with a hint for people.
func TestWrongStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	relay, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { relay.Close() })
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"port in use":         {[]string{"serve", "--dev", "--listen", taken.Addr().String(), "--turn-listen", "127.0.0.1:0"}, 1, []string{taken.Addr().String(), "--listen 127.0.0.1:0"}},
		"relay's port in use": {[]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", relay.LocalAddr().String()}, 1, []string{relay.LocalAddr().String(), "--turn-listen :0"}},
		"nobody may join":     {[]string{"serve", "--listen", "127.0.0.1:0"}, 2, []string{"--allow-anonymous", "--dev"}},
		"unknown flag":        {[]string{"serve", "--deev"}, 2, []string{"--deev", "beckon serve --help"}},
		"unknown command":     {[]string{"server"}, 2, []string{"server", "beckon --help"}},
		"ports":               {[]string{"serve", "--dev", "--relay-ports", "9000-8000"}, 2, []string{"--relay-ports", "9000-8000"}},
		"no room":             {[]string{"bot", "echo", "http://127.0.0.1:1/"}, 2, []string{"/r/"}},
		"bad room":            {[]string{"bot", "echo", "http://127.0.0.1:1/r/-"}, 2, []string{"letters"}},
		"no server there":     {[]string{"bot", "echo", "http://" + closedPort(t) + "/r/tea"}, 1, []string{"cannot join"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &lines{first: make(chan struct{})}
			p, err := process.Start(t.Context(), process.Config{Path: beckon(t), Args: c.args, Stdout: out})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Close)
			err = p.Err()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != c.code {
				t.Errorf("ended with %v, want exit code %d; stderr:\n%s", err, c.code, p.Stderr())
			}
			if out.String() != "" {
				t.Errorf("stdout has %q", out.String())
			}
			// Others than the last line are the log.
			said := strings.Split(strings.TrimSuffix(p.Stderr(), "\n"), "\n")
			last := said[len(said)-1]
			for _, part := range c.says {
				if !strings.HasPrefix(last, "beckon: ") || !strings.Contains(last, part) {
					t.Errorf("stderr ends with %q, want a line of beckon's with %q", last, part)
				}
			}
		})
	}
}

// closedPort returns an address of this machine on which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestBotEchoes talks to the bot as another Go program would, and ends it as by Ctrl-C.
func TestBotEchoes(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1", "--grace", "1s")
	link, err := peer.ParseLink(b.Room)
	if err != nil {
		t.Fatal(err)
	}
	room, err := peer.Join(t.Context(), link.Server, link.Room, &peer.Config{Secret: link.Secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Close() })
	bot := startProgram(t, "bot", "echo", b.Room)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := room.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"one", "two"} {
		ch, err := p.Open(ctx, label, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range messages("the test", label) {
			send := func() error { return ch.Send(ctx, m.data) }
			if m.text {
				send = func() error { return ch.SendText(ctx, string(m.data)) }
			}
			if err := send(); err != nil {
				t.Fatal(err)
			}
			data, text, err := ch.Recv(ctx)
			if got, want := summarize(data, text), summarize(m.data, m.text); err != nil || got != want {
				t.Fatalf("message %d on %s came back as %+v (%v), want %+v", i, label, got, err, want)
			}
		}
	}
	if joined := regexp.MustCompile(`(?m)^joined ` + regexp.QuoteMeta(p.ID()) + `$`); !joined.MatchString(bot.Stderr()) {
		t.Errorf("the bot's stderr does not say that it joined as %s:\n%s", p.ID(), bot.Stderr())
	}
	if err := bot.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	// A bot that is told to go says goodbye: nobody waits for a timeout.
	for {
		e, err := room.Recv(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == peer.EventLeft {
			if e.Reason != protocol.LeftBye {
				t.Errorf("the bot left because of %q, want %q", e.Reason, protocol.LeftBye)
			}
			break
		}
	}
	if err := bot.Err(); err != nil {
		t.Errorf("the bot ended with %v, want exit code 0", err)
	}
}
