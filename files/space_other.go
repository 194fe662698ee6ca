//go:build !linux && !darwin && !windows

package files

// freeSpace does not know.
func freeSpace(string) (free uint64, known bool) { return 0, false }
