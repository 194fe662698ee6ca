package signaling

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// link is a client's end of a carrier.
type link interface {
	// write sends a frame, or keeps it for the next body. The first one opens a carrier over HTTP.
	write(frame string) error
	// next reads the next frame. At the end its error is a *websocket.CloseError, if the server has said why.
	next() (string, error)
	// drop loses the connection without a word.
	drop()
}

// kinds are the carriers that a test runs over.
var kinds = []string{"socket", "stream", "events", "poll"}

func (w *world) link() link {
	w.t.Helper()
	kind := w.kind
	if w.http2 {
		kind += " over 2"
	}
	l, err := newLink(w.t, kind, w.l.Dial)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// dialer opens a connection in memory.
type dialer func(context.Context) (net.Conn, error)

// newLink opens a carrier of that kind. Only that of a socket needs the server to begin with.
func newLink(t testing.TB, kind string, dial dialer) (link, error) {
	kind, http2 := strings.CutSuffix(kind, " over 2")
	if kind == "" || kind == "socket" {
		d := websocket.Dialer{
			Subprotocols:   []string{protocol.Version},
			NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		}
		ws, _, err := d.Dial("ws://beckon.test/v1/ws", nil)
		return socketLink{ws}, err
	}
	p := newPoster(t, dial)
	if http2 {
		p.http.Protocols = new(http.Protocols)
		p.http.Protocols.SetUnencryptedHTTP2(true)
	}
	switch kind {
	case "poll":
		return &pollLink{poster: p, hello: make(chan string, 1)}, nil
	case "stream":
		return &streamLink{poster: p, ready: make(chan struct{})}, nil
	}
	return &streamLink{poster: p, ready: make(chan struct{}), accept: "text/event-stream"}, nil
}

type socketLink struct{ ws *websocket.Conn }

func (l socketLink) write(frame string) error {
	return l.ws.WriteMessage(websocket.TextMessage, []byte(frame))
}

func (l socketLink) next() (string, error) {
	_, frame, err := l.ws.ReadMessage()
	return string(frame), err
}

func (l socketLink) drop() { l.ws.Close() }

// poster posts what a client says over HTTP: a goroutine sends what has gathered in one body after the other.
type poster struct {
	t      testing.TB
	http   *http.Transport
	ctx    context.Context // ends when the client has gone
	cancel context.CancelFunc

	mu      sync.Mutex
	said    sync.Cond
	carrier string
	out     []string
	gone    bool
}

func newPoster(t testing.TB, dial dialer) *poster {
	p := &poster{t: t, http: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}}
	p.said.L = &p.mu
	p.ctx, p.cancel = context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.run()
	}()
	t.Cleanup(func() { p.drop(); <-ended })
	return p
}

func (p *poster) drop() {
	p.cancel()
	p.mu.Lock()
	p.gone = true
	p.mu.Unlock()
	p.said.Broadcast()
	p.http.CloseIdleConnections()
}

func (p *poster) opened(carrier string) {
	p.mu.Lock()
	p.carrier = carrier
	p.mu.Unlock()
	p.said.Broadcast()
}

// say keeps a frame for the next body. It waits while a body's worth of them is kept, as a write to a socket would: a client that made
// frames faster than they are read would only have them refused.
func (p *poster) say(frame string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.gone && len(p.out) >= 64 {
		p.said.Wait()
	}
	if p.gone {
		return net.ErrClosed
	}
	p.out = append(p.out, frame)
	p.said.Broadcast()
	return nil
}

// run sends bodies until the client has gone.
func (p *poster) run() {
	defer p.http.CloseIdleConnections()
	for n := uint64(1); ; n++ {
		p.mu.Lock()
		for !p.gone && (p.carrier == "" || len(p.out) == 0) {
			p.said.Wait()
		}
		if p.gone {
			p.mu.Unlock()
			return
		}
		body := string(protocol.Encode(protocol.Send{Carrier: p.carrier, N: n}))
		taken := 0
		for ; taken < min(len(p.out), 64) && (taken == 0 || len(body)+len(p.out[taken]) < 256<<10); taken++ {
			body += "\n" + string(oneLine([]byte(p.out[taken])))
		}
		p.out = p.out[taken:]
		p.mu.Unlock()
		p.said.Broadcast()
		status, answer, err := p.again("send", body)
		switch {
		case err != nil || status == http.StatusNotFound || status == http.StatusServiceUnavailable:
			p.mu.Lock()
			p.gone = true // what is said into a connection that has ended is said to nobody
			p.mu.Unlock()
			p.said.Broadcast()
		case status != http.StatusOK || answer != fmt.Sprintf("{\"type\":\"sent\",\"n\":%d}\n", n):
			p.t.Errorf("send %d: %d %s", n, status, answer)
		}
	}
}

func (p *poster) open(path, accept, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, "http://beckon.test/v1/"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	return p.http.RoundTrip(req)
}

// post posts a body and reads the whole answer.
func (p *poster) post(path, body string) (status int, answer string, err error) {
	res, err := p.open(path, "", body)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	return res.StatusCode, string(all), err
}

// again is post, and tries again when the answer was lost: the same body does nothing twice.
func (p *poster) again(path, body string) (status int, answer string, err error) {
	for range 3 {
		if status, answer, err = p.post(path, body); err == nil || p.ctx.Err() != nil {
			break
		}
	}
	return status, answer, err
}

// closeOf returns what a close line says, as an error.
func closeOf(line string) error {
	c, err := protocol.DecodeLine[protocol.Close]([]byte(line))
	if err != nil {
		return nil
	}
	return &websocket.CloseError{Code: c.Code, Text: c.Reason}
}

// streamLink is a client of /v1/stream.
type streamLink struct {
	*poster
	accept string
	ready  chan struct{} // closed once the stream is open
	res    *http.Response
	lines  *bufio.Reader
	beats  int
}

func (l *streamLink) write(frame string) error {
	if l.res != nil {
		return l.say(frame)
	}
	res, err := l.open("stream", l.accept, frame)
	if err != nil {
		return err
	}
	l.res, l.lines = res, bufio.NewReader(res.Body)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("stream: %s", res.Status)
	}
	line, err := l.line()
	if err != nil {
		return err
	}
	o, err := protocol.DecodeLine[protocol.Opened]([]byte(line))
	if err != nil {
		return err
	}
	l.opened(o.Carrier)
	close(l.ready)
	return nil
}

// beat answers a heartbeat as a client has to, with whatever it says: here with nothing. The first comes soon, and needs no answer.
func (l *streamLink) beat() {
	if l.beats++; l.beats > 1 {
		_ = l.say("")
	}
}

// line reads the next line that is no heartbeat.
func (l *streamLink) line() (string, error) {
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimSuffix(line, "\n")
		if l.accept == "" {
			if line != "" {
				return line, nil
			}
			l.beat()
			continue
		}
		data, ok := strings.CutPrefix(line, "data: ")
		switch {
		case ok:
			return data, nil
		case line == ":":
			l.beat()
		case line != "":
			return "", fmt.Errorf("no event: %q", line)
		}
	}
}

func (l *streamLink) next() (string, error) {
	select {
	case <-l.ready:
	case <-l.ctx.Done():
		return "", l.ctx.Err()
	}
	line, err := l.line()
	if err == nil {
		err = closeOf(line)
	}
	return line, err
}

// pollLink is a client of /v1/poll.
type pollLink struct {
	*poster
	hello  chan string // the first frame, for who reads
	said   bool
	cursor uint64
	lines  []string
}

func (l *pollLink) write(frame string) error {
	if l.said {
		return l.say(frame)
	}
	l.said = true
	l.hello <- frame
	return nil
}

func (l *pollLink) next() (string, error) {
	for len(l.lines) == 0 {
		if err := l.poll(); err != nil {
			return "", err
		}
	}
	line := l.lines[0]
	l.lines = l.lines[1:]
	return line, closeOf(line)
}

// poll asks once.
func (l *pollLink) poll() error {
	body := string(protocol.Encode(protocol.Poll{Carrier: l.carrier, Cursor: l.cursor}))
	if l.carrier == "" {
		select {
		case body = <-l.hello:
		case <-l.ctx.Done():
			return l.ctx.Err()
		}
	}
	status, answer, err := l.again("poll", body)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("poll: %d %s", status, answer)
	}
	head, rest, _ := strings.Cut(answer, "\n")
	p, err := protocol.DecodeLine[protocol.Polled]([]byte(head))
	if err != nil {
		return err
	}
	if p.Carrier != "" {
		l.opened(p.Carrier)
	}
	for line := range strings.Lines(rest) {
		l.lines = append(l.lines, strings.TrimSuffix(line, "\n"))
	}
	if l.cursor += uint64(len(l.lines)); p.Cursor != l.cursor {
		l.t.Errorf("cursor %d, and %d lines have come", p.Cursor, l.cursor)
	}
	return nil
}

// refusal posts a body and wants it refused with that status and code.
func (p *poster) refusal(path, body string, status int, code protocol.ErrorCode) {
	p.t.Helper()
	got, answer, err := p.post(path, body)
	var reply protocol.ErrorReply
	if err == nil {
		err = json.Unmarshal([]byte(answer), &reply)
	}
	if err != nil || got != status || reply.Code != code || reply.Message == "" {
		p.t.Errorf("%s %.80q: %d %s (%v); want %d %s", path, body, got, answer, err, status, code)
	}
}

// codeOfEnd is the close code that a link ended with.
func codeOfEnd(err error) (int, string) {
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		return ce.Code, ce.Text
	}
	return websocket.CloseAbnormalClosure, ""
}
