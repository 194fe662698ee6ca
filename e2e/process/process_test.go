//go:build unix

package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shell starts a script of /bin/sh.
func shell(t *testing.T, ctx context.Context, script string, stdout *firstLine) *Process {
	t.Helper()
	p, err := Start(ctx, Config{Path: "/bin/sh", Args: []string{"-c", script}, Stdout: stdout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// firstLine tells when the script has printed its first line.
type firstLine struct {
	buf  bytes.Buffer // os/exec's copier's until the process has ended
	seen chan struct{}
}

func (f *firstLine) Write(b []byte) (int, error) {
	had := bytes.IndexByte(f.buf.Bytes(), '\n') >= 0
	f.buf.Write(b)
	if !had && bytes.IndexByte(b, '\n') >= 0 {
		close(f.seen)
	}
	return len(b), nil
}

func TestProgramEndsByItself(t *testing.T) {
	t.Parallel()
	out := firstLine{seen: make(chan struct{})}
	p := shell(t, t.Context(), "echo said; echo complained >&2; exit 3", &out)
	var exit *exec.ExitError
	if err := p.Err(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("ended with %v, want exit code 3", err)
	}
	if out.buf.String() != "said\n" || p.Stderr() != "complained\n" {
		t.Errorf("stdout %q, stderr %q", out.buf.String(), p.Stderr())
	}
	if err := p.Signal(syscall.SIGINT); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal to an ended program: %v, want %v", err, os.ErrProcessDone)
	}
}

func TestSignalReachesTheProgram(t *testing.T) {
	t.Parallel()
	out := firstLine{seen: make(chan struct{})}
	p := shell(t, t.Context(), `trap 'kill $!; exit 0' INT; sleep 3600 & echo ready; wait`, &out)
	<-out.seen
	if err := p.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err != nil {
		t.Errorf("ended with %v, want exit code 0", err)
	}
}

// The child would outlive its parent for an hour, and so would Wait, which
// waits for the child's end of the pipe.
func TestChildrenGoToo(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *Process, cancel func()){
		"close":   func(p *Process, _ func()) { p.Close() },
		"context": func(p *Process, cancel func()) { cancel(); <-p.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := firstLine{seen: make(chan struct{})}
			p := shell(t, ctx, "sleep 3600 & echo started; wait", &out)
			<-out.seen
			end(p, cancel)
			if errors.Is(p.Err(), exec.ErrWaitDelay) {
				t.Error("the child kept stderr open after the end")
			}
		})
	}
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	p, err := Start(t.Context(), Config{Path: "/nonexistent/program"})
	if err == nil {
		p.Close()
		t.Fatal("started a program that is not there")
	}
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "process: start /nonexistent/program: ") {
		t.Errorf("the error is %v", err)
	}
}
