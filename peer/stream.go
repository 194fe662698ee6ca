package peer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/gorilla/websocket"
)

// beatWithin is how long after its headers a stream must have brought its first heartbeat, which the server sends after 2 s. The line
// before it may come with the headers through a proxy that holds back what follows.
const beatWithin = 5 * time.Second

var (
	errSilent   = errors.New("nothing was heard of the server for too long")
	errTooLong  = errors.New("a line of the server is too long")
	errBuffered = obstacle{&protocol.Error{Code: protocol.CodeConnectFailed, Text: "a proxy holds back what the server streams"}}
)

// stream is the conduit whose frames come in one long response.
//
// The server's heartbeats on it are answered by the carrier's own, which come as often: that they should answer one by one is for
// browsers, whose timers may sleep.
type stream struct {
	*posting
	body   io.ReadCloser
	watch  *time.Timer // ends a stream without a heartbeat
	quiet  *time.Timer // ends a silent one
	events bool        // text/event-stream, else a line for each frame

	// Owned by who receives.
	lines   *bufio.Reader
	silence time.Duration
}

var _ conduit = (*stream)(nil)

// stream opens a stream.
func (a *approach) stream(ctx context.Context) (conduit, error) {
	p := a.posting(ctx)
	unwatch := context.AfterFunc(ctx, func() { p.fail(context.Cause(ctx)) })
	defer unwatch()
	// As events, because some proxies know that those must not be held back.
	resp, err := p.post(p.ctx, streamPath, "text/event-stream", a.hello)
	if err != nil {
		p.close()
		return nil, unsecured(err)
	}
	if resp.StatusCode != http.StatusOK {
		err := p.refused(streamPath, resp)
		p.close()
		return nil, err
	}
	s := &stream{
		posting: p, body: resp.Body, silence: defaultSilence,
		events: strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream"),
		watch:  time.AfterFunc(beatWithin, func() { p.fail(errBuffered) }),
		quiet:  time.AfterFunc(defaultSilence, func() { p.fail(errSilent) }),
	}
	s.lines = bufio.NewReader(s)
	line, err := s.next()
	if err == nil {
		var opened protocol.Opened
		if opened, err = protocol.DecodeLine[protocol.Opened](line); err == nil {
			p.carrier = opened.Carrier
			return s, nil
		}
		err = passing{obstacle{protocol.Errorf(protocol.CodeConnectFailed,
			"%s answers, but not as a Beckon server does (at %s)", a.server, streamPath)}, 0}
	}
	s.close()
	return nil, err
}

// Read is the body's, which breaks the silence.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.body.Read(b)
	if n > 0 {
		s.quiet.Reset(s.silence)
	}
	return n, err
}

func (s *stream) receive(silence time.Duration) ([]byte, error) {
	s.silence = silence
	s.quiet.Reset(silence)
	line, err := s.next()
	if err != nil {
		return nil, err
	}
	if c := isClose(line); c != nil {
		return nil, &websocket.CloseError{Code: c.Code, Text: c.Reason}
	}
	return line, nil
}

// next returns the next line that is no heartbeat.
func (s *stream) next() ([]byte, error) {
	for {
		line, err := s.line()
		if err != nil {
			if cause := context.Cause(s.ctx); cause != nil {
				err = cause
			}
			s.body.Close()
			return nil, err
		}
		beat := len(line) == 0
		if s.events {
			// A frame is one line of data (HTML Standard, section 9.2.6), a comment is a heartbeat, and an empty line is behind both.
			beat = bytes.HasPrefix(line, []byte(":"))
			if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
				line = bytes.TrimPrefix(data, []byte(" "))
			} else {
				line = nil // fields that we have no use for
			}
		}
		if beat {
			s.watch.Stop()
		}
		if len(line) > 0 {
			return line, nil
		}
	}
}

// line returns the next line, without its end.
func (s *stream) line() ([]byte, error) {
	var line []byte
	for {
		part, err := s.lines.ReadSlice('\n')
		if len(line)+len(part) > maxIncoming {
			return nil, errTooLong
		}
		line = append(line, part...) // ReadSlice's buffer is not ours
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the stream ended: %w", err)
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

func (s *stream) close() {
	s.watch.Stop()
	s.quiet.Stop()
	s.posting.close()
}
