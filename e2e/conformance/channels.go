package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// options are those of package peer.
func (o *Options) options() *peer.ChannelOptions {
	if o == nil {
		return nil
	}
	out := &peer.ChannelOptions{
		Unordered: o.Ordered != nil && !*o.Ordered, MaxRetransmits: o.MaxRetransmits,
		MaxQueueAge: time.Duration(o.MaxQueueAge) * time.Millisecond,
		Durable:     o.Durable, Raw: o.Raw, Protocol: o.Protocol,
	}
	if o.MaxPacketLifeTime != nil {
		life := time.Duration(*o.MaxPacketLifeTime) * time.Millisecond
		out.MaxPacketLifeTime = &life
	}
	if o.ProtocolSize > 0 {
		out.Protocol = strings.Repeat("x", o.ProtocolSize)
	}
	return out
}

// label is that of the channel to be opened or accepted: by default, its name.
func (s *Step) label() string {
	switch {
	case s.LabelSize > 0:
		return strings.Repeat("x", s.LabelSize)
	case s.Label != nil:
		return *s.Label
	}
	return s.Channel
}

func (s *script) open(ctx context.Context, step Step) error {
	ch, err := s.peer.Open(ctx, step.label(), step.Options.options())
	if err := step.judge(err); err != nil || ch == nil {
		return err
	}
	s.name(step.Channel, ch)
	return nil
}

func (s *script) accept(ctx context.Context, step Step) error {
	ch, err := s.accepted.take(ctx, step.label())
	if err := step.judge(err); err != nil || ch == nil {
		return err
	}
	s.name(step.Channel, ch)
	if step.Options == nil {
		return nil
	}
	// MaxQueueAge is the business of the side that set it.
	got, want := ch.Options(), *step.Options.options()
	got.MaxQueueAge, want.MaxQueueAge = 0, 0
	if !sameOptions(got, want) {
		return fmt.Errorf("it has the options %+v, want %+v", got, want)
	}
	return nil
}

func sameOptions(a, b peer.ChannelOptions) bool {
	same := (a.MaxRetransmits == nil) == (b.MaxRetransmits == nil) && (a.MaxPacketLifeTime == nil) == (b.MaxPacketLifeTime == nil)
	if a.MaxRetransmits != nil && b.MaxRetransmits != nil {
		same = same && *a.MaxRetransmits == *b.MaxRetransmits
	}
	if a.MaxPacketLifeTime != nil && b.MaxPacketLifeTime != nil {
		same = same && *a.MaxPacketLifeTime == *b.MaxPacketLifeTime
	}
	a.MaxRetransmits, a.MaxPacketLifeTime, b.MaxRetransmits, b.MaxPacketLifeTime = nil, nil, nil, nil
	return same && a == b
}

// name makes a channel known to the steps that follow.
func (s *script) name(name string, ch *peer.Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[name] = &channel{Channel: ch, name: name}
}

// tooLarge is the largest message that a test tries to send only to see it refused.
const tooLarge = 16 << 20

func (s *script) send(ctx context.Context, ch *channel, step Step, t *task) error {
	for i, shape := range step.shapes() {
		if shape.size < 0 {
			if shape.size = ch.MaxMessageSize() + 1; shape.size > tooLarge {
				return nil
			}
		}
		m := nth(ch.name, s.run.Role, ch.sent+1, shape.size, shape.text)
		var err error
		if m.text {
			err = ch.SendText(ctx, string(m.data))
		} else {
			err = ch.Send(ctx, m.data)
		}
		if err == nil {
			ch.sent++
			t.sent.Add(int64(len(m.data)))
		}
		// The last one is the one that is to fail; or any, if there are more than can be.
		if step.Error != "" && err == nil && i+1 < len(step.shapes()) {
			continue
		}
		if err := step.judge(err); err != nil || step.Error != "" {
			return prefix(err, "message %d, of %d bytes", i+1, shape.size)
		}
	}
	return nil
}

func prefix(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

func (s *script) recv(ctx context.Context, ch *channel, step Step) error {
	var expected []message
	all := len(step.shapes())
	for i, shape := range step.shapes() {
		expected = append(expected, nth(ch.name, s.run.Role.Other(), ch.received+i+1, shape.size, shape.text))
	}
	for i := 0; len(expected) > 0; i++ {
		data, text, err := ch.Recv(ctx)
		if err != nil && step.Some > 0 {
			return step.enough(ch, i, err)
		}
		if err != nil && step.mayGoWell() { // what came before was in order
			err = step.judge(err)
			return prefix(err, "message %d of %d", i+1, all)
		}
		if err != nil {
			return prefix(err, "message %d of %d", i+1, all)
		}
		got := message{data, text}
		ch.received++
		at := slices.IndexFunc(expected, func(m message) bool { return m.text == text && bytes.Equal(m.data, data) })
		switch {
		case at < 0, at > 0 && !step.AnyOrder && step.Some == 0:
			return fmt.Errorf("message %d of %d is %s, want %s", i+1, all, got.show(), expected[0].show())
		case step.AnyOrder:
			expected = slices.Delete(expected, at, at+1)
		default: // what was to come before did not, and must not any more
			expected = expected[at+1:]
		}
	}
	if !step.End && (step.Error == "" || step.mayGoWell()) {
		return nil
	}
	data, text, err := ch.Recv(ctx)
	if err == nil {
		return fmt.Errorf("behind the last comes %s", message{data, text}.show())
	}
	return step.judgeEnd(ch, err)
}

// enough judges the end of a channel on which messages may be lost.
func (s *Step) enough(ch *channel, received int, err error) error {
	if received < s.Some {
		return fmt.Errorf("%d messages came, want at least %d: %w", received, s.Some, err)
	}
	return s.judgeEnd(ch, err)
}

// exchange sends a message and receives one, or the other way round, again and again.
func (s *script) exchange(ctx context.Context, ch *channel, step Step) error {
	one := step
	one.Times = 1
	steps := []func() error{
		func() error { return s.send(ctx, ch, one, &task{}) },
		func() error { return s.recv(ctx, ch, one) },
	}
	if step.Do == "pong" {
		slices.Reverse(steps)
	}
	beside := func() int { return 0 }
	if step.Beside != "" {
		s.mu.Lock()
		bulk := s.channels[step.Beside]
		s.mu.Unlock()
		beside = func() int { return int(bulk.Stats().BytesSent) }
	}
	var went []int
	for i := range max(step.Times, 1) {
		before := beside()
		for _, f := range steps {
			if err := f(); err != nil {
				return prefix(err, "round %d", i+1)
			}
		}
		went = append(went, beside()-before)
	}
	slices.Sort(went)
	return step.within(map[string]float64{"bytes": float64(went[len(went)/2])})
}

// knockEvery is how long an answer may take before it is asked for again, on channels that may lose messages.
const knockEvery = 250 * time.Millisecond

// knock sends a message until one comes back.
func (s *script) knock(ctx context.Context, ch *channel, step Step) error {
	m := nth(ch.name, s.run.Role, 1, step.Sizes[0], step.Kind == "text")
	for {
		send := ch.Send
		if m.text {
			send = func(ctx context.Context, b []byte) error { return ch.SendText(ctx, string(b)) }
		}
		if err := send(ctx, m.data); err != nil {
			return err
		}
		try, cancel := context.WithTimeout(ctx, knockEvery)
		data, text, err := ch.Recv(try)
		cancel()
		switch {
		case err == nil && (text != m.text || !bytes.Equal(data, m.data)):
			return fmt.Errorf("%s came back", message{data, text}.show())
		case err == nil:
			return nil
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return err
		}
	}
}

// echo sends back what comes, until the other side closes the channel.
func (s *script) echo(ctx context.Context, ch *channel, step Step) error {
	for i := 0; ; i++ {
		data, text, err := ch.Recv(ctx)
		if err != nil {
			return step.enough(ch, i, err)
		}
		if text {
			err = ch.SendText(ctx, string(data))
		} else {
			err = ch.Send(ctx, data)
		}
		if err != nil && ch.Context().Err() == nil { // that it has been closed meanwhile says Recv
			return err
		}
	}
}

// closed waits for the end of the channel.
func (s *script) closed(ctx context.Context, ch *channel, step Step) error {
	select {
	case <-ch.Context().Done():
		cause := context.Cause(ch.Context())
		return step.judgeReason(step.judge(cause), cause)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// look compares the channel's counts.
func (ch *channel) look(step Step) error {
	st := ch.Stats()
	return step.within(map[string]float64{
		"messagesSent": float64(st.MessagesSent), "bytesSent": float64(st.BytesSent),
		"messagesReceived": float64(st.MessagesReceived), "bytesReceived": float64(st.BytesReceived),
		"buffered": float64(st.Buffered), "queueAge": float64(st.QueueAge.Milliseconds()),
		"dropped": float64(st.Dropped), "missed": float64(st.Missed),
		"maxMessageSize": float64(ch.MaxMessageSize()),
	})
}
