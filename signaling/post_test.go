package signaling

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// raw is a client that posts what the test says.
func (w *world) raw() *poster { return newPoster(w.t, w.l.Dial) }

func helloLine() string {
	return string(protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()}))
}

func sendBody(carrier string, n uint64, frames ...string) string {
	return string(protocol.Encode(protocol.Send{Carrier: carrier, N: n})) + "\n" + strings.Join(frames, "\n")
}

func pollBody(carrier string, cursor uint64) string {
	return string(protocol.Encode(protocol.Poll{Carrier: carrier, Cursor: cursor}))
}

// opens posts a hello to poll and returns the carrier and the cursor.
func (p *poster) opens() (string, uint64) {
	p.t.Helper()
	head, _ := p.polls(helloLine())
	return head.Carrier, head.Cursor
}

// polls posts a poll that must be answered.
func (p *poster) polls(body string) (protocol.Polled, []string) {
	p.t.Helper()
	status, answer, err := p.post("poll", body)
	lines := strings.Split(strings.TrimSuffix(answer, "\n"), "\n")
	head, bad := protocol.DecodeLine[protocol.Polled]([]byte(lines[0]))
	if err != nil || status != http.StatusOK || bad != nil {
		p.t.Fatalf("poll %s: %d %s (%v)", body, status, answer, err)
	}
	return head, lines[1:]
}

func (p *poster) sends(carrier string, n uint64, frames ...string) {
	p.t.Helper()
	status, answer, err := p.post("send", sendBody(carrier, n, frames...))
	if err != nil || status != http.StatusOK || answer != fmt.Sprintf("{\"type\":\"sent\",\"n\":%d}\n", n) {
		p.t.Fatalf("send %d: %d %s (%v)", n, status, answer, err)
	}
	synctest.Wait() // the answers are there to be fetched
}

func TestAStreamBegins(t *testing.T) {
	for accept, want := range map[string]struct{ kind, line, beat string }{
		"":                               {"application/x-ndjson", `{"type":"opened","carrier":`, "\n"},
		"text/event-stream, */*; q=0.01": {"text/event-stream", `data: {"type":"opened","carrier":`, ":\n"},
	} {
		t.Run(want.kind, func(t *testing.T) {
			// Whoever decides takes longer than a client waits for a sign that nothing is held back.
			slow := func(context.Context, AuthRequest) (Grant, error) {
				time.Sleep(8 * time.Second)
				return Grant{Rooms: []string{"*"}}, nil
			}
			inWorld(t, Config{Authorize: slow}, func(t *testing.T, w *world) {
				start := time.Now()
				res, err := w.raw().open("stream", accept, helloLine())
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				for name, value := range map[string]string{
					"Content-Type": want.kind, "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff",
				} {
					if got := res.Header.Get(name); got != value {
						t.Errorf("%s: %q", name, got)
					}
				}
				lines := &streamLink{lines: bufio.NewReader(res.Body)}
				read := func() string {
					line, err := lines.lines.ReadString('\n')
					if err != nil {
						t.Fatal(err)
					}
					if accept != "" && line != ":\n" {
						if empty, _ := lines.lines.ReadString('\n'); empty != "\n" {
							t.Fatalf("%q has no end", line)
						}
					}
					return line
				}
				if line := read(); !strings.HasPrefix(line, want.line) || time.Since(start) != 0 {
					t.Errorf("%q after %v", line, time.Since(start))
				}
				if line := read(); line != want.beat || time.Since(start) != 2*time.Second {
					t.Errorf("%q after %v", line, time.Since(start))
				}
				if accept != "" {
					lines.lines.ReadString('\n')
				}
				if line := read(); !has(line, `{"type":"welcome"`) || time.Since(start) != 8*time.Second {
					t.Errorf("%q after %v", line, time.Since(start))
				}
				if line := read(); line != want.beat || time.Since(start) != 17*time.Second {
					t.Errorf("%q after %v", line, time.Since(start))
				}
			})
		})
	}
}

// A body is applied once, in its turn, and whole.
func TestBodiesAreAppliedOnce(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, _ := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`, "", `  {"type":"message","room":"tea","n":1,"data":1}`+"\r")
		ada.event(protocol.EventJoined)
		ada.event(protocol.EventMessage)
		p.sends(id, 1, `{"type":"message","room":"tea","n":2,"data":2}`) // what came last is answered again, whatever else it says now
		p.refusal("send", sendBody(id, 3, `{"type":"bye"}`), 409, protocol.CodeStaleRequest)
		p.sends(id, 2)
		p.refusal("send", sendBody(id, 1, `{"type":"bye"}`), 409, protocol.CodeStaleRequest)
		// Too much is refused before anything of it is read, and its number is still free.
		many := make([]string, 65)
		for i := range many {
			many[i] = `{"type":"bye"}`
		}
		p.refusal("send", sendBody(id, 3, many...), 413, protocol.CodeBodyTooLarge)
		p.refusal("send", sendBody(id, 3, strings.Repeat(" ", 256<<10)), 413, protocol.CodeBodyTooLarge)
		p.sends(id, 3, `{"type":"message","room":"tea","n":2,"data":2}`)
		ada.event(protocol.EventMessage)
		ada.quiet()
		if n := w.s.Stats(); n.Refused[409] != 2 || n.Refused[413] != 2 || n.Errors[protocol.CodeStaleRequest] != 2 {
			t.Errorf("%+v", n)
		}
	})
}

// While a body waits to be read, the same one may come again: of the requests that ask for it, the newest is answered.
func TestTheNewestOfTwoSends(t *testing.T) {
	slow := func(ctx context.Context, req AuthRequest) (Grant, error) {
		if req.Token == "slow" {
			time.Sleep(3 * time.Second)
		}
		return Grant{Rooms: []string{"*"}}, nil
	}
	inWorld(t, Config{Authorize: slow}, func(t *testing.T, w *world) {
		p := w.raw()
		id, cursor := p.opens()
		body := sendBody(id, 1, `{"type":"token","id":7,"token":"slow"}`)
		var wg sync.WaitGroup
		wg.Go(func() { p.refusal("send", body, 409, protocol.CodeStaleRequest) })
		synctest.Wait()
		// Its client gives up, and the frames are handled all the same.
		ctx, cancel := context.WithCancel(p.ctx)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://beckon.test/v1/send", strings.NewReader(body))
		wg.Go(func() {
			if _, err := p.http.RoundTrip(req); err == nil {
				t.Error("answered")
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		p.sends(id, 1, `{"type":"token","id":7,"token":"slow"}`)
		p.sends(id, 2, `{"type":"ping","t":2}`)
		wg.Wait()
		_, lines := p.polls(pollBody(id, cursor))
		if len(lines) != 2 || !has(lines[0], `"type":"ice"`) || !has(lines[1], `"type":"pong"`) {
			t.Errorf("%q", lines)
		}
	})
}

// An answer that is lost is had again, and what has arrived is not kept.
func TestALostAnswerLosesNothing(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		p := w.raw()
		id, cursor := p.opens()
		if cursor != 1 {
			t.Errorf("cursor %d after the welcome", cursor)
		}
		p.sends(id, 1, `{"type":"ping","t":1}`)
		head, first := p.polls(pollBody(id, 1))
		if head.Cursor != 2 || head.Carrier != "" || len(first) != 1 {
			t.Errorf("%+v %q", head, first)
		}
		p.sends(id, 2, `{"type":"ping","t":2}`)
		head, again := p.polls(pollBody(id, 1))
		if head.Cursor != 3 || len(again) != 2 || again[0] != first[0] || !has(again[1], `"t":2`) {
			t.Errorf("%+v %q", head, again)
		}
		p.refusal("poll", pollBody(id, 4), 409, protocol.CodeStaleRequest)
		p.sends(id, 3, `{"type":"ping","t":3}`)
		if head, lines := p.polls(pollBody(id, 3)); head.Cursor != 4 || len(lines) != 1 {
			t.Errorf("%+v %q", head, lines)
		}
		p.refusal("poll", pollBody(id, 2), 409, protocol.CodeStaleRequest)
		k := w.s.carrierOf(id).(*poll)
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.lines) != 1 || k.bytes != len(k.lines[0]) || k.acked != 3 {
			t.Errorf("%d lines of %d bytes are kept behind %d", len(k.lines), k.bytes, k.acked)
		}
	})
}

// One poll waits at a time. With nothing to say it is answered at a heartbeat's time; one that is cancelled is a client that has gone.
func TestPollsThatWait(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, cursor := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		head, _ := p.polls(pollBody(id, cursor))
		start := time.Now()
		var older sync.WaitGroup
		older.Go(func() { p.refusal("poll", pollBody(id, head.Cursor), 409, protocol.CodeStaleRequest) })
		synctest.Wait()
		if again, lines := p.polls(pollBody(id, head.Cursor)); again.Cursor != head.Cursor || len(lines) != 0 || time.Since(start) != 15*time.Second {
			t.Errorf("%+v %q after %v", again, lines, time.Since(start))
		}
		older.Wait()
		ctx, cancel := context.WithCancel(p.ctx)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://beckon.test/v1/poll", strings.NewReader(pollBody(id, head.Cursor)))
		older.Go(func() { p.http.RoundTrip(req) })
		synctest.Wait()
		cancel()
		older.Wait()
		ada.event(protocol.EventAway)
		p.refusal("poll", pollBody(id, head.Cursor), 404, protocol.CodeUnknownCarrier)
		p.refusal("send", sendBody(id, 2), 404, protocol.CodeUnknownCarrier)
	})
}

// Who polls no more is away when it has been silent for too long, though nothing broke.
func TestAPollerThatStops(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, _ := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		start := time.Now()
		ada.silentFor(25 * time.Second)
		ada.event(protocol.EventAway)
		if d := time.Since(start); d != 25*time.Second {
			t.Errorf("after %v", d)
		}
		synctest.Wait()
		// The reason waits for it a while longer.
		if _, lines := p.polls(pollBody(id, 1)); len(lines) != 2 || !has(lines[1], `{"type":"close","code":4001,"reason":"heartbeat-timeout"}`) {
			t.Errorf("%q", lines)
		}
	})
}

// silentFor waits for so long in which no frame comes.
func (c *client) silentFor(d time.Duration) {
	c.t.Helper()
	time.Sleep(d - time.Nanosecond)
	c.quiet()
}

// What others say and who does not fetch it costs a bounded amount of memory, and the others nothing.
func TestAPollerThatFetchesNothing(t *testing.T) {
	inWorld(t, Config{Limits: Limits{QueueFrames: 64, QueueBytes: 64 << 10, Rate: 1e6, Burst: 1e6}}, func(t *testing.T, w *world) {
		ada, _ := w.in("tea")
		p := w.raw()
		id, _ := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		for n := range uint64(1000) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		k := w.s.carrierOf(id).(*poll)
		k.mu.Lock()
		kept := k.bytes
		k.mu.Unlock()
		k.conn.mu.Lock()
		waiting := k.conn.bytes
		k.conn.mu.Unlock()
		if kept > 64<<10 || waiting > 64<<10 || kept+waiting < 64<<10 {
			t.Errorf("%d bytes are kept, %d wait", kept, waiting)
		}
		// It lags now: what it gets is what fitted, and then a snapshot.
		cursor, gap := uint64(1), false
		for range 20 {
			head, lines := p.polls(pollBody(id, cursor))
			cursor = head.Cursor
			gap = gap || has(strings.Join(lines, ""), `"gap":true`)
		}
		if !gap {
			t.Error("no snapshot")
		}
		// Who makes no room for as long as a write may take is given up.
		for n := range uint64(1000) {
			ada.shout(n + 1001)
			ada.event(protocol.EventMessage)
		}
		time.Sleep(10 * time.Second)
		ada.event(protocol.EventAway)
	})
}

// Who asks for the same lines again and again and reads none of the answers has one answer at a time: each cuts off the one before.
func TestAnswersThatNobodyReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, Config{Authorize: AllowAnonymous("*"), Limits: Limits{Rate: 1e6, Burst: 1e6}}, 4096)
		ada, _ := w.in("tea")
		p := w.raw()
		id, cursor := p.opens()
		p.sends(id, 1, `{"type":"join","room":"tea"}`)
		ada.event(protocol.EventJoined)
		for n := range uint64(100) {
			ada.shout(n + 1)
			ada.event(protocol.EventMessage)
		}
		body := pollBody(id, cursor)
		var conns []net.Conn
		for range 20 {
			conn, err := w.l.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /v1/poll HTTP/1.1\r\nHost: beckon.test\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			synctest.Wait()
			conns = append(conns, conn)
		}
		for i, conn := range conns[:19] {
			if n, err := io.Copy(io.Discard, conn); n > 10_000 || err != nil {
				t.Errorf("answer %d goes on: %d bytes, %v", i, n, err)
			}
		}
		if head, lines := p.polls(body); len(lines) < 100 || head.Cursor != cursor+uint64(len(lines)) {
			t.Errorf("%+v with %d lines", head, len(lines))
		}
	})
}

func TestSlowBodies(t *testing.T) {
	inWorld(t, Config{Limits: Limits{PerAddress: 2}}, func(t *testing.T, w *world) {
		ada := w.session()
		for path, d := range map[string]time.Duration{"stream": 5 * time.Second, "poll": 5 * time.Second, "send": 10 * time.Second} {
			start := time.Now()
			conns := []net.Conn{w.half(path), w.half(path)}
			synctest.Wait()
			w.raw().refusal(path, "{}", 429, protocol.CodeRateLimited)
			elsewhere := newPoster(t, func(ctx context.Context) (net.Conn, error) {
				return w.l.DialFrom(ctx, netip.MustParseAddr("192.0.2.7"))
			})
			elsewhere.refusal("send", "{}", 400, protocol.CodeBadRequest)
			for _, conn := range conns {
				answer, _ := io.ReadAll(conn)
				if !has(string(answer), "408 Request Timeout") || !has(string(answer), `"code":"body-too-slow"`) || time.Since(start) != d {
					t.Errorf("%s: %s after %v", path, answer, time.Since(start))
				}
				conn.Close()
			}
		}
		ada.alive()
		if n := len(w.s.bodies); n != 0 {
			t.Errorf("%d addresses are remembered", n)
		}
	})
}

// Who is refused whatever the body says holds nothing for longer, also where the http.Server has no deadlines of its own.
func TestSlowBodiesOfTheRefused(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		l := memnet.Listen(1 << 16)
		hs := &http.Server{Handler: w.s}
		go hs.Serve(l)
		defer hs.Close()
		for _, head := range []string{
			"POST /v1/stream HTTP/1.1\r\nOrigin: https://evil.example", "PUT /v1/poll HTTP/1.1", "POST /v1/ws HTTP/1.1",
		} {
			conn, err := l.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			fmt.Fprintf(conn, "%s\r\nHost: beckon.test\r\nContent-Length: 100\r\n\r\n{", head)
			timer := time.AfterFunc(time.Hour, func() { conn.Close() })
			answer, _ := io.ReadAll(conn)
			timer.Stop()
			conn.Close()
			if took := time.Since(start); !has(string(answer), "HTTP/1.1 40") || took > 10*time.Second+time.Second {
				t.Errorf("%.20s: %q after %v", head, answer, took)
			}
		}
	})
}

// half begins a request whose body does not end.
func (w *world) half(path string) net.Conn {
	w.t.Helper()
	conn, err := w.l.Dial(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /v1/%s HTTP/1.1\r\nHost: beckon.test\r\nContent-Length: 100\r\n\r\n{\"type\":", path)
	return conn
}

// Only the pages that may open a WebSocket may post, and they can read the answers.
func TestOriginsOverHTTP(t *testing.T) {
	inWorld(t, Config{Origins: []string{"https://app.example"}}, func(t *testing.T, w *world) {
		p := w.raw()
		ask := func(method, origin string) *http.Response {
			req, _ := http.NewRequestWithContext(p.ctx, method, "http://beckon.test/v1/send", strings.NewReader("{}"))
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			res, err := p.http.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return res
		}
		for _, c := range []struct {
			method, origin string
			status         int
			allowed        string
		}{
			{"POST", "", 400, ""},
			{"POST", "http://beckon.test", 400, "http://beckon.test"},
			{"POST", "https://app.example", 400, "https://app.example"},
			{"POST", "https://evil.example", 403, ""},
			{"POST", "null", 403, ""},
			{"OPTIONS", "https://app.example", 204, "https://app.example"},
			{"OPTIONS", "https://evil.example", 403, ""},
			{"GET", "https://app.example", 405, "https://app.example"},
		} {
			res := ask(c.method, c.origin)
			if res.StatusCode != c.status || res.Header.Get("Access-Control-Allow-Origin") != c.allowed || res.Header.Get("Vary") != "Origin" {
				t.Errorf("%s from %q: %s %v", c.method, c.origin, res.Status, res.Header)
			}
			if c.status == 204 && (res.Header.Get("Access-Control-Allow-Methods") != "POST" || res.Header.Get("Access-Control-Allow-Headers") != "Content-Type") {
				t.Errorf("%v", res.Header)
			}
		}
	})
}

// Over each carrier Authorize learns from which page a client comes, or that it names none, and is not asked about a stranger's.
func TestAuthorizeLearnsTheOrigin(t *testing.T) {
	var got []string
	inWorld(t, Config{
		Origins: []string{"https://app.example"},
		Authorize: func(_ context.Context, req AuthRequest) (Grant, error) {
			got = append(got, req.Origin)
			return Grant{}, errRefused
		},
		Limits: Limits{Failures: 100},
	}, func(t *testing.T, w *world) {
		p := w.raw()
		for _, kind := range []string{"ws", "stream", "poll"} {
			for _, origin := range []string{"", "http://beckon.test", "https://app.example", "https://evil.example"} {
				header := http.Header{}
				if origin != "" {
					header.Set("Origin", origin)
				}
				got = nil
				if kind == "ws" {
					if ws, _, err := w.dial(local, header); err == nil {
						ws.WriteMessage(websocket.TextMessage, []byte(helloLine()))
						ws.ReadMessage()
						ws.Close()
					}
				} else {
					req, _ := http.NewRequestWithContext(p.ctx, "POST", "http://beckon.test/v1/"+kind, strings.NewReader(helloLine()))
					req.Header = header
					res, err := p.http.RoundTrip(req)
					if err != nil {
						t.Fatal(err)
					}
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				synctest.Wait()
				want := []string{origin}
				if origin == "https://evil.example" {
					want = nil
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s from %q: Authorize was told %q", kind, origin, got)
				}
			}
		}
	})
}

// A carrier over HTTP is a connection like any other, and counts as long as it lasts.
func TestConnectionsPerAddressOverHTTP(t *testing.T) {
	inWorld(t, Config{Limits: Limits{PerAddress: 3}}, func(t *testing.T, w *world) {
		socket := w.session()
		w.kind = "stream"
		stream := w.session()
		w.kind = "poll"
		poll := w.session()
		p := w.raw()
		p.refusal("poll", helloLine(), 429, protocol.CodeRateLimited)
		p.refusal("stream", helloLine(), 429, protocol.CodeRateLimited)
		poll.alive() // what is posted for one that is there is no connection
		for _, c := range []*client{socket, stream, poll} {
			c.drop()
			synctest.Wait()
			p.opens()
			p.refusal("poll", helloLine(), 429, protocol.CodeRateLimited)
		}
	})
}

// Changing the carrier is a resume: nothing is lost, and the older connection is told.
func TestChangingTheCarrier(t *testing.T) {
	for _, from := range kinds {
		for _, to := range kinds {
			t.Run(from+" to "+to, func(t *testing.T) {
				inWorld(t, Config{}, func(t *testing.T, w *world) {
					ada, _ := w.in("tea")
					w.kind = from
					bob, joined := w.in("tea")
					ada.event(protocol.EventJoined)
					w.kind = to
					again := w.again(bob)
					bob.ends(protocol.CloseReplaced)
					ada.event(protocol.EventAway)
					ada.say("tea", 1)
					ada.event(protocol.EventMessage)
					j := again.join(protocol.Join{Room: "tea", Epoch: joined.Epoch, Position: joined.Position})
					if !j.Replay || j.Until != j.Position+3 {
						t.Fatalf("%+v", j)
					}
					again.event(protocol.EventAway)
					again.event(protocol.EventMessage)
					again.event(protocol.EventBack)
					ada.event(protocol.EventBack)
					ada.signal("tea", again, 1)
					if s := next[protocol.Signal](again); s.N != 1 {
						t.Errorf("%+v", s)
					}
					ada.alive()
				})
			})
		}
	}
}

// A line break in what one says on a WebSocket does not break the lines of the others.
func TestLineBreaksInFrames(t *testing.T) {
	overAll(t, Config{}, func(t *testing.T, w *world) {
		bob, _ := w.in("tea")
		w.kind = "socket"
		ada, _ := w.in("tea")
		bob.event(protocol.EventJoined)
		ada.raw(fmt.Sprintf("{\"type\":\"signal\",\r\n\"room\":\"tea\",\"to\":%q,\n\"toInstance\":%q,\"n\":1,\"data\":[\n1]}", bob.welcome.Peer, bob.instance))
		if s := next[protocol.Signal](bob); strings.TrimSpace(string(s.Data)) != "[ 1]" && string(s.Data) != "[\n1]" {
			t.Errorf("%+v", s)
		}
		ada.raw("{\"type\":\"message\",\n\"room\":\"tea\",\"n\":1,\"data\":{\"a\":\r\n2}}")
		bob.event(protocol.EventMessage)
		ada.event(protocol.EventMessage)
		ada.raw("{\"type\":\"update\",\"room\":\"tea\",\"attributes\":{\"a\":\r\n2}}")
		bob.event(protocol.EventUpdated)
		bob.alive()
	})
}

// Requests that are wrong are refused by name, and nobody else notices.
func TestWrongRequests(t *testing.T) {
	inWorld(t, Config{}, func(t *testing.T, w *world) {
		ada := w.session()
		p := w.raw()
		id, _ := p.opens()
		stream := w.raw()
		res, err := stream.open("stream", "", helloLine())
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		line, _ := bufio.NewReader(res.Body).ReadString('\n')
		opened, err := protocol.DecodeLine[protocol.Opened]([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
		for _, c := range []struct {
			path, body string
			status     int
			code       protocol.ErrorCode
		}{
			{"send", "", 400, protocol.CodeBadRequest},
			{"send", "\x00\xff", 400, protocol.CodeBadRequest},
			{"send", helloLine(), 400, protocol.CodeBadRequest},
			{"send", `{"type":"send"}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":"` + id + `","n":0}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":"` + id + `","n":-1}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":"` + id + `","n":"1"}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":"` + id + `","n":1,"n":2}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":"x","carrier":"` + id + `","n":1}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","Carrier":"` + id + `","n":1}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":7,"n":1}`, 400, protocol.CodeBadRequest},
			{"send", `{"type":"send","carrier":"` + id + `","n":1,"x":` + deep + `}`, 400, protocol.CodeBadRequest},
			{"send", `[{"type":"send","carrier":"` + id + `","n":1}]`, 400, protocol.CodeBadRequest},
			{"send", sendBody(strings.Repeat("x", 65), 1), 400, protocol.CodeBadRequest},
			{"send", sendBody("guessed", 1), 404, protocol.CodeUnknownCarrier},
			{"send", sendBody(id, 2), 409, protocol.CodeStaleRequest},
			{"send", sendBody(id, protocol.MaxNumber), 409, protocol.CodeStaleRequest},
			{"send", sendBody(id, 1) + strings.Repeat("\n", 256<<10), 413, protocol.CodeBodyTooLarge},
			{"poll", pollBody("guessed", 0), 404, protocol.CodeUnknownCarrier},
			{"poll", pollBody(opened.Carrier, 0), 404, protocol.CodeUnknownCarrier}, // is a stream
			{"poll", pollBody(id, 2), 409, protocol.CodeStaleRequest},
			{"poll", pollBody(id, protocol.MaxNumber), 409, protocol.CodeStaleRequest},
			{"poll", pollBody(id, 1)[:20], 400, protocol.CodeBadRequest},
			{"poll", `{"type":"poll","carrier":"` + id + `","cursor":1.5}`, 400, protocol.CodeBadRequest},
			{"poll", `{"type":"poll","carrier":"` + id + `","cursor":1,"cursor":0}`, 400, protocol.CodeBadRequest},
			{"poll", `{"type":"poll","carrier":"` + id + `","cursor":9007199254740993}`, 400, protocol.CodeBadRequest},
			{"poll", pollBody(id, 0) + "\n" + pollBody(id, 0), 400, protocol.CodeBadRequest},
			{"poll", strings.Repeat("x", 65538), 413, protocol.CodeBodyTooLarge},
			{"stream", strings.Repeat("x", 65538), 413, protocol.CodeBodyTooLarge},
			{"stream", helloLine() + "\n" + helloLine(), 400, protocol.CodeBadRequest},
		} {
			p.refusal(c.path, c.body, c.status, c.code)
		}
		// What is wrong with a hello is judged as on a WebSocket.
		for _, body := range []string{"", "[]", `{"type":"ping"}`, `{"type":"send","carrier":"x","n":1}`} {
			head, lines := p.polls(body)
			if strings.Contains(lines[0], `"type":"error"`) && len(lines) == 1 { // the close may be a moment behind it
				_, more := p.polls(pollBody(head.Carrier, head.Cursor))
				lines = append(lines, more...)
			}
			if !has(lines[len(lines)-1], `{"type":"close","code":4500,"reason":"hello-expected"}`) {
				t.Errorf("%q: %q", body, lines)
			}
		}
		p.sends(id, 1, `{"type":"ping","t":5}`) // and the one that was there lives
		if _, lines := p.polls(pollBody(id, 1)); len(lines) != 1 || !has(lines[0], `"t":5`) {
			t.Errorf("%q", lines)
		}
		ada.alive()
	})
}

// A frame that is too large ends the connection as on a WebSocket, and no frame behind it is read.
func TestFramesTooLargeOverHTTP(t *testing.T) {
	for _, kind := range []string{"stream", "poll"} {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, Config{}, func(t *testing.T, w *world) {
				w.kind = kind
				other, _ := w.in("tea")
				c, _ := w.in("tea")
				other.event(protocol.EventJoined)
				c.raw(`{"type":"ping","x":"` + strings.Repeat("x", 65536-21) + `"}`)
				c.ends(protocol.CloseFrameTooLarge)
				other.event(protocol.EventAway)
				other.alive()
			})
		})
	}
}

// HTTP/2 carries all of it over one connection.
func TestHTTP2(t *testing.T) {
	for _, kind := range []string{"stream", "events", "poll"} {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, Config{}, func(t *testing.T, w *world) {
				w.kind, w.http2 = kind, true
				ada, _ := w.in("tea")
				bob, _ := w.in("tea")
				ada.event(protocol.EventJoined)
				for n := range uint64(20) {
					bob.signal("tea", ada, n+1)
					if s := next[protocol.Signal](ada); s.N != n+1 {
						t.Fatalf("%+v", s)
					}
				}
				time.Sleep(time.Minute)
				bob.alive()
				ada.drop()
				bob.event(protocol.EventAway)
				ada = w.again(ada)
				bob.send(protocol.Bye{})
				bob.ends(protocol.CloseNormal)
				ended := w.leaving(ada)
				ada.ends(protocol.CloseGoingAway)
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
