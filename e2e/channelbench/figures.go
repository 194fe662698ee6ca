//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/beckon-rtc/beckon/e2e/benches"
)

// series are the values of one figure, by what it is of and by whom it is. The rounds of all stand in the same order.
type series map[[2]string][]float64

func (s series) add(of, by string, value float64) {
	s[[2]string{of, by}] = append(s[[2]string{of, by}], value)
}

// addRound adds the medians of what one round has measured several times.
func (s series) addRound(of series) {
	for key, values := range of {
		s.add(key[0], key[1], benches.Median(values))
	}
}

func (s series) median(of, by string) float64 { return benches.Median(s[[2]string{of, by}]) }

// ratios are those of each round, which know no good or bad minutes.
func (s series) ratios(of, by, to string) []float64 {
	return benches.Ratios(s[[2]string{of, by}], s[[2]string{of, to}])
}

func (s series) ratio(of, by, to string) float64 { return benches.Median(s.ratios(of, by, to)) }

// spread is the median ratio as a cell of a table, with the least and the greatest.
func (s series) spread(of, by, to string) string {
	all := s.ratios(of, by, to)
	if len(all) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", benches.Median(all), slices.Min(all), slices.Max(all))
}

// cell is the median as one.
func (s series) cell(of, by string, digits int) string {
	if len(s[[2]string{of, by}]) == 0 {
		return "–"
	}
	return number(s.median(of, by), digits)
}

func number(f float64, digits int) string { return strconv.FormatFloat(f, 'f', digits, 64) }

// quantile of values, of which there must be some.
func quantile[T cmp.Ordered](values []T, q float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// milliseconds of a duration.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// table writes rows of cells as Markdown; the first row is the heading.
func table(out io.Writer, title string, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	for i, row := range rows {
		fmt.Fprintf(w, "| %s\t|\n", strings.Join(row, "\t| "))
		if i == 0 {
			fmt.Fprintf(w, "|%s\n", strings.Repeat(" ---\t|", len(row)))
		}
	}
	fmt.Fprintf(out, "\n%s\n\n", title)
	return w.Flush()
}

// bytesOf is a size as people write it.
func bytesOf(n int) string { return fmt.Sprintf("%d KiB", n>>10) }
