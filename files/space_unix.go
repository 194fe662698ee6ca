//go:build linux || darwin

package files

import "golang.org/x/sys/unix"

// freeSpace is how many bytes this user may write where dir is; false if nobody knows.
func freeSpace(dir string) (free uint64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
