package lights

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipe is a channel in memory, in one direction, which loses and delays what is sent on it.
type pipe struct {
	packets chan []byte
	random  *rand.Rand // the sender's
	loss    float64
}

var (
	_ Sender   = (*pipe)(nil)
	_ Receiver = (*pipe)(nil)
)

var errClosed = errors.New("closed")

func (p *pipe) Send(_ context.Context, data []byte) error {
	if p.random.Float64() < p.loss {
		return nil
	}
	late := time.Duration(p.random.IntN(60)) * time.Millisecond // so that some overtake others
	time.AfterFunc(late, func() { p.packets <- data })
	return nil
}

func (p *pipe) Recv(ctx context.Context) ([]byte, bool, error) {
	select {
	case <-ctx.Done():
		return nil, false, errClosed
	case data := <-p.packets:
		return data, false, nil
	}
}

// A match of bots, each in goroutines of its own as with channels of a room, through a network that loses a tenth, delays and reorders.
func TestBotsPlayAMatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		skills := []Skill{Keen, Fair, Easy}
		var helms []*Helm
		numbers := []uint32{Number("a"), Number("b"), Number("c")}
		for i, skill := range skills {
			h := NewHelm(Seed("tea"), numbers[i], skill)
			helms = append(helms, h)
			running.Go(func() { _ = h.Run(ctx) })
		}
		for i, from := range helms {
			for j, to := range helms {
				if i == j {
					continue
				}
				p := &pipe{packets: make(chan []byte, 64), random: rand.New(rand.NewPCG(uint64(i), uint64(j))), loss: 0.1}
				running.Go(func() { _ = from.Tell(ctx, p) })
				running.Go(func() { _ = to.Listen(ctx, numbers[i], p) })
			}
		}
		const seconds = 120
		time.Sleep(seconds * time.Second)
		synctest.Wait()
		var score [3]uint32
		for i, h := range helms {
			report := h.Report()
			score[i] = report.Score
			t.Logf("%s: %+v", skills[i], report)
			h.with(func(s *Sea) {
				if s.tick < seconds*Rate-1 {
					t.Errorf("%s has played %d ticks in %d s", skills[i], s.tick, seconds)
				}
				for _, o := range s.Others() {
					if o.Held > 0 {
						t.Errorf("%s holds %+v", skills[i], o)
					}
				}
			})
			// Two others, a tenth lost; what was overtaken is dropped as old.
			if all := report.Counts.Heard + report.Counts.Old; all < 2*seconds*Rate*8/10 || report.Counts.Old == 0 || report.Counts.Malformed+report.Counts.Foreign > 0 {
				t.Errorf("%s has heard %+v", skills[i], report.Counts)
			}
		}
		if score[0] <= score[1] || score[1] <= score[2] || score[2] < 5 {
			t.Errorf("the scores are %d", score)
		}
		cancel()
		running.Wait()
		time.Sleep(time.Second) // for what is on its way in the pipes
	})
}

// Without anybody to play with a bot rests, and it plays on when somebody comes.
func TestHelmRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		h := NewHelm(1, 2, Fair)
		done := make(chan struct{})
		go func() { defer close(done); _ = h.Run(ctx) }()
		ticks := func() (n uint32) {
			h.with(func(s *Sea) { n = s.tick })
			return n
		}
		time.Sleep(time.Minute)
		if n := ticks(); n != 0 {
			t.Errorf("it has played %d ticks alone", n)
		}
		for range 2 {
			before := ticks()
			told, stop := context.WithTimeout(ctx, 2*time.Second)
			p := &pipe{packets: make(chan []byte, 128), random: rand.New(rand.NewPCG(1, 1))}
			if err := h.Tell(told, p); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			stop()
			if n := ticks() - before; n < 2*Rate-2 || n > 2*Rate+1 {
				t.Errorf("it has played %d ticks in 2 s", n)
			}
			time.Sleep(time.Minute)
		}
		cancel()
		<-done
	})
}

// One that is slow to take what is said holds up nobody, and gets the newest.
func TestSlowListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := NewHelm(1, 2, Fair)
		var running sync.WaitGroup
		running.Go(func() { _ = h.Run(ctx) })
		slow, quick := &counted{every: time.Second}, &counted{}
		running.Go(func() { _ = h.Tell(ctx, slow) })
		running.Go(func() { _ = h.Tell(ctx, quick) })
		time.Sleep(10*time.Second + time.Millisecond)
		cancel()
		running.Wait()
		if slow.n > 11 || quick.n < 10*Rate-2 {
			t.Errorf("%d and %d packets in 10 s", slow.n, quick.n)
		}
		if skipped := h.Report().Skipped; skipped < 280 {
			t.Errorf("%d packets gave way", skipped)
		}
	})
}

// counted takes a packet every so often.
type counted struct {
	every time.Duration
	n     int
}

func (c *counted) Send(context.Context, []byte) error {
	c.n++
	time.Sleep(c.every)
	return nil
}
