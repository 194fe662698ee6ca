package conformance

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
)

// script is a role that is being played.
type script struct {
	run      Run
	room     *peer.Room
	peer     *peer.Peer
	logger   zerolog.Logger
	events   *inbox[peer.Event] // by their kind
	accepted *inbox[*peer.Channel]
	requests *inbox[*peer.Request]
	running  sync.WaitGroup // the steps in the background

	mu       sync.Mutex
	channels map[string]*channel // guarded by mu
	tasks    map[string]*task    // guarded by mu
	said     map[string]*speech  // to the room, and to the peer; guarded by mu
}

// channel is one under the name that the case has for it.
type channel struct {
	*peer.Channel
	name string

	// Of what was sent and received so far. One step at a time sends, and one receives.
	sent, received int
}

// task is a step in the background.
type task struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error        // set before done is closed
	sent   atomic.Int64 // bytes of messages whose Send has returned
}

func newScript(run Run, known *acquaintance, logger zerolog.Logger) *script {
	p := known.peer
	return &script{
		run: run, room: known.room, peer: p, logger: logger,
		events:   newInbox(known.room.Recv, func(e peer.Event) string { return string(e.Kind) }),
		said:     map[string]*speech{toRoom: {}, toPeer: {}},
		accepted: newInbox(p.Accept, (*peer.Channel).Label),
		requests: newInbox(p.AcceptRequest, (*peer.Request).Name),
		channels: make(map[string]*channel),
		tasks:    make(map[string]*task),
	}
}

// play does all steps, closes what was opened, and returns when the other role has done as much.
func (s *script) play(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer s.running.Wait()
	defer stop()
	for i, step := range s.run.Case.Script(s.run.Role) {
		if err := s.begin(ctx, step); err != nil {
			return fmt.Errorf("step %d, %s %s: %w", i+1, step.Do, step.object(), err)
		}
	}
	if err := s.run.Control.Meet(ctx, "the end"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ch := range s.channels {
		ch.Close()
	}
	return nil
}

// object is what the step is about, for a failure.
func (s *Step) object() string {
	for _, name := range []string{s.Channel, s.Name, s.Task, s.Point, s.Act} {
		if name != "" {
			return name
		}
	}
	return ""
}

// begin does a step, or has it done in the background.
func (s *script) begin(ctx context.Context, step Step) error {
	if step.Background == "" {
		return s.all(ctx, step, &task{})
	}
	ctx, cancel := context.WithCancel(ctx)
	t := &task{cancel: cancel, done: make(chan struct{})}
	s.tasks[step.Background] = t
	s.running.Go(func() {
		defer cancel()
		t.err = s.all(ctx, step, t)
		close(t.done)
	})
	return nil
}

// all does a step, or as many at once as Each says.
func (s *script) all(ctx context.Context, step Step, t *task) error {
	if step.Each == 0 {
		return s.do(ctx, step, t)
	}
	var wait sync.WaitGroup
	errs := make([]error, step.Each)
	for i := range step.Each {
		one := step
		if one.Channel != "" {
			one.Channel = fmt.Sprint(step.Channel, i)
		}
		if one.Name != "" {
			one.Name = fmt.Sprint(step.Name, i)
		}
		wait.Go(func() {
			if err := s.do(ctx, one, t); err != nil {
				errs[i] = fmt.Errorf("%s: %w", one.object(), err)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *script) do(ctx context.Context, step Step, t *task) error {
	switch step.Do {
	case "open":
		return s.open(ctx, step)
	case "accept":
		return s.accept(ctx, step)
	case "request":
		return s.request(ctx, step)
	case "serve":
		return s.serve(ctx, step)
	case "await":
		return s.await(ctx, step)
	case "cancel":
		s.tasks[step.Task].cancel()
		return nil
	case "stalled":
		return s.stalled(step)
	case "meet":
		return s.run.Control.Meet(ctx, step.Point)
	case "server":
		return s.run.Control.Act(ctx, step.Act)
	case "cut":
		return s.cut(ctx)
	case "hangup":
		return s.peer.Close()
	case "peer":
		return s.counts(ctx, step)
	case "say":
		return s.say(ctx, step)
	case "hear":
		return s.hear(ctx, step)
	case "update":
		return s.update(ctx, step)
	case "sees":
		return s.sees(ctx, step)
	case "connect":
		_, err := s.room.Connect(ctx, step.Name)
		return step.judge(err)
	case "join":
		return s.join(ctx, step)
	}
	s.mu.Lock()
	ch := s.channels[step.Channel]
	s.mu.Unlock()
	if ch == nil {
		return fmt.Errorf("there is no such channel")
	}
	return s.with(ctx, ch, step, t)
}

// with does a step on a channel.
func (s *script) with(ctx context.Context, ch *channel, step Step, t *task) error {
	switch step.Do {
	case "send":
		return s.send(ctx, ch, step, t)
	case "recv":
		return s.recv(ctx, ch, step)
	case "ping", "pong":
		return s.exchange(ctx, ch, step)
	case "knock":
		return s.knock(ctx, ch, step)
	case "echo":
		return s.echo(ctx, ch, step)
	case "close":
		if step.Reason != nil {
			return step.judge(ch.CloseWithReason(*step.Reason))
		}
		return step.judge(ch.Close())
	case "closeWrite":
		return step.judge(ch.CloseWrite(ctx))
	case "closed":
		return s.closed(ctx, ch, step)
	case "stats":
		return ch.look(step)
	}
	return fmt.Errorf("there is no such step")
}

// await waits for a step in the background, whose own expectations it had.
func (s *script) await(ctx context.Context, step Step) error {
	t := s.tasks[step.Task]
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// stalled sees to it that what is sent in the background waits, and has not got far.
func (s *script) stalled(step Step) error {
	t := s.tasks[step.Task]
	select {
	case <-t.done:
		return fmt.Errorf("it does not wait: it is done, with the error %v", t.err)
	default:
		return step.within(map[string]float64{"sent": float64(t.sent.Load())})
	}
}
