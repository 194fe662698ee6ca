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
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go interrupted(signals, cancel, os.Exit)
	if !onTerminal() {
		signal.Ignore(syscall.SIGHUP) // until the keys' file is watched for it
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ()))
}

// onTerminal tells whether the process has a terminal, whose end a SIGHUP would say. To a service it says that files should be read again,
// and one that has none to read goes on: systemd takes an end by SIGHUP for an orderly one, and would not start it again.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = tty.Close()
	return true
}

// interrupted begins an orderly end at the first signal and ends the process at the second. The second is not left to the
// system, which ignores it for the first process of a container and for what a script started in the background.
func interrupted(signals <-chan os.Signal, cancel context.CancelFunc, exit func(code int)) {
	<-signals
	cancel()
	<-signals
	exit(exitFailure)
}

// The exit codes of the program.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// process is what a sub-command may know of the process that it runs in. Tests make one in memory.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string // in the form of os.Environ
}

// run is the program without the process: it does what args say until ctx ends and returns the exit code. env has the
// form of os.Environ.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env []string) int {
	command, done, err := parse(args, stdout, stderr, env)
	if err == nil && !done {
		err = command(ctx, &process{os.Stdin, stdout, stderr, env})
	}
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "beckon: %s\n", legible(err.Error()))
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
