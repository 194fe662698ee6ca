package testlog

import (
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLog: what several write at a time while another reads is all there, each line whole. The race detector has its say, too.
func TestLog(t *testing.T) {
	t.Parallel()
	var log Log
	var writing sync.WaitGroup
	for range 8 {
		writing.Go(func() {
			for range 100 {
				_, _ = log.Write([]byte("a line\n"))
				_ = log.String()
			}
		})
	}
	writing.Wait()
	if got := log.String(); got != strings.Repeat("a line\n", 800) {
		t.Errorf("%d bytes are there of 800 lines", len(got))
	}
}
