package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// judge compares how something ended with what the step expects.
func (s *Step) judge(err error) error {
	if s.Error == "" {
		return err
	}
	if err == nil {
		if s.mayGoWell() {
			return nil
		}
		return fmt.Errorf("it went well, but must end with %q", s.Error)
	}
	if code := peer.Code(err); !slices.Contains(strings.Split(s.Error, "|"), string(code)) {
		return fmt.Errorf("it ended with the code %q, but must with %q: %w", code, s.Error, err)
	}
	for _, name := range s.Names {
		if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(name)) {
			return fmt.Errorf("the error does not name %q: %w", name, err)
		}
	}
	return nil
}

// mayGoWell tells whether the step need not end with an error, although it may.
func (s *Step) mayGoWell() bool { return slices.Contains(strings.Split(s.Error, "|"), "none") }

// judgeEnd is judge for what comes behind the last message. ch tells whether the channel goes on.
func (s *Step) judgeEnd(ch *channel, err error) error {
	if !s.End {
		return s.judgeReason(s.judge(err), err)
	}
	// The other side sends no more, and reads on.
	if !errors.Is(err, io.EOF) || peer.Code(err) != protocol.CodeClosed {
		return fmt.Errorf("the end of one direction is %w, want io.EOF of the code closed", err)
	}
	if cause := context.Cause(ch.Context()); cause != nil {
		return fmt.Errorf("with one direction, all of the channel ended: %w", cause)
	}
	return nil
}

// judgeReason compares the text with which the other side closed. Where it gave none there is a sentence of package peer.
func (s *Step) judgeReason(judged, err error) error {
	if judged != nil || s.Reason == nil || *s.Reason == "" || s.Do == "close" {
		return judged
	}
	var coded *protocol.Error
	if !errors.As(err, &coded) || coded.Text != *s.Reason {
		return fmt.Errorf("the reason is not %q: %w", *s.Reason, err)
	}
	return nil
}

// within compares numbers with the ranges in which the step expects them.
func (s *Step) within(numbers map[string]float64) error {
	for name, expected := range s.Expect {
		got, known := numbers[name]
		if !known {
			return fmt.Errorf("there is no number %q", name)
		}
		if !expected.holds(got) {
			return fmt.Errorf("%s is %v, which it must not be; all are %v", name, got, numbers)
		}
	}
	return nil
}
