// Package benches is what the programs that compare this project with others have in common: how rounds become one figure.
//
// It starts no goroutines, and its functions may be called from any.
package benches

import (
	"fmt"
	"slices"
)

// CheckRounds refuses a number of rounds that says nothing, or would take a day.
func CheckRounds(rounds int) error {
	if rounds < 1 || rounds > 100 {
		return fmt.Errorf("-rounds %d: choose from 1 to 100", rounds)
	}
	return nil
}

// Median is the middle one of values, or the mean of the two; 0 of none. One round of a machine that was busy with something else does not
// move it.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Ratios are those of a to b, round by round: what made a round slow made it so for both. Rounds that only one of them has are left out.
func Ratios(a, b []float64) (ratios []float64) {
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, a[i]/b[i])
	}
	return ratios
}
