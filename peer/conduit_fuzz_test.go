package peer

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"testing"
	"time"
)

// What a server, or somebody who answers in its place, streams or says to a poll must not do more than end the carrier.
func FuzzStream(f *testing.F) {
	f.Add([]byte("{\"type\":\"opened\",\"carrier\":\"c\"}\n\n{\"type\":\"pong\"}\n{\"type\":\"close\",\"code\":1000,\"reason\":\"normal\"}\n"), false)
	f.Add([]byte("data: {\"type\":\"opened\",\"carrier\":\"c\"}\n\n:\n\ndata: {\"type\":\"close\",\"code\":4000,\"reason\":\"\"}\n\n"), true)
	f.Add([]byte("event: x\r\ndata:\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, events bool) {
		p := new(approach).posting(context.Background())
		s := &stream{posting: p, body: io.NopCloser(bytes.NewReader(body)), events: events, silence: time.Hour,
			watch: time.NewTimer(time.Hour), quiet: time.NewTimer(time.Hour)}
		s.lines = bufio.NewReader(s)
		defer s.close()
		for {
			frame, err := s.receive(time.Hour)
			if err != nil {
				return
			}
			if len(frame) == 0 || bytes.ContainsAny(frame, "\n") || !bytes.Contains(body, frame) {
				t.Fatalf("received %q", frame)
			}
		}
	})
}

func FuzzPoll(f *testing.F) {
	f.Add([]byte("{\"type\":\"polled\",\"carrier\":\"c\",\"cursor\":1}\n{\"type\":\"pong\"}\n"))
	f.Add([]byte("{\"type\":\"polled\",\"cursor\":2}\n{\"type\":\"pong\"}\n\n{\"type\":\"close\",\"code\":4505,\"reason\":\"replaced\"}"))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		k := new(poll)
		_, err := k.take(answer)
		if err != nil && (k.cursor != 0 || k.lines != nil) {
			t.Fatalf("took %d of an answer that is none: %v", len(k.lines), err)
		}
		if err == nil && uint64(len(k.lines)) != k.cursor {
			t.Fatalf("%d lines, cursor %d", len(k.lines), k.cursor)
		}
		for _, line := range k.lines {
			isClose(line)
		}
	})
}
