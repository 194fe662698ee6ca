//go:build unix

package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// drain bounds how long a killed browser may keep its stderr open. SIGKILL
// closes it at once; only a process that left the group could hold it longer.
const drain = 5 * time.Second

// Process is a running browser. All methods may be called at any time and from
// several goroutines.
type Process struct {
	// Kind is what was started, PID its first process and the id of its group.
	Kind Kind
	PID  int

	dir    string
	cancel context.CancelFunc
	stderr tail
	done   chan struct{} // closed by run when every process is gone
	remove func() error  // removes dir, once
}

// Start opens url in a new browser of the kind, which must be installed: see
// Find. The browser has a process group and a profile of its own; it is killed
// when ctx ends or Close is called. Start returns when the process runs, not
// when the page is loaded.
func Start(ctx context.Context, kind Kind, url string) (*Process, error) {
	path, missing := Find(kind)
	if missing != "" {
		return nil, fmt.Errorf("browser: start %s: %s", kind, missing)
	}
	// A short name, because Chromium puts a Unix socket below it, whose whole
	// path may have 107 bytes. So no t.TempDir, which is as long as the test's name.
	dir, err := os.MkdirTemp("", "beckon-b")
	if err != nil {
		return nil, fmt.Errorf("browser: start %s: %w", kind, err)
	}
	remove := sync.OnceValue(func() error { return os.RemoveAll(dir) })
	args, env, err := command(kind, dir, url)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("browser: start %s: %w", kind, err), remove())
	}

	ctx, cancel := context.WithCancel(ctx)
	p := &Process{Kind: kind, dir: dir, cancel: cancel, done: make(chan struct{}), remove: remove}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = env
	cmd.Dir = dir
	cmd.Stderr = &p.stderr
	cmd.SysProcAttr = groupAttr()
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	// Not os.File but a pipe that os/exec copies: Wait then returns only when
	// everybody who inherited stderr is gone, which is the whole family.
	cmd.WaitDelay = drain

	started := make(chan error)
	go p.run(cmd, started)
	if err := <-started; err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("browser: start %s: %w", kind, err), remove())
	}
	return p, nil
}

// run starts the process and waits for it on one thread: the kernel sends the
// signal of groupAttr when the starting thread ends, not the program.
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
	// How a killed browser exits says nothing.
	_ = cmd.Wait()
	// A browser that ended by itself may have left children behind.
	_ = killGroup(p.PID)
}

// Done is closed when the browser has exited, by itself or by Close.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stderr returns the end of what the browser has written to stderr so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// Close kills the browser with its whole process group, waits until that is
// gone and removes the profile. It may be called more than once; the error is
// that of the removal.
func (p *Process) Close() error {
	p.cancel()
	<-p.done
	if err := p.remove(); err != nil {
		return fmt.Errorf("browser: close %s: %w", p.Kind, err)
	}
	return nil
}

// killGroup ends every process of the group that pid leads. That there is none
// left is not an error.
func killGroup(pid int) error {
	err := syscall.Kill(-pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
