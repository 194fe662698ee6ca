package browser

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// members returns the living processes of the browser, as "pid (name)": those
// of its group, and those whose command line names its folder, as the crash
// handlers' do, which leave the group. A zombie is none of them: it holds
// nothing but its exit code, until its new parent, which may be a container's
// idle first process, reads it.
func members(t *testing.T, b *Browser) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // gone since the listing
		}
		// pid (name) state ppid pgrp …, where the name may have spaces and
		// parentheses of its own: proc_pid_stat(5).
		end := bytes.LastIndexByte(stat, ')')
		fields := bytes.Fields(stat[end+1:])
		alive := string(fields[0]) != "Z" && string(fields[0]) != "X"
		// A process that is gone by now names nothing.
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if alive && (string(fields[2]) == strconv.Itoa(b.process.PID) || bytes.Contains(line, []byte(b.dir))) {
			found = append(found, string(stat[:end+1]))
		}
	}
	return found
}
