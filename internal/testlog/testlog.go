// Package testlog is for tests that read a log while others write it.
//
// It has no goroutines.
package testlog

import (
	"bytes"
	"sync"
)

// Log is all that was written to it. The zero value is empty; its methods may be called at the same time.
type Log struct {
	mu  sync.Mutex
	all bytes.Buffer // guarded by mu
}

// Write never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// String is what was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
