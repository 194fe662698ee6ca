package signaling

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Who comes and goes leaves nothing behind: no goroutine, no memory, neither in the server nor in a room that lives on. It does not run
// beside other tests, whose goroutines and memory would be counted.
func TestNothingIsLeftOfTenThousandConnections(t *testing.T) {
	nothingIsLeft(t, 2000, 10_000, (*world).comeAndGo)
}

// The same over HTTP, half of them streams and half of them polls.
func TestNothingIsLeftOfConnectionsOverHTTP(t *testing.T) {
	nothingIsLeft(t, 1000, 3000, (*world).postAndGo)
}

func nothingIsLeft(t *testing.T, warm, cycles int, comeAndGo func(*world, *testing.T, int)) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, Config{Authorize: AllowAnonymous("*"), Limits: Limits{RingEvents: 16, PerAddress: 100}}, 0)
		stays, _ := w.in("tea")
		round := func(cycles int) (goroutines int, heap uint64) {
			for range cycles / 100 {
				for range 10 {
					comeAndGo(w, t, 10)
					for len(stays.in) > 0 {
						<-stays.in
					}
				}
				time.Sleep(time.Minute) // until those have left who did not say goodbye
				synctest.Wait()
			}
			if n := w.s.Stats(); n.Connections != 1 || n.Sessions != 1 || n.Rooms != 1 || len(w.s.posted)+len(w.s.bodies) != 0 {
				t.Fatalf("%+v", n)
			}
			for range 2 { // what a sync.Pool holds survives one
				runtime.GC()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		goroutines, heap := round(warm) // which fill what is filled once: pools, buffers, maps
		goroutinesAfter, heapAfter := round(cycles)
		t.Logf("%d connections: goroutines %d, then %d; heap %d, then %d bytes", cycles, goroutines, goroutinesAfter, heap, heapAfter)
		if goroutinesAfter != goroutines {
			t.Errorf("%d goroutines became %d", goroutines, goroutinesAfter)
		}
		// Whatever is kept of a connection is larger than this.
		if heapAfter > heap+uint64(cycles)*32 {
			t.Errorf("%d bytes became %d", heap, heapAfter)
		}
	})
}

// comeAndGo are clients that join, say something and go, every other one with a goodbye.
func (w *world) comeAndGo(t *testing.T, clients int) {
	t.Helper()
	var all []*websocket.Conn
	for n := range clients {
		ws, _, err := w.dial(local, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ws)
		frames := []protocol.Frame{
			protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()},
			protocol.Join{Room: "tea"},
			protocol.Message{Room: "tea", N: 1, Data: []byte(`1`)},
		}
		if n%2 == 0 {
			frames = append(frames, protocol.Bye{})
		}
		for _, f := range frames {
			if err := ws.WriteMessage(websocket.TextMessage, protocol.Encode(f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	synctest.Wait()
	for _, ws := range all {
		ws.Close()
	}
	synctest.Wait()
}

// postAndGo is comeAndGo over HTTP. Some wait in a stream or a poll as they go, some are between two polls.
func (w *world) postAndGo(t *testing.T, clients int) {
	t.Helper()
	tr := &http.Transport{DialContext: w.l.DialContext}
	defer tr.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	post := func(path, body string) *http.Response {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://beckon.test/v1/"+path, strings.NewReader(body))
		res, err := tr.RoundTrip(req)
		if err != nil {
			return nil
		}
		all.Go(func() {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		})
		return res
	}
	for n := range clients {
		path := []string{"stream", "poll"}[n%2]
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://beckon.test/v1/"+path, strings.NewReader(helloLine()))
		res, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(res.Body)
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var first struct{ Carrier string }
		if err := json.Unmarshal([]byte(line), &first); err != nil || first.Carrier == "" {
			t.Fatalf("%s: %v", line, err)
		}
		all.Go(func() {
			_, _ = io.Copy(io.Discard, lines)
			res.Body.Close()
		})
		frames := []string{`{"type":"join","room":"tea"}`, `{"type":"message","room":"tea","n":1,"data":1}`}
		if n%4 < 2 {
			frames = append(frames, `{"type":"bye"}`)
		}
		if sent := post("send", sendBody(first.Carrier, 1, frames...)); sent == nil || sent.StatusCode != http.StatusOK {
			t.Fatalf("%+v", sent)
		}
		if path == "poll" && n%8 < 4 {
			all.Go(func() { post("poll", pollBody(first.Carrier, 1)) })
		}
	}
	synctest.Wait()
	cancel()
	tr.CloseIdleConnections()
	all.Wait()
	synctest.Wait()
}
