//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc, which Linux tells programs to be this on every machine: time(7), USER_HZ.
const tick = 10 * time.Millisecond

// Kinds of a browser's processes.
const (
	renderer = "renderer" // runs pages, with SCTP and DTLS
	network  = "network"  // has the sockets
	rest     = "the rest"
)

// usage is what one of a browser's processes has used and has.
type usage struct {
	cpu   time.Duration // user and system, so far
	bytes uint64        // of memory that is its alone
}

// usageOf is that of the processes of a group, by kind.
func usageOf(group int) (map[string]usage, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	found := map[string]usage{}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // gone since the listing
		}
		pgrp, cpu, err := parseStat(stat)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if pgrp != group {
			continue
		}
		dir := filepath.Dir(path)
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		rollup, _ := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
		kind := kindOf(string(line))
		u := found[kind]
		found[kind] = usage{u.cpu + cpu, u.bytes + private(rollup)}
	}
	if found[renderer].cpu == 0 {
		return nil, fmt.Errorf("the process group %d has no page that runs", group)
	}
	return found, nil
}

func kindOf(commandLine string) string {
	switch {
	case strings.Contains(commandLine, "--type=renderer"):
		return renderer
	case strings.Contains(commandLine, "--utility-sub-type=network."):
		return network
	}
	return rest
}

// parseStat takes the process group and the CPU time from proc_pid_stat(5): pid (name) state ppid pgrp …, where the name may have spaces and
// parentheses of its own.
func parseStat(stat []byte) (group int, cpu time.Duration, err error) {
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0, 0, fmt.Errorf("%d fields", len(fields))
	}
	var numbers [3]int
	for i, at := range []int{2, 11, 12} {
		if numbers[i], err = strconv.Atoi(fields[at]); err != nil {
			return 0, 0, err
		}
	}
	return numbers[0], time.Duration(numbers[1]+numbers[2]) * tick, nil
}

// private sums up the memory that no other process shares: proc_pid_smaps_rollup(5).
func private(rollup []byte) (bytesOf uint64) {
	for s := bufio.NewScanner(bytes.NewReader(rollup)); s.Scan(); {
		f := strings.Fields(s.Text())
		if len(f) == 3 && (f[0] == "Private_Clean:" || f[0] == "Private_Dirty:") {
			n, _ := strconv.ParseUint(f[1], 10, 64)
			bytesOf += n << 10
		}
	}
	return bytesOf
}
