//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
func beckon(t *testing.T) string {
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
func serve(t *testing.T, ip string, args ...string) *server {
	t.Helper()
	path := beckon(t)
	free := net.JoinHostPort(ip, "0")
	args = append([]string{"serve", "--dev", "--listen", free, "--turn-listen", free}, args...)
	s := &server{stdout: &lines{first: make(chan struct{})}}
	var err error
	// The test's context ends before its cleanup; the server shall end by Stop.
	ctx := context.WithoutCancel(t.Context())
	s.process, err = process.Start(ctx, process.Config{Path: path, Args: args, Stdout: s.stdout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("beckon's stderr ends with:\n%s", s.process.Stderr())
		}
	})
	select {
	case <-s.stdout.first:
	case <-s.process.Done():
		t.Fatalf("beckon %s ended at once: %v", strings.Join(args, " "), s.process.Err())
	case <-time.After(patience):
		t.Fatalf("beckon %s printed no line", strings.Join(args, " "))
	}
	s.Room, _, _ = strings.Cut(s.stdout.String(), "\n")
	if s.Base, s.Name, err = splitRoom(s.Room); err != nil {
		t.Fatal(err)
	}
	return s
}

// Stop ends the server as Ctrl-C does and fails the test unless it ends with
// exit code 0, has printed nothing to stdout but its first line, and, if it has
// the race detector, no report of that. Later calls do nothing.
func (s *server) Stop(t *testing.T) {
	t.Helper()
	s.stop.Do(func() {
		defer s.process.Close()
		if err := s.process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("beckon: interrupt: %v", err)
		}
		select {
		case <-s.process.Done():
		case <-time.After(shutdown):
			// Go prints all goroutines when it dies of this.
			_ = s.process.Signal(syscall.SIGQUIT)
			<-s.process.Done()
			t.Errorf("beckon was still there %v after Ctrl-C", shutdown)
		}
		if err := s.process.Err(); err != nil {
			t.Errorf("beckon ended with %v", err)
		}
		if out := s.stdout.String(); out != s.Room+"\n" {
			t.Errorf("stdout has more than the room's URL: %q", out)
		}
	})
}

// splitRoom takes a room's URL, http://HOST:PORT/r/NAME, apart.
func splitRoom(room string) (base, name string, err error) {
	u, err := url.Parse(room)
	if err != nil {
		return "", "", err
	}
	name, found := strings.CutPrefix(u.Path, "/r/")
	if u.Scheme != "http" || u.Port() == "" || u.Port() == "0" || !found || name == "" || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("beckon's first line is %q, want http://HOST:PORT/r/NAME", room)
	}
	return "http://" + u.Host, name, nil
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
