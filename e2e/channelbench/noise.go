//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// fewRounds are so few that one bad minute is in the median.
const fewRounds = 3

// noise says why figures should not be believed: rounds are few, or the machine had something else to do when they began. load is how many
// programs wanted to run then, on average over a minute, negative if that is not known.
func noise(rounds int, load float64, cpus int) (warnings []string) {
	if rounds < fewRounds {
		warnings = append(warnings, fmt.Sprintf("with fewer than %d rounds nothing sets apart what is slow from what had a bad minute: take 5, with ROUNDS=5, before you believe a figure or a ratio", fewRounds))
	}
	if load > float64(cpus)/2 {
		warnings = append(warnings, fmt.Sprintf("when it began %.1f other programs wanted to run on this machine's %d CPUs: measure when it is idle", load, cpus))
	}
	return warnings
}

// warnOfNoise writes these to stderr, before and behind the tables, and keeps the tables what they are.
func warnOfNoise(warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintln(os.Stderr, "noise:", warning)
	}
}

// warningsNow is noise as things are.
func warningsNow(rounds int) []string {
	load := -1.0
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(text), " ")
		if v, err := strconv.ParseFloat(first, 64); err == nil {
			load = v
		}
	}
	return noise(rounds, load, runtime.NumCPU())
}
