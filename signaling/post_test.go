package signaling

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
