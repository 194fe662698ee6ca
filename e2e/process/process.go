//go:build unix

// Package process runs another program for a test, so that nothing of it
// outlives the test: neither its children nor, on Linux, itself when the test
// program dies without cleaning up.
//
//	goroutine   owns                                            ends
//	run         the process: starts it, waits for it and its    when all of them
//	            children                                        are gone
//
// os/exec adds goroutines that copy the output and one that watches the
// context; they have ended before run does. Close waits for run.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// drain bounds how long a killed program may keep its output open. SIGKILL
// closes it at once; only a process that left the group could hold it longer.
const drain = 5 * time.Second

// Config says what to run.
type Config struct {
	// Path is the program, Args its arguments without the program's name.
	Path string
	Args []string
	// Env is the whole environment; nil means that of the test.
	Env []string
	// Dir is the working directory; empty means that of the test.
	Dir string
	// Stdout takes what the program prints; nil means that nobody reads it.
	Stdout io.Writer
	// Stderr takes what it complains about, all of it; of that, Process.Stderr has the end in any case.
	Stderr io.Writer
}

// Process is a running program. All methods may be called at any time and from
// several goroutines.
type Process struct {
	// PID is the program's process and the id of its group.
	PID int

	cancel context.CancelFunc
	stderr tail
	done   chan struct{} // closed by run when every process is gone
	err    error         // how the program ended; run's until done is closed
}

// Start runs the program in a process group of its own, which is killed when
// ctx ends or Close is called.
func Start(ctx context.Context, cfg Config) (*Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Process{cancel: cancel, done: make(chan struct{})}
	cmd := exec.CommandContext(ctx, cfg.Path, cfg.Args...)
	cmd.Env = cfg.Env
	cmd.Dir = cfg.Dir
	cmd.Stdout = cfg.Stdout
	// Not a file but a pipe that os/exec copies: Wait then returns only when
	// everybody who inherited stderr is gone, which is the whole family. So
	// nobody has to poll for children.
	cmd.Stderr = &p.stderr
	if cfg.Stderr != nil {
		cmd.Stderr = io.MultiWriter(&p.stderr, cfg.Stderr)
	}
	cmd.WaitDelay = drain
	cmd.SysProcAttr = groupAttr()
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }

	started := make(chan error)
	go p.run(cmd, started)
	if err := <-started; err != nil {
		cancel()
		return nil, fmt.Errorf("process: start %s: %w", cfg.Path, err)
	}
	return p, nil
}

// run starts the program and waits for it on one thread: the kernel sends the
// signal of groupAttr when the starting thread ends, not the test program.
func (p *Process) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	if err == nil {
		p.PID = cmd.Process.Pid
	}
	started <- err
	if err != nil {
		return
	}
	defer close(p.done)
	p.err = cmd.Wait()
	// A program that ended by itself may have left children behind. That
	// there are none is the rule.
	_ = killGroup(p.PID)
}

// Signal sends sig to the program, but not to its children.
func (p *Process) Signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return os.ErrProcessDone
	default:
	}
	return syscall.Kill(p.PID, sig)
}

// Done is closed when the program and its children have ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err waits until the program has ended and says how: nil is exit code 0, else
// it is as of exec.Cmd.Wait.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Stderr returns the end of what the program has written to stderr so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// Close kills the program with its whole group, unless it has ended already,
// and waits until that is gone. It may be called more than once.
func (p *Process) Close() {
	p.cancel()
	<-p.done
}

// killGroup ends every process of the group that pid leads.
func killGroup(pid int) error {
	err := syscall.Kill(-pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
