package process

import "syscall"

// groupAttr gives the program a process group of its own, so that it is killed
// with all of its children, and has the kernel kill it when the test program
// dies without cleaning up, as `go test -timeout` makes it die.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
