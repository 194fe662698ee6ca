//go:build unix

package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// Browser is a running browser. All methods may be called at any time and from
// several goroutines.
type Browser struct {
	// Kind is what was started.
	Kind Kind

	process *process.Process
	dir     string
	remove  func() error // removes dir, once
}

// Config says what to start. Kind and Page must be set.
type Config struct {
	Kind Kind
	// Page is what is opened, by its URL.
	Page string
	// Hosts are further hosts than that of the page, names or addresses, that the page needs.
	Hosts []string
	// World is what it finds beside addresses.
	World World
	// Flags are further ones, of the kind's own.
	Flags []string
	// Dark has pages see a user who prefers dark colours.
	Dark bool
	// Private opens the page in a private window, which is Firefox's alone: Chromium's keep files as others do, until they are closed.
	Private bool
	// Wrap, if it is not nil, makes of the program and its arguments what is run instead: something that becomes the program, by exec,
	// in another network namespace perhaps.
	Wrap func(path string, args ...string) (string, []string)
}

// Start opens page in a new browser of the kind: see StartWith.
func Start(ctx context.Context, kind Kind, page string) (*Browser, error) {
	return StartWith(ctx, Config{Kind: kind, Page: page})
}

// StartWith opens a page in a new browser, which must be installed: see
// Find. The browser has a process group and a profile of its own; it is killed
// when ctx ends or Close is called. StartWith returns when the process runs, not
// when the page is loaded.
func StartWith(ctx context.Context, cfg Config) (*Browser, error) {
	path, missing := Find(cfg.Kind)
	if missing != "" {
		return nil, fmt.Errorf("browser: start %s: %s", cfg.Kind, missing)
	}
	// A short name, because Chromium puts a Unix socket below it, whose whole
	// path may have 107 bytes. So no t.TempDir, which is as long as the test's name.
	dir, err := os.MkdirTemp("", "beckon-b")
	if err != nil {
		return nil, fmt.Errorf("browser: start %s: %w", cfg.Kind, err)
	}
	b := &Browser{
		Kind:   cfg.Kind,
		dir:    dir,
		remove: sync.OnceValue(func() error { return os.RemoveAll(dir) }),
	}
	args, env, err := command(cfg, dir)
	if err == nil {
		if cfg.Wrap != nil {
			path, args = cfg.Wrap(path, args...)
		}
		b.process, err = process.Start(ctx, process.Config{Path: path, Args: args, Env: env, Dir: dir})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("browser: start %s: %w", cfg.Kind, err), b.remove())
	}
	return b, nil
}

// Done is closed when the browser has exited, by itself or by Close.
func (b *Browser) Done() <-chan struct{} { return b.process.Done() }

// PID is the browser's first process, and the process group of all of them but the crash handler.
func (b *Browser) PID() int { return b.process.PID }

// Stderr returns the end of what the browser has written to stderr so far, less
// Chromium's complaints that there is no desktop bus: fifty lines at each start.
func (b *Browser) Stderr() string {
	var kept strings.Builder
	for line := range strings.Lines(b.process.Stderr()) {
		if !strings.Contains(line, ":dbus/") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// Close kills the browser with its whole process group, waits until that is
// gone and removes the profile. It may be called more than once; the error is
// that of the removal.
func (b *Browser) Close() error {
	b.process.Close()
	if err := b.remove(); err != nil {
		return fmt.Errorf("browser: close %s: %w", b.Kind, err)
	}
	return nil
}
