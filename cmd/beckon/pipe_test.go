package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
)

// piped is the channel of a pipe, as each side has it.
func piped(t *testing.T) (here, there *peer.Channel) {
	t.Helper()
	s := signaling.New(signaling.Config{Authorize: signaling.AllowAnonymous("*")})
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	join := func() *peer.Room {
		room, err := peer.Join(patient(t), h.URL, "tea", &peer.Config{DisableMDNS: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { room.Close() })
		return room
	}
	a, b := join(), join()
	p, err := b.Connect(patient(t), a.ID())
	if err != nil {
		t.Fatal(err)
	}
	q, err := a.Accept(patient(t))
	if err != nil {
		t.Fatal(err)
	}
	if here, err = p.Open(patient(t), pipeLabel, &peer.ChannelOptions{Durable: true}); err != nil {
		t.Fatal(err)
	}
	if there, err = q.Accept(patient(t)); err != nil {
		t.Fatal(err)
	}
	return here, there
}

// slow takes nothing until the channel has ended.
type slow struct {
	bytes.Buffer
	ch *peer.Channel
}

func (s *slow) Write(b []byte) (int, error) {
	<-s.ch.Context().Done()
	return s.Buffer.Write(b)
}

// TestPipeOtherSideIsDone: the other side has got all, has sent all, and has closed the channel, while this one is still writing what came.
func TestPipeOtherSideIsDone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason string // with which it closes
		broken bool
	}{
		"in order":        {"", false},
		"it could not go": {pipeBroken, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := piped(t)
			out := &slow{ch: here}
			ended := make(chan error, 1)
			go func() { ended <- couple(patient(t), here, strings.NewReader("question"), out, false) }()
			for range 3 {
				if err := there.SendText(patient(t), "answer "); err != nil {
					t.Fatal(err)
				}
			}
			if err := there.CloseWrite(patient(t)); err != nil {
				t.Fatal(err)
			}
			var got []byte
			for {
				b, _, err := there.Recv(patient(t))
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b...)
			}
			if err := errors.Join(there.Flush(patient(t)), there.CloseWithReason(c.reason)); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; (err != nil) != c.broken {
				t.Errorf("the end is %v", err)
			}
			if string(got) != "question" || out.String() != "answer answer answer " {
				t.Errorf("%q went, and %q came", got, out.String())
			}
		})
	}
}

// TestPipeTerminal: who sits at a terminal ends with the other side, for which that is an end in order.
func TestPipeTerminal(t *testing.T) {
	t.Parallel()
	here, there := piped(t)
	keyboard, keys := io.Pipe()
	defer keys.Close()
	var shown, none bytes.Buffer
	ended := make(chan error, 2)
	go func() { ended <- couple(patient(t), here, keyboard, &shown, true) }()
	go func() { ended <- couple(patient(t), there, strings.NewReader("text"), &none, false) }()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if shown.String() != "text" || none.Len() > 0 {
		t.Errorf("%q is shown, and %q went back", &shown, &none)
	}
}

// TestPipeSaysAll: the other side may close the channel between its being told that this was all and the return of the call which told it.
func TestPipeSaysAll(t *testing.T) {
	t.Parallel()
	here, there := piped(t)
	if err := there.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-here.Context().Done():
	case <-patient(t).Done():
		t.Fatal("the channel does not end")
	}
	told := &saying{ch: here, all: make(chan struct{}), done: make(chan error)}
	if err := told.wait(context.WithoutCancel(t.Context())); err == nil {
		t.Error("it had more to say, and the other side is gone")
	}
	close(told.all)
	go func() { told.done <- nil }()
	if err := told.wait(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("all was said, and yet: %v", err)
	}
}
