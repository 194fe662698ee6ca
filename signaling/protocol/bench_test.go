package protocol

import (
	"encoding/json"
	"testing"
	"time"
)

// BenchmarkRoute measures the codec's share of routing a 1.2 kB signal, and prints its ratio to the usual way (decode an
// envelope with a RawMessage, set from, encode again), measured in the same run.
func BenchmarkRoute(b *testing.B) {
	frame := offer()
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		route(b, frame)
	}
	ours := b.Elapsed()
	b.StopTimer()
	start := time.Now()
	for range b.N {
		var s Signal
		if err := json.Unmarshal(frame, &s); err != nil {
			b.Fatal(err)
		}
		s.From, s.FromInstance = "ada", "00000000000000a1"
		if _, err := json.Marshal(s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(time.Since(start))/float64(ours), "x-usual")
}
