//go:build unix && !linux

package process

import "syscall"

// groupAttr gives the program a process group of its own, so that it is killed
// with all of its children. Only Linux can also tie its life to the test's.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
