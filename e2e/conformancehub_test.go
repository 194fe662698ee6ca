//go:build unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/conformance"
)

// hub is where the pages that play roles of the conformance suite report, each over a WebSocket. Over one, because a browser has no
// more than six requests under way, and every role that waits for the other would be one.
type hub struct {
	url   string
	ctx   context.Context
	came  chan *hubPage
	reads sync.WaitGroup
}

// hubPage is a page at the other end of a WebSocket: a player.
type hubPage struct {
	kind   browser.Kind
	ctx    context.Context // ends with the test
	socket *websocket.Conn
	gone   chan struct{} // closed by read when the page is

	mu   sync.Mutex
	runs map[int]*pageRun // those that go on, by their number; guarded by mu
	last int              // guarded by mu

	writing sync.Mutex
}

// pageRun is a role that a page plays.
type pageRun struct {
	ctx     context.Context
	control conformance.Control
	done    chan string // its fault, or ""; holds one
}

// hubFrame is what goes over the socket.
type hubFrame struct {
	Type  string                  `json:"type"` // run, go, stop, forget, end; from the page: meet, act, done
	Run   int                     `json:"run"`
	Point string                  `json:"point,omitempty"` // at which both roles meet, or the act that is done; of go
	Act   string                  `json:"act,omitempty"`
	Error string                  `json:"error,omitempty"` // of done
	Pair  string                  `json:"pair,omitempty"`
	Role  conformance.Role        `json:"role,omitempty"`
	Alone bool                    `json:"alone,omitempty"`
	Steps []conformance.Step      `json:"steps,omitempty"`
	Join  conformance.JoinOptions `json:"join"`
	// Server and Room are where the other player is met.
	Server string `json:"server,omitempty"`
	Room   string `json:"room,omitempty"`
}

func newHub(t *testing.T, s *site, ip string) *hub {
	// Not on loopback: Chromium keeps pages of other addresses from that.
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{ctx: s.ctx, came: make(chan *hubPage)}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		p := &hubPage{
			kind: browser.Kind(r.URL.Query().Get("kind")), ctx: h.ctx, socket: socket,
			gone: make(chan struct{}), runs: make(map[int]*pageRun),
		}
		h.reads.Go(p.read)
		select {
		case h.came <- p:
		case <-h.ctx.Done():
		}
	})}}
	server.Start()
	h.url = "ws" + strings.TrimPrefix(server.URL, "http")
	t.Cleanup(func() {
		server.Close()
		h.reads.Wait()
	})
	return h
}

// open opens two pages in a browser, of which one plays with the other.
func (h *hub) open(t *testing.T, s *site, kind browser.Kind, base string) [2]player {
	t.Helper()
	var pages [2]player
	for i := range pages {
		page := s.open(t, kind, "conformance.js", map[string]string{"hub": h.url + "/?kind=" + string(kind), "sdk": base + "/sdk/beckon.js"})
		select {
		case p := <-h.came:
			pages[i] = p
			t.Cleanup(func() {
				p.send(hubFrame{Type: "end"})
				<-p.gone
			})
		case v := <-page.verdicts:
			t.Fatalf("the page of %s ended: %s", kind, v.Error)
		case <-h.ctx.Done():
			t.Fatalf("the page of %s did not come", kind)
		}
	}
	return pages
}

// Play has the page play a role.
func (p *hubPage) Play(ctx context.Context, run conformance.Run) error {
	r := &pageRun{ctx: ctx, control: run.Control, done: make(chan string, 1)}
	p.mu.Lock()
	p.last++
	number := p.last
	p.runs[number] = r
	p.mu.Unlock()
	p.send(hubFrame{
		Type: "run", Run: number, Pair: run.Pair, Role: run.Role, Alone: run.Case.Alone,
		Steps: run.Case.Script(run.Role), Join: run.Case.Join[run.Role], Server: run.Server, Room: run.Room,
	})
	stopped := context.AfterFunc(ctx, func() { p.send(hubFrame{Type: "stop", Run: number}) })
	defer stopped()
	select {
	case fault := <-r.done:
		if fault == "" {
			return nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("%s: %w", fault, cause)
		}
		return errors.New(fault)
	case <-p.gone:
		return errors.New("the page is gone")
	case <-p.ctx.Done():
		return errors.New("the page did not stop")
	}
}

// Forget has the page drop a connection.
func (p *hubPage) Forget(pair string) { p.send(hubFrame{Type: "forget", Pair: pair}) }

// read takes what the page says until it is gone.
func (p *hubPage) read() {
	defer close(p.gone)
	defer p.socket.Close()
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		var f hubFrame
		if err := p.socket.ReadJSON(&f); err != nil {
			return
		}
		p.mu.Lock()
		r := p.runs[f.Run]
		if f.Type == "done" {
			delete(p.runs, f.Run)
		}
		p.mu.Unlock()
		switch {
		case r == nil:
		case f.Type == "done":
			r.done <- f.Error
		default:
			asking.Go(func() { p.answer(r, f) })
		}
	}
}

// answer does what a role asks for, and tells it that it is done. One that is not done is stopped by what went wrong.
func (p *hubPage) answer(r *pageRun, f hubFrame) {
	var err error
	if f.Type == "act" {
		err = r.control.Act(r.ctx, f.Act)
		f.Point = f.Act
	} else {
		err = r.control.Meet(r.ctx, f.Point)
	}
	if err == nil {
		p.send(hubFrame{Type: "go", Run: f.Run, Point: f.Point})
	}
}

// send writes a frame. A page that is gone, is so for read.
func (p *hubPage) send(f hubFrame) {
	p.writing.Lock()
	defer p.writing.Unlock()
	_ = p.socket.WriteJSON(f)
}

// meetingPlace is where the two roles of a case meet.
type meetingPlace struct {
	server *killable      // nil if the case has none of its own
	relay  *breakingRelay // nil if the case has none of its own

	mu     sync.Mutex
	points map[string]chan struct{} // made by who comes first, closed by who comes second; guarded by mu
}

var _ conformance.Control = (*meetingPlace)(nil)

func newMeetingPlace(server *killable, relay *breakingRelay) *meetingPlace {
	return &meetingPlace{server: server, relay: relay, points: make(map[string]chan struct{})}
}

func (m *meetingPlace) Meet(ctx context.Context, point string) error {
	m.mu.Lock()
	both, second := m.points[point]
	if second {
		delete(m.points, point)
		close(both)
	} else {
		both = make(chan struct{})
		m.points[point] = both
	}
	m.mu.Unlock()
	select {
	case <-both:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the other role did not come to %q: %w", point, context.Cause(ctx))
	}
}

func (m *meetingPlace) Act(ctx context.Context, act string) error {
	switch act {
	case "kill":
		m.server.kill()
		return nil
	case "break":
		m.relay.lose()
		return nil
	}
	return m.server.start(ctx)
}
