//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// shutdown bounds how long a beckon may take to end after Ctrl-C. Its own grace
// is shorter; one that is still there is asked for its goroutines.
const shutdown = 30 * time.Second

// built is the one beckon of this run of the tests; main_test.go removes it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// beckon returns the path of the binary, built from this checkout by the first
// test that needs it, and with the race detector if the tests have it.
func beckon(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "beckon-e2e"); built.err != nil {
			return
		}
		args := []string{"build"}
		if raced() {
			args = append(args, "-race")
		}
		args = append(args, "-o", filepath.Join(built.dir, "beckon"), "../cmd/beckon")
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "beckon")
}

// raced reports whether the tests were built with the race detector.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}

// server is a running `beckon serve --dev`.
type server struct {
	// Room is what the server printed first: the URL of a fresh room.
	Room string
	// Base is the origin of that URL, http://IP:PORT, and Name the room's name.
	Base, Name string

	process *process.Process
	stdout  *lines
	stop    sync.Once
}

// serve starts `beckon serve --dev` on free ports of ip, with further
// arguments, and returns when it listens. When the test ends it is stopped as
// by Ctrl-C, and must end well.
func serve(t testing.TB, ip string, args ...string) *server {
	t.Helper()
	return serveLogged(t, nil, ip, args...)
}

// serveLogged is serve with somebody to read all of the log.
func serveLogged(t testing.TB, log io.Writer, ip string, args ...string) *server {
	t.Helper()
	free := net.JoinHostPort(ip, "0")
	args = append([]string{"serve", "--dev", "--listen", free, "--turn-listen", free}, args...)
	s, err := launchLogged(context.WithoutCancel(t.Context()), log, beckon(t), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("beckon's stderr ends with:\n%s", s.process.Stderr())
		}
	})
	return s
}

// Stop ends the server as Ctrl-C does and fails the test unless it ends well:
// see interrupt. Later calls do nothing.
func (s *server) Stop(t testing.TB) {
	t.Helper()
	s.stop.Do(func() {
		if err := s.interrupt(); err != nil {
			t.Errorf("beckon: stop: %v", err)
		}
	})
}

// launch runs the program until ctx ends, and waits for its first line.
func launch(ctx context.Context, path string, args ...string) (*server, error) {
	return launchLogged(ctx, nil, path, args...)
}

func launchLogged(ctx context.Context, log io.Writer, path string, args ...string) (*server, error) {
	s := &server{stdout: &lines{first: make(chan struct{})}}
	var err error
	s.process, err = process.Start(ctx, process.Config{Path: path, Args: args, Stdout: s.stdout, Stderr: log})
	if err != nil {
		return nil, err
	}
	select {
	case <-s.stdout.first:
	case <-s.process.Done():
		err = fmt.Errorf("ended before it printed a line: %w", s.process.Err())
	case <-time.After(patience):
		err = errors.New("printed no line")
	}
	if err == nil {
		s.Room, _, _ = strings.Cut(s.stdout.String(), "\n")
		s.Base, s.Name, err = splitRoom(s.Room)
	}
	if err != nil {
		s.process.Close()
		return nil, fmt.Errorf("beckon %s: %w\n%s", strings.Join(args, " "), err, s.process.Stderr())
	}
	return s, nil
}

// interrupt ends the server as Ctrl-C does. It returns what is wrong with the end, as of the function interrupt, or that there
// is more on stdout than the first line.
func (s *server) interrupt() error {
	if err := interrupt(s.process); err != nil {
		return err
	}
	if out := s.stdout.String(); out != s.Room+"\n" {
		return fmt.Errorf("stdout has more than the room's URL: %q", out)
	}
	return nil
}

// interrupt ends a program as Ctrl-C does, and returns what is wrong with the end: an exit code other than 0, which a report
// of the race detector is too, or no end at all. One that has ended before is judged by how.
func interrupt(p *process.Process) error {
	defer p.Close()
	if err := p.Signal(syscall.SIGINT); err != nil {
		return p.Err()
	}
	select {
	case <-p.Done():
	case <-time.After(shutdown):
		// Go prints all goroutines when it dies of this.
		_ = p.Signal(syscall.SIGQUIT)
		return fmt.Errorf("still there %v after Ctrl-C: %w", shutdown, p.Err())
	}
	return p.Err()
}

// splitRoom takes a room's URL, http://HOST:PORT/r/NAME or https://HOST/r/NAME, apart.
func splitRoom(room string) (base, name string, err error) {
	u, err := url.Parse(room)
	if err != nil {
		return "", "", err
	}
	name, found := strings.CutPrefix(u.Path, "/r/")
	at := u.Scheme == "https" && u.Host != "" || u.Scheme == "http" && u.Port() != ""
	if !at || u.Port() == "0" || !found || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("beckon's first line is %q, want http://HOST:PORT/r/NAME", room)
	}
	return u.Scheme + "://" + u.Host, name, nil
}

// lines is the stdout of a program: it tells when the first line is complete.
type lines struct {
	first chan struct{} // closed then

	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	complete := bytes.IndexByte(l.buf.Bytes(), '\n') >= 0
	l.buf.Write(b)
	if !complete && bytes.IndexByte(b, '\n') >= 0 {
		close(l.first)
	}
	return len(b), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
