//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/internal/testlog"
	"github.com/beckon-rtc/beckon/peer"
)

// goSide is a side that is a Go program: this one.
type goSide struct {
	task
	log logBuffer

	mu     sync.Mutex
	result report // guarded by mu while run runs
}

// startGo begins a side in a goroutine, which ends when the exchange does or ctx, and before the test does.
func startGo(t *testing.T, ctx context.Context, k task, ended chan<- outcome) {
	t.Helper()
	g := &goSide{task: k, result: report{Received: make(map[string][]summary)}}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		err := g.run(ctx)
		ended <- outcome{name: k.Name, report: g.result, err: err}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if t.Failed() {
			t.Logf("the Go side %q logged:\n%s", k.Name, &g.log)
		}
	})
}

func (g *goSide) run(ctx context.Context) error {
	room, err := peer.Join(ctx, g.Server, g.Room, &peer.Config{
		Topology:           g.Join.Topology,
		ICETransportPolicy: peer.ICETransportPolicy(g.Join.ICETransportPolicy),
		ICEServers:         g.Join.ICEServers,
		Carriers:           g.Join.Carriers,
		Logger:             zerolog.New(&g.log).Level(zerolog.DebugLevel).With().Timestamp().Logger(),
	})
	if err != nil {
		return err
	}
	var answering sync.WaitGroup
	defer answering.Wait()
	defer room.Close()
	p, err := g.meet(ctx, room)
	if err != nil {
		return err
	}
	// Those of a kind are written by one step each, and read when all steps are done.
	var ours, theirs *peer.Channel
	var limited []*peer.Channel
	answers := make(chan error, len(g.Channels)) // of the channels that may lose messages: the other side closes them at the end
	var steps []func(context.Context) error
	for _, c := range g.Channels {
		steps = append(steps, func(ctx context.Context) error {
			ch, err := p.Open(ctx, c.Label, c.goOptions())
			if err != nil {
				return err
			}
			if c.limited() {
				g.note(func() { limited = append(limited, ch) })
				return g.knock(ctx, ch)
			}
			if c.Label == "reliable" {
				ours = ch
			}
			return g.swap(ctx, ch, "opened/")
		}, func(stepCtx context.Context) error {
			ch, err := p.Accept(stepCtx)
			if err != nil {
				return err
			}
			c := channelOf(ch)
			g.note(func() { g.result.Options = append(g.result.Options, c) })
			if c.limited() {
				answering.Go(func() { answers <- g.answer(ctx, ch) })
				return nil
			}
			if c.Label == "reliable" {
				theirs = ch
			}
			return g.swap(stepCtx, ch, "accepted/")
		})
	}
	if err := parallel(ctx, steps); err != nil {
		return err
	}
	if err := g.wayTo(ctx, p); err != nil {
		return err
	}
	g.result.Carrier = string(room.Carrier())
	if ours == nil || theirs == nil {
		return errors.New("the other side opened no channel that is called reliable")
	}
	if err := meetAt(ctx, "exchanged", ours, theirs); err != nil {
		return err
	}
	for _, ch := range limited {
		ch.Close()
	}
	for range limited {
		if err := <-answers; err != nil {
			return err
		}
	}
	if err := meetAt(ctx, "closed", ours, theirs); err != nil {
		return err
	}
	return g.part(ctx, room, theirs)
}

// meetAt waits until the other side has come as far.
func meetAt(ctx context.Context, point string, ours, theirs *peer.Channel) error {
	if err := ours.SendText(ctx, point); err != nil {
		return err
	}
	said, _, err := theirs.Recv(ctx)
	if err != nil || string(said) != point {
		return fmt.Errorf("not %s came but %.40q: %w", point, said, err)
	}
	return nil
}

// meet gets the connection to the only other member.
func (g *goSide) meet(ctx context.Context, room *peer.Room) (*peer.Peer, error) {
	if !g.Connect {
		return room.Accept(ctx)
	}
	var other *peer.Peer
	if there := room.Peers(); len(there) > 0 {
		other = there[0]
	} else {
		e, err := room.Recv(ctx)
		if err != nil {
			return nil, err
		}
		other = e.Peer
	}
	g.result.Before = string(other.State())
	return room.Connect(ctx, other.ID())
}

// part leaves, or waits until the other side has left.
func (g *goSide) part(ctx context.Context, room *peer.Room, theirs *peer.Channel) error {
	if g.Leaves {
		return room.Close()
	}
	_, _, err := theirs.Recv(ctx)
	if err == nil {
		return errors.New("a message came after the last")
	}
	g.result.End = string(peer.Code(err))
	for g.result.Left == "" {
		e, err := room.Recv(ctx)
		if err != nil {
			return err
		}
		g.result.Left = e.Reason
	}
	return nil
}

func (g *goSide) received(where string, what summary) {
	g.note(func() { g.result.Received[where] = append(g.result.Received[where], what) })
}

func (g *goSide) note(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// wayTo notes the way to the peer, as the SDK and as Pion has it.
func (g *goSide) wayTo(ctx context.Context, p *peer.Peer) error {
	path, err := p.Path(ctx)
	if err != nil {
		return err
	}
	g.result.Path.Relayed, g.result.Path.Protocol, g.result.Path.Relay = path.Relayed, path.Protocol, string(path.Relay)
	g.result.Pair.Local, g.result.Pair.Remote, err = selectedCandidates(p)
	return err
}

// selectedCandidates are what Pion says that the packets go from and to.
func selectedCandidates(p *peer.Peer) (local, remote candidate, err error) {
	pc := p.PeerConnection()
	if pc == nil {
		return local, remote, errors.New("there is no connection at the moment")
	}
	pair, ok := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return local, remote, errors.New("no pair is selected")
	}
	stats := pc.GetStats()
	for id, to := range map[string]*candidate{pair.LocalCandidateID: &local, pair.RemoteCandidateID: &remote} {
		s, ok := stats[id].(webrtc.ICECandidateStats)
		if !ok {
			return local, remote, fmt.Errorf("the candidate %s of the selected pair has no statistics", id)
		}
		*to = candidate{s.CandidateType.String(), s.IP, s.Protocol, s.RelayProtocol}
	}
	return local, remote, nil
}

// parallel runs the steps at once and waits for all. The first error ends the others' context and is what it returns.
func parallel(ctx context.Context, steps []func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, step := range steps {
		all.Go(func() {
			if err := step(ctx); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// encoded is v as a failure shows it.
func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// logBuffer keeps what loggers write, less Pion's own debugging.
type logBuffer struct{ testlog.Log }

func (l *logBuffer) Write(b []byte) (int, error) { return quiet{&l.Log}.Write(b) }
