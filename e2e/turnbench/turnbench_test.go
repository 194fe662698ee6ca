//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/beckon-rtc/beckon/internal/lacking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is a load that a test can wait for.
func short(pairs bool) load {
	return load{name: "short", clients: 4, messages: 100, size: 300, interval: 2 * time.Millisecond, pairs: pairs}
}

// TestShortRound runs everything once, with a load that is too small to say anything about speed: figures must come, and be such as can
// be.
func TestShortRound(t *testing.T) {
	if err := installed(); err != nil {
		lacking.Skip(t, err.Error())
	}
	beckon := filepath.Join(t.TempDir(), "beckon")
	if out, err := exec.Command("go", "build", "-o", beckon, "../../cmd/beckon").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, s := range order(beckon, 0) {
		for _, l := range []load{short(false), short(true)} {
			t.Run(fmt.Sprintf("%s pairs=%v", s.name, l.pairs), func(t *testing.T) {
				t.Parallel() // they mostly wait for the load generator
				f, err := measure(t.Context(), s, l)
				if err != nil {
					t.Fatal(err)
				}
				t.Log(f)
				// Not how fast it was, nor whether a busy machine lost some.
				if f.received <= 0 || f.received > l.total() || f.cpu < 0 || f.loss < 0 || f.loss >= 1 {
					t.Errorf("%+v", f)
				}
			})
		}
	}
}

func TestNothingRelayedIsAnError(t *testing.T) {
	t.Parallel()
	zero := func() (time.Duration, error) { return 0, nil }
	_, err := watch(strings.NewReader("0: : Total connect time is 0\n0: : error 508 (no)\n"), load{clients: 1, messages: 1}, zero)
	if err == nil || !strings.Contains(err.Error(), "error 508") {
		t.Errorf("got %v", err)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	said := `0: : Total connect time is 1
1: : start_mclient: msz=2, tot_send_msgs=100, tot_recv_msgs=50, tot_send_bytes ~ 1, tot_recv_bytes ~ 1
2: : start_mclient: msz=2, tot_send_msgs=200, tot_recv_msgs=150, tot_send_bytes ~ 1, tot_recv_bytes ~ 1
3: : start_mclient: msz=2, tot_send_msgs=200, tot_recv_msgs=150, tot_send_bytes ~ 1, tot_recv_bytes ~ 1
`
	now := time.Duration(0)
	f, err := watch(strings.NewReader(said), load{clients: 2, messages: 100}, func() (time.Duration, error) {
		now += time.Second // so it is 1 s when all have connected, and 3 s when the last arrives
		return now, nil
	})
	if err != nil || f.received != 150 || f.loss != 0.25 || f.cpu != 2e6/300 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestRateIsTheBest(t *testing.T) {
	t.Parallel()
	var w window
	for i, received := range []int{0, 100, 1000, 2000, 2100} {
		w.add(time.Unix(int64(i), 0), received)
	}
	if got := w.rate(); got != 950 {
		t.Errorf("%v a second, want 950: from 100 to 2,000 in two", got)
	}
	if got := (&window{}).rate(); got != 0 {
		t.Errorf("%v of nothing", got)
	}
}

func TestRateIsAtMostWhatIsOffered(t *testing.T) {
	t.Parallel()
	var w window
	for i, received := range []int{0, 1000, 2000} {
		w.add(time.Unix(int64(i), 0), received)
	}
	for _, c := range []struct {
		load load
		want float64
	}{
		{load{clients: 10, interval: 10 * time.Millisecond, pairs: true}, 1000},
		{load{clients: 10, interval: 10 * time.Millisecond}, 2000},
		{load{clients: 9, interval: 10 * time.Millisecond}, 1800},
		{load{clients: 1}, 2000}, // without a wait there is no such bound
	} {
		if got := c.load.rate(&w); got != c.want {
			t.Errorf("%+v: %v a second, want %v", c.load, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var results table
	for round, cpu := range []float64{4, 6, 5} {
		results.add("load", "beckon", figures{rate: 2000, cpu: cpu})
		results.add("load", "coturn", figures{rate: 1000, cpu: 10, loss: float64(round) / 10})
	}
	var out strings.Builder
	if err := results.print(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	cells := strings.FieldsFunc(lines[len(lines)-1], func(r rune) bool { return r == '|' })
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	if want := []string{"load", "2000", "1000", "2.00", "0.0 %", "10.0 %", "5.00", "10.00", "0.50"}; !slices.Equal(cells, want) {
		t.Errorf("got %q, want %q", cells, want)
	}
}
