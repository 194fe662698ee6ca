package benches_test

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/e2e/benches"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 9, 2}, 3}} {
		before := slices.Clone(c.values)
		if got := benches.Median(c.values); got != c.want || !slices.Equal(c.values, before) {
			t.Errorf("of %v: %v, and they are %v", before, got, c.values)
		}
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	if got := benches.Ratios([]float64{1, 6, 9}, []float64{2, 2}); !slices.Equal(got, []float64{0.5, 3}) {
		t.Error(got)
	}
}

func TestCheckRounds(t *testing.T) {
	t.Parallel()
	for rounds, good := range map[int]bool{-1: false, 0: false, 1: true, 100: true, 101: false} {
		if err := benches.CheckRounds(rounds); (err == nil) != good {
			t.Errorf("%d: %v", rounds, err)
		}
	}
}
