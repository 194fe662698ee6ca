//go:build linux

package main

import (
	"cmp"
	"slices"
)

func quantile[T cmp.Ordered](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return quantile(values, 0.5)
}
