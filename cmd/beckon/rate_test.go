package main

import (
	"io"
	"strings"
	"testing"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]byteRate{"2MB": 2e6, "2mB/s": 2e6, "500kB": 5e5, "1.5MB/s": 15e5, "64KiB": 64 << 10, "800B": 800} {
		if got := parsed[*sendCmd](t, nil, []string{"send", "--limit", text, "rate.go"}).Limit; got != want {
			t.Errorf("--limit %s is %d, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "2", "0MB", "-1MB", "fast", "2Mbit", "2mb/s"} { // the last would be bits
		parser, err := newParser(io.Discard, io.Discard, nil, func() {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"receive", "LINK", "--limit=" + text}); err == nil || !strings.Contains(err.Error(), "like 2MB") {
			t.Errorf("--limit=%s: %v", text, err)
		}
	}
}
