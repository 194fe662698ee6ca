//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit ends a test that would hang.
const limit = 30 * time.Second

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// twoEnds are two ends of a stack, and the servers where they meet.
func twoEnds(t *testing.T, stack string) (b *bench, first, second *End) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	t.Cleanup(cancel)
	b = &bench{ctx: ctx}
	stop, err := b.serve()
	must(t, err)
	t.Cleanup(stop)
	first, second = &End{ctx: ctx, name: stack}, &End{ctx: ctx, name: stack}
	t.Cleanup(func() {
		_ = second.Leave(Load{}, nil)
		_ = first.Leave(Load{}, nil)
	})
	return b, first, second
}

// Every load goes between two ends of each stack, and in a watched place all parts of the opening are seen.
func TestEnds(t *testing.T) {
	for i, name := range []string{ours.stack, plain.stack, ours.stack} {
		alone := i == 2 // what comes is late as well
		t.Run(fmt.Sprint(name, " alone ", alone), func(t *testing.T) {
			b, first, second := twoEnds(t, name)
			to := Place{URL: b.far, Room: b.room(), Watch: true, Delay: time.Millisecond, Alone: alone}
			must(t, first.Enter(to, nil))
			waits := make(chan error, 1)
			go func() { waits <- first.Await(Load{}, nil) }()
			var parts Parts
			must(t, second.Join(to, &parts))
			must(t, <-waits)
			if parts.Join <= 0 || parts.Signals <= 0 || parts.ICE <= 0 || parts.DTLS <= 0 {
				t.Errorf("a part of the opening was not seen: %+v", parts)
			}
			var sent, taken Figures
			go func() { waits <- first.Take(Load{Size: 16 << 10, Count: 20}, &taken) }()
			must(t, second.Send(Load{Size: 16 << 10, Count: 20}, &sent))
			must(t, <-waits)
			go func() { waits <- first.Echo(Load{Size: 64, Count: 3}, &taken) }()
			must(t, second.Ping(Load{Size: 64, Count: 3}, &sent))
			must(t, <-waits)
			if len(sent.Samples) != 3 || sent.Took <= 0 {
				t.Errorf("the figures are %+v", sent)
			}
		})
	}
}

// A host is visited by several, as the memory is measured.
func TestCrowd(t *testing.T) {
	for _, name := range []string{ours.stack, plain.stack} {
		t.Run(name, func(t *testing.T) {
			b, host, visitors := twoEnds(t, name)
			to := Place{URL: b.server, Room: b.room(), Crowd: true}
			must(t, host.Host(to, nil))
			for range 3 {
				must(t, visitors.Visit(to, nil))
			}
			var m Memory
			must(t, host.Measure(Load{}, &m))
			if m.Bytes == 0 || m.Goroutines == 0 {
				t.Errorf("the memory is %+v", m)
			}
		})
	}
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rounds int
		load   float64
		want   int
	}{{1, 0.1, 1}, {2, -1, 1}, {3, 0.9, 0}, {5, 1.1, 1}, {1, 7, 2}} {
		if got := noise(c.rounds, c.load, 2); len(got) != c.want {
			t.Errorf("%d rounds with a load of %.1f: %q", c.rounds, c.load, got)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	m := &moments{begun: begun}
	for i := range m.at {
		m.at[i] = begun.Add(time.Duration(i+1) * time.Second)
	}
	m.at[secured] = time.Time{} // not seen
	want := Parts{Join: time.Second, Signals: time.Second, ICE: 0, DTLS: 2 * time.Second, Channel: time.Second}
	if got := m.parts(begun.Add(5 * time.Second)); got != want || got.Open() != 4*time.Second {
		t.Errorf("the parts are %+v", got)
	}
	m.at[secured], m.at[carried] = begun.Add(3*time.Second), time.Time{} // open before anything is said
	want = Parts{Join: time.Second, Signals: time.Second, ICE: time.Second, DTLS: 2 * time.Second}
	if got := m.parts(begun.Add(5 * time.Second)); got != want {
		t.Errorf("the parts are %+v", got)
	}
	for what, p := range map[moment][]byte{
		checked: {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0},
		secured: {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
		carried: {23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1},
	} {
		var m moments
		m.look(p)
		for i, at := range m.at {
			if at.IsZero() == (moment(i) == what) {
				t.Errorf("datagram %v: moment %d is %v", p, i, at)
			}
		}
	}
}

// What goes through a far server arrives whole, and its end as well.
func TestFar(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	f, err := newFar(l.Addr().String(), time.Millisecond)
	must(t, err)
	defer f.Close()
	said := strings.Repeat("far away ", 20_000)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.CopyN(c, c, int64(len(said)))
	}()
	c, err := net.Dial("tcp", f.Addr().String())
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(limit)))
	_, err = c.Write([]byte(said))
	must(t, err)
	heard, err := io.ReadAll(c)
	must(t, err)
	if string(heard) != said {
		t.Errorf("%d bytes came back of %d", len(heard), len(said))
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	s := series{}
	for i, v := range []float64{10, 30, 20, 40} {
		s.add("load", "a", v)
		s.add("load", "b", []float64{10, 10, 20, 10}[i])
	}
	if got := s.median("load", "a"); got != 25 {
		t.Errorf("the median is %v", got)
	}
	if got := s.ratio("load", "a", "b"); got != 2 { // of 1, 3, 1 and 4
		t.Errorf("the ratio is %v", got)
	}
	if got := s.median("load", "nobody"); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
	rounds := series{}
	rounds.addRound(s)
	rounds.addRound(series{{"load", "a"}: {5}})
	if got := rounds[[2]string{"load", "a"}]; !slices.Equal(got, []float64{25, 5}) {
		t.Errorf("the medians of the rounds are %v", got)
	}
	if got := s.spread("load", "a", "b"); got != "2.00 (1.00–4.00)" {
		t.Errorf("the spread is %q", got)
	}
	if got := s.cell("load", "a", 1) + s.cell("load", "nobody", 1) + s.spread("load", "a", "nobody"); got != "25.0––" {
		t.Errorf("the cells are %q", got)
	}
	values := []int{5, 1, 4, 2, 3}
	if lo, mid, hi := quantile(values, 0), quantile(values, 0.5), quantile(values, 0.99); lo != 1 || mid != 3 || hi != 5 || !slices.Equal(values, []int{5, 1, 4, 2, 3}) {
		t.Errorf("the quantiles are %d, %d, %d", lo, mid, hi)
	}
	var out strings.Builder
	must(t, table(&out, "A title.", [][]string{{"what", "how many"}, {"a", "1"}}))
	if want := "\nA title.\n\n| what | how many |\n| ---  | ---      |\n| a    | 1        |\n"; out.String() != want {
		t.Errorf("the table is %q", out.String())
	}
}
