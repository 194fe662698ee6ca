package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// bodyOf is that of a request, or of the answer to it; nil if it is not named in the step. One that breaks ends with an error instead.
func bodyOf(name, part string, size int, breaks bool) io.Reader {
	body := io.Reader(bytes.NewReader(bytesOf(name+"/"+part, size)))
	if breaks {
		body = io.MultiReader(body, broken{})
	}
	return body
}

// broken is a reader of a body that cannot be read.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the body breaks") }

// request asks, and reads the answer.
func (s *script) request(ctx context.Context, step Step) error {
	if step.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(step.Deadline)*time.Millisecond)
		defer cancel()
	}
	response, err := s.peer.Request(ctx, step.Name, bodyOf(step.Name, "request", step.Body, step.Breaks))
	if err == nil {
		defer response.Body.Close()
		err = readBody(response.Body, step.Name, "answer", step.Answer)
	}
	return step.judgeRequest(err)
}

func readBody(r io.Reader, name, part string, size int) error {
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, bytesOf(name+"/"+part, size)) {
		return fmt.Errorf("the %s has a body of %s, want %d bytes", part, message{data: got}.show(), size)
	}
	return err
}

// judgeRequest is judge with the answers that say no.
func (s *Step) judgeRequest(err error) error {
	if s.Fail != nil {
		failed, ok := errors.AsType[*peer.RequestError](err)
		if !ok || failed.Code != s.Fail.Code || failed.Message != s.Fail.Message {
			return fmt.Errorf("it must be answered by %+v, not by %w", *s.Fail, err)
		}
		return nil
	}
	if s.Breaks && s.Error == "" {
		if err == nil {
			return errors.New("it went well although its body breaks")
		}
		return nil
	}
	return s.judge(err)
}

// serve answers a request.
func (s *script) serve(ctx context.Context, step Step) error {
	r, err := s.requests.take(ctx, step.Name)
	if err == nil && step.Point != "" {
		err = s.run.Control.Meet(ctx, step.Point)
	}
	if err != nil {
		return err
	}
	if !step.Early && !step.Never {
		if err := readBody(r, step.Name, "request", step.Body); err != nil {
			return step.judge(err)
		}
	}
	switch {
	case step.Never:
		<-r.Context().Done()
		return step.judge(context.Cause(r.Context()))
	case step.Fail != nil:
		return r.Fail(ctx, step.Fail.Code, step.Fail.Message)
	}
	err = r.Respond(ctx, bodyOf(step.Name, "answer", step.Answer, step.Breaks))
	if step.Breaks {
		return nil // it fails, or does not say so: what counts is what the other side sees
	}
	return step.judge(err)
}
