package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the context and so begins an orderly end. From then on signals are the system's again, so
	// that a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ()))
}

// The exit codes of the program.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// process is what a sub-command may know of the process that it runs in. Tests make one in memory.
type process struct {
	stdout, stderr io.Writer
}

// run is the program without the process: it does what args say until ctx ends and returns the exit code. env has the
// form of os.Environ.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env []string) int {
	command, done, err := parse(args, stdout, stderr, env)
	if err == nil && !done {
		err = command(ctx, &process{stdout, stderr})
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "beckon: %v\n", err)
	if _, wrong := errors.AsType[*usageError](err); wrong {
		return exitUsage
	}
	return exitFailure
}

// usageError is a command line that makes no sense, whatever the state of the machine: exit code 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}
