//go:build unix

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// way is a carrier, by the last element of its path.
type way string

const (
	bySocket way = "ws"
	byStream way = "stream"
	byPoll   way = "poll"
)

func ways() []way { return []way{bySocket, byStream, byPoll} }

// caller is where links come from: the server's address, and headers of every request. It speaks the wire without an SDK, which
// would repair, refuse or never say what these tests want to say and see.
type caller struct {
	base   string // http://HOST:PORT
	header http.Header
	http   *http.Client
}

// newCaller makes one whose connections are closed when the test ends. More headers come as pairs.
func newCaller(tb testing.TB, base string, header ...string) *caller {
	transport := &http.Transport{MaxIdleConnsPerHost: 100} // which asks for gzip, as browsers do
	tb.Cleanup(transport.CloseIdleConnections)
	return (&caller{base: base, http: &http.Client{Transport: transport}}).with(header...)
}

// with is the same caller with other headers.
func (c *caller) with(header ...string) *caller {
	other := &caller{base: c.base, header: http.Header{}, http: c.http}
	for i := 0; i+1 < len(header); i += 2 {
		other.header.Add(header[i], header[i+1])
	}
	return other
}

// line is what came down: a frame, or a line of the carriers over HTTP.
type line struct {
	raw                                          string
	Type, Room, Kind, Peer, From, Carrier, Error string
	Reason, Resume, Resumed                      string
	N, T, Position                               uint64
	Code                                         json.RawMessage // of an error a string, of a close a number
}

func parseLine(raw []byte) line {
	// What is not looked at need not be of the type that it has here.
	var l line
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields)
	for name, to := range map[string]any{
		"type": &l.Type, "room": &l.Room, "kind": &l.Kind, "peer": &l.Peer, "from": &l.From, "carrier": &l.Carrier, "reason": &l.Reason,
		"resume": &l.Resume, "n": &l.N, "t": &l.T, "position": &l.Position,
	} {
		_ = json.Unmarshal(fields[name], to)
	}
	l.raw, l.Code, l.Resumed = string(raw), fields["code"], string(fields["resumed"])
	if l.Type == string(protocol.TypeError) {
		_ = json.Unmarshal(l.Code, &l.Error)
	}
	return l
}

// link is one connection over one of the carriers. One goroutine may say what another reads.
type link struct {
	*caller
	way    way
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	lines chan line // closed at the end, whose reason is in end
	end   string    // the reader's until lines is closed
	ws    *websocket.Conn

	headers chan struct{} // closed when those of a stream have come
	beaten  chan struct{} // closed when its first heartbeat has
	opened  chan struct{} // closed when carrier is known
	carrier string
	sends   uint64
	// Of the hello and the welcome.
	instance, peer, resume string
	resumed                bool
}

// open connects and says first. It never fails: what went wrong is the link's end.
func (c *caller) open(ctx context.Context, by way, first string) *link {
	l := &link{caller: c, way: by, lines: make(chan line, 64), opened: make(chan struct{}),
		headers: make(chan struct{}), beaten: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(ctx)
	read := map[way]func(string) string{bySocket: l.readSocket, byStream: l.readStream, byPoll: l.readPolls}[by]
	connected := make(chan struct{})
	if by == bySocket {
		dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}}
		ws, response, err := dialer.DialContext(l.ctx, "ws"+strings.TrimPrefix(c.base, "http")+"/v1/ws", c.header)
		if err != nil {
			l.end = refusedBy(response, err)
			close(l.lines)
			return l
		}
		l.ws = ws
	}
	l.wg.Go(func() {
		defer close(l.lines)
		close(connected)
		l.end = read(first)
	})
	<-connected
	if by == bySocket {
		l.wg.Go(func() { <-l.ctx.Done(); l.ws.Close() })
		_ = l.ws.WriteMessage(websocket.TextMessage, []byte(first)) // the reader learns of it
	}
	return l
}

// Close ends the link without a word, and waits until nothing of it is left.
func (l *link) Close() {
	l.cancel()
	for range l.lines {
	}
	l.wg.Wait()
}

func refusedBy(response *http.Response, err error) string {
	if response == nil {
		return "no connection (" + err.Error() + ")"
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return statusText(response.StatusCode, body)
}

// statusText is an answer other than 200: the status, and the code that the body has for machines.
func statusText(status int, body []byte) string {
	text := fmt.Sprintf("HTTP %d", status)
	if l := parseLine(bytes.TrimSpace(body)); l.Error != "" {
		text += " " + l.Error
	}
	return text
}

func (l *link) take(raw []byte) {
	select {
	case l.lines <- parseLine(raw):
	case <-l.ctx.Done():
	}
}

func (l *link) readSocket(string) string {
	for {
		_, raw, err := l.ws.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
				return strings.TrimSpace(fmt.Sprintf("%d %s", closed.Code, closed.Text))
			}
			return "cut"
		}
		l.take(raw)
	}
}

// pass takes a line of a stream or an answer, and returns the end that it says, if it is one.
func (l *link) pass(raw []byte) (end string) {
	got := parseLine(raw)
	switch got.Type {
	case "":
	case string(protocol.TypeOpened), string(protocol.TypePolled):
		if l.carrier == "" {
			l.carrier = got.Carrier
			close(l.opened)
		}
	case string(protocol.TypeClose):
		return string(got.Code) + " " + got.Reason
	default:
		l.take(raw)
	}
	return ""
}

func (l *link) readStream(first string) string {
	response, err := l.request(l.ctx, "stream", first)
	if err != nil || response.StatusCode != http.StatusOK {
		return refusedBy(response, err)
	}
	defer response.Body.Close()
	close(l.headers)
	lines := bufio.NewReaderSize(response.Body, 128<<10)
	for beaten := false; ; {
		raw, err := lines.ReadBytes('\n')
		if len(raw) == 1 && !beaten {
			beaten = true
			close(l.beaten)
		}
		if end := l.pass(bytes.TrimSpace(raw)); end != "" {
			return end
		}
		if err != nil {
			return "cut"
		}
	}
}

// heldBackAfter is what the specification gives a stream's second write.
const heldBackAfter = 5 * time.Second

// held tells whether a proxy holds the stream back: no heartbeat comes in time behind the headers, or not even these, which a proxy
// that compresses keeps until there is enough of the body.
func (l *link) held() bool {
	for _, sign := range []<-chan struct{}{l.headers, l.beaten} {
		wait := time.NewTimer(heldBackAfter)
		defer wait.Stop()
		select {
		case <-sign:
		case <-l.ctx.Done():
			return false
		case <-wait.C:
			return true
		}
	}
	return false
}

func (l *link) readPolls(body string) string {
	for {
		response, err := l.request(l.ctx, "poll", body)
		if err != nil || response.StatusCode != http.StatusOK {
			return refusedBy(response, err)
		}
		raw, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return "cut"
		}
		head, rest, _ := bytes.Cut(raw, []byte("\n"))
		l.pass(head)
		var polled protocol.Polled
		if err := json.Unmarshal(head, &polled); err != nil {
			return "no polled line"
		}
		for raw := range bytes.SplitSeq(rest, []byte("\n")) {
			if end := l.pass(raw); end != "" {
				return end
			}
		}
		body = string(protocol.Encode(protocol.Poll{Carrier: l.carrier, Cursor: polled.Cursor}))
	}
}

// request posts a body to an endpoint. The caller closes the answer's.
func (c *caller) request(ctx context.Context, endpoint, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/"+endpoint, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = c.header.Clone()
	return c.http.Do(r)
}

// post is request for those who want the whole answer: "" for a 200, else its status and code.
func (c *caller) post(ctx context.Context, endpoint, body string) (refusal string, answer []byte) {
	response, err := c.request(ctx, endpoint, body)
	if err != nil {
		return "cut", nil
	}
	defer response.Body.Close()
	answer, _ = io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return statusText(response.StatusCode, answer), answer
	}
	return "", answer
}

// say sends frames, over HTTP in one body. It returns how that was refused, or "".
func (l *link) say(frames ...string) string {
	if l.way == bySocket {
		for _, frame := range frames {
			_ = l.ws.SetWriteDeadline(time.Now().Add(patience))
			if err := l.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
				return "" // the reader says how it ended
			}
		}
		return ""
	}
	select {
	case <-l.opened:
	case <-l.ctx.Done():
		return "never opened"
	}
	l.sends++
	refusal, _ := l.post(l.ctx, "send", l.body(l.sends, frames...))
	return refusal
}

// body makes one for /v1/send.
func (l *link) body(n uint64, frames ...string) string {
	return string(protocol.Encode(protocol.Send{Carrier: l.carrier, N: n})) + "\n" + strings.Join(frames, "\n")
}

// next returns the next line; ok is false at the link's end.
func (l *link) next() (got line, ok bool) {
	select {
	case got, ok = <-l.lines:
		return got, ok
	case <-l.ctx.Done():
		return line{}, false
	}
}

// ended is why there is no next line.
func (l *link) ended() string {
	select {
	case _, ok := <-l.lines:
		if !ok {
			return l.end
		}
	default:
	}
	return "no answer"
}

// until reads up to the first line that is wanted, and returns it, and the codes of the errors before it. If the link ends
// before, that is among them.
func (l *link) until(wanted func(line) bool) (got line, codes []string) {
	for {
		got, ok := l.next()
		switch {
		case !ok:
			return line{}, append(codes, l.ended())
		case wanted(got):
			return got, codes
		case got.Type == string(protocol.TypeError):
			codes = append(codes, got.Error)
		}
	}
}

func ofType(t protocol.Type) func(line) bool { return func(l line) bool { return l.Type == string(t) } }

// helloOf is a hello of a new instance, with a join token or none.
func helloOf(token string) protocol.Hello {
	return protocol.Hello{Instance: protocol.NewInstance(), Versions: []string{protocol.Version}, Token: token}
}

// hello opens a link with a good hello, and waits for the welcome.
func (c *caller) hello(ctx context.Context, by way, h protocol.Hello) (*link, error) {
	l := c.open(ctx, by, string(protocol.Encode(h)))
	welcome, codes := l.until(ofType(protocol.TypeWelcome))
	if len(codes) > 0 {
		l.Close()
		return nil, fmt.Errorf("hello over %s: %s", by, strings.Join(codes, ", "))
	}
	l.instance, l.peer, l.resume, l.resumed = h.Instance, welcome.Peer, welcome.Resume, welcome.Resumed == "true"
	return l, nil
}

// join enters a room, and waits until it is there.
func (l *link) join(room string) error {
	if refusal := l.say(string(protocol.Encode(protocol.Join{Room: room}))); refusal != "" {
		return fmt.Errorf("join %s over %s: %s", room, l.way, refusal)
	}
	if _, codes := l.until(ofType(protocol.TypeJoined)); len(codes) > 0 {
		return fmt.Errorf("join %s over %s: %s", room, l.way, strings.Join(codes, ", "))
	}
	return nil
}
