package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// The program itself reads its keys again when it is told to, and keeps those it has if it cannot.
func TestHangup(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "serve", "--admin", "none", "--listen", "127.0.0.1:0", "--no-turn", "--keys", keys.file, "--audience", "here")
	cmd.Env = append(os.Environ(), "BECKONTEST_AS_PROGRAM=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewReader(stderr)
	logged := func(text string) string {
		t.Helper()
		for {
			line, err := log.ReadString('\n')
			if err != nil {
				t.Fatalf("no %q in the log: %v", text, err)
			}
			if strings.Contains(line, text) {
				return line
			}
		}
	}
	hangUp := func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base := baseOf(url)
	if line := logged("keys loaded"); !strings.Contains(line, "first") {
		t.Errorf("%s", line)
	}
	everywhere := token.Grant{Rooms: []string{"*"}}
	old := keys.token(everywhere, time.Now())
	in := call(t, base, old, "")
	if !in.joins("tea") {
		t.Errorf("%+v", in)
	}

	keys.rotate("second")
	hangUp()
	if line := logged("keys loaded again"); !strings.Contains(line, "second") || strings.Contains(line, "first") {
		t.Errorf("%s", line)
	}
	if got := call(t, base, old, ""); got.code != int(protocol.CloseUnauthorized) {
		t.Errorf("the old key's token: %+v", got)
	}
	if got := call(t, base, keys.token(everywhere, time.Now()), ""); got.welcome.Identity != "ada" {
		t.Errorf("the new key's token: %+v", got)
	}
	if !in.joins("coffee") {
		t.Error("who was in is not any more")
	}

	if err := os.WriteFile(keys.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp()
	if line := logged("the old ones stay"); !strings.Contains(line, `"level":"error"`) {
		t.Errorf("%s", line)
	}
	if got := call(t, base, keys.token(everywhere, time.Now()), ""); got.welcome.Identity != "ada" {
		t.Errorf("after a file that cannot be read: %+v", got)
	}
	in.ws.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, log)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}

// A SIGHUP of who has put new certificates there ends nothing.
func TestHangupWithCertificates(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"serve": {"serve", "--dev", "--listen", "127.0.0.1:0", "--no-turn", "--admin", "none", "--grace", "0s"},
		"turn":  {"turn", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--user", "ada:horse", "--admin", "none", "--grace", "0s"},
	} {
		cmd := exec.CommandContext(t.Context(), exe, append(args, certificate(t)...)...)
		cmd.Env = append(os.Environ(), "BECKONTEST_AS_PROGRAM=1")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		for _, s := range []os.Signal{syscall.SIGHUP, os.Interrupt} {
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s ended with %v", name, err)
		}
	}
}
