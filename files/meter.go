package files

import (
	"sync"
	"time"
)

// Progress is how far a transfer is.
type Progress struct {
	// Files is how many there are, and FilesDone how many of them are complete.
	Files, FilesDone int
	// Size is how many bytes there are, and Done how many of them the receiver has, as far as this side knows.
	Size, Done int64
	// Moved are the bytes that have been sent for it, or have come, since this side began.
	Moved int64
	// Rate is in bytes per second, as it was in the last seconds.
	Rate float64
}

// Left is the time that the rest takes if the rate stays; false if that cannot be said.
func (p Progress) Left() (time.Duration, bool) {
	if p.Rate < 1 {
		return 0, false
	}
	seconds := float64(p.Size-p.Done) / p.Rate
	if seconds > 1e8 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

const (
	rateWindow = 5 * time.Second
	sampleStep = 200 * time.Millisecond
)

// meter counts. The rate is over the last rateWindow of the times at which somebody looked: who looks rarely sees that of the time between.
type meter struct {
	mu      sync.Mutex
	now     Progress
	samples []sample // the oldest first
}

type sample struct {
	at    time.Time
	moved int64
}

// add counts bytes that the receiver has, and bytes that were sent.
func (m *meter) add(done, moved int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.samples) == 0 && moved > 0 { // from here on it takes time
		m.samples = append(m.samples, sample{time.Now(), m.now.Moved})
	}
	m.now.Done += done
	m.now.Moved += moved
}

// set changes something else.
func (m *meter) set(f func(*Progress)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.now)
}

func (m *meter) read() Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.samples); n > 0 {
		now := time.Now()
		if now.Sub(m.samples[n-1].at) >= sampleStep {
			m.samples = append(m.samples, sample{now, m.now.Moved})
		}
		for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= rateWindow {
			m.samples = m.samples[1:]
		}
		m.now.Rate = 0
		if past := now.Sub(m.samples[0].at); past > 0 {
			m.now.Rate = float64(m.now.Moved-m.samples[0].moved) / past.Seconds()
		}
	}
	return m.now
}
