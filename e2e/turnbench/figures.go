//go:build linux

package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/beckon-rtc/beckon/e2e/benches"
)

// figures are what one load against one server came to.
type figures struct {
	rate float64 // packets relayed in a second, while most were
	loss float64 // of what the clients sent, on the whole way; 0 to 1
	cpu  float64 // seconds of the server's CPU for a million packets relayed

	received int // messages
}

func (f figures) String() string {
	return fmt.Sprintf("%7.0f packets/s  %5.1f %% lost  %5.2f CPU-s/M", f.rate, 100*f.loss, f.cpu)
}

// progress is a line of the load generator.
type progress struct{ sent, received int }

var progressLine = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)`)

func parse(line string) (progress, bool) {
	m := progressLine.FindStringSubmatch(line)
	if m == nil {
		return progress{}, false
	}
	sent, err1 := strconv.Atoi(m[1])
	received, err2 := strconv.Atoi(m[2])
	return progress{sent, received}, err1 == nil && err2 == nil
}

// window finds the best rate over at least span. The clients begin up to 5 s after each other, and a rate over all of that time
// would say how long they waited.
type window struct {
	at       []time.Time
	received []int
}

const span = 1500 * time.Millisecond

func (w *window) add(at time.Time, received int) {
	w.at, w.received = append(w.at, at), append(w.received, received)
}

// rate is in messages per second; 0 when there was less than a span.
func (w *window) rate() (best float64) {
	for i := range w.at {
		for j := i + 1; j < len(w.at); j++ {
			if d := w.at[j].Sub(w.at[i]); d >= span {
				best = max(best, float64(w.received[j]-w.received[i])/d.Seconds())
				break
			}
		}
	}
	return best
}

// table collects figures by load and server. The zero value is empty.
type table struct {
	loads []string // in the order in which they came
	runs  map[[2]string][]figures
}

func (t *table) add(load, server string, f figures) {
	if t.runs == nil {
		t.runs = map[[2]string][]figures{}
	}
	if !slices.Contains(t.loads, load) {
		t.loads = append(t.loads, load)
	}
	t.runs[[2]string{load, server}] = append(t.runs[[2]string{load, server}], f)
}

// print writes the medians, as Markdown. The ratios are medians too, of the ratios of each round.
func (t *table) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| load\t| packets/s\t| coturn\t| ratio\t| lost\t| coturn\t| CPU-s per million packets\t| coturn\t| ratio\t|")
	fmt.Fprintln(w, "| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, l := range t.loads {
		b, c := t.runs[[2]string{l, "beckon"}], t.runs[[2]string{l, "coturn"}]
		rate, loss, cpu := func(f figures) float64 { return f.rate }, func(f figures) float64 { return f.loss }, func(f figures) float64 { return f.cpu }
		fmt.Fprintf(w, "| %s\t| %.0f\t| %.0f\t| %.2f\t| %.1f %%\t| %.1f %%\t| %.2f\t| %.2f\t| %.2f\t|\n", l,
			benches.Median(each(b, rate)), benches.Median(each(c, rate)), benches.Median(benches.Ratios(each(b, rate), each(c, rate))),
			100*benches.Median(each(b, loss)), 100*benches.Median(each(c, loss)),
			benches.Median(each(b, cpu)), benches.Median(each(c, cpu)), benches.Median(benches.Ratios(each(b, cpu), each(c, cpu))))
	}
	return w.Flush()
}

func each(runs []figures, field func(figures) float64) (values []float64) {
	for _, f := range runs {
		values = append(values, field(f))
	}
	return values
}
