//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// role is what this test program does in a process of its own instead of testing: what must be killed, or whose memory is
// measured, cannot be a goroutine.
type role string

const (
	roleMember  role = "member"  // one of the room whose server is killed: crashmember_test.go
	roleEcho    role = "echo"    // the naive server: naive_test.go
	roleIdle    role = "idle"    // a Beckon server that tells its memory: idle_test.go
	roleClients role = "clients" // many clients that do nothing: idle_test.go
	roleLab     role = "lab"     // a peer in a lab: labmember_test.go
	roleBulk    role = "bulk"    // one that sends a lot, or reads it slowly: bulkmember_test.go
)

// The variables by which a process learns its role, and what it has to do in it, as JSON.
const (
	roleVariable = "BECKONTEST_ROLE"
	taskVariable = "BECKONTEST_TASK"
)

// play does what a role is there for, and returns the exit code.
func play(r role) int {
	var err error
	switch r {
	case roleMember:
		err = playMember(os.Getenv(taskVariable))
	case roleEcho:
		err = playEcho(os.Getenv(taskVariable))
	case roleIdle:
		err = playIdle()
	case roleClients:
		err = playClients(os.Getenv(taskVariable))
	case roleBulk:
		err = playBulk(os.Getenv(taskVariable))
	case roleLab:
		err = playLab(os.Getenv(taskVariable))
	default:
		err = fmt.Errorf("there is no role %q", r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// actor is a process with a role. It is killed when the test ends, if it has not ended by then.
type actor struct {
	*process.Process
	// First is the first line that it printed.
	First string
}

// cast starts a process with a role, and returns when it has printed its first line.
func cast(t testing.TB, r role, task any) *actor {
	t.Helper()
	a, err := castNow(context.WithoutCancel(t.Context()), r, task)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// castNow is cast for those who start it again and again; it ends with ctx.
func castNow(ctx context.Context, r role, task any) (*actor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	out := &lines{first: make(chan struct{})}
	a := &actor{}
	a.Process, err = process.Start(ctx, process.Config{
		Path:   self,
		Env:    append(os.Environ(), roleVariable+"="+string(r), taskVariable+"="+string(encoded)),
		Stdout: out,
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-out.first:
		a.First, _, _ = strings.Cut(out.String(), "\n")
		return a, nil
	case <-a.Done():
		err = fmt.Errorf("ended before it printed a line: %w", a.Err())
	case <-time.After(patience):
		err = errors.New("printed no line")
	}
	a.Close()
	return nil, fmt.Errorf("%s: %w\n%s", r, err, a.Stderr())
}
