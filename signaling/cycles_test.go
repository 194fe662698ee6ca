package signaling

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// Who comes and goes leaves nothing behind: no goroutine, no memory, neither in the server nor in a room that lives on. It does not run
// beside other tests, whose goroutines and memory would be counted.
func TestNothingIsLeftOfTenThousandConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, Config{Authorize: AllowAnonymous("*"), Limits: Limits{RingEvents: 16, PerAddress: 100}}, 0)
		stays, _ := w.in("tea")
		round := func(cycles int) (goroutines int, heap uint64) {
			for range cycles / 100 {
				for range 10 {
					w.comeAndGo(t, 10)
					for len(stays.in) > 0 {
						<-stays.in
					}
				}
				time.Sleep(20 * time.Second) // until those have left who did not say goodbye
				synctest.Wait()
			}
			if n := w.s.Stats(); n.Connections != 1 || n.Sessions != 1 || n.Rooms != 1 {
				t.Fatalf("%+v", n)
			}
			for range 2 { // what a sync.Pool holds survives one
				runtime.GC()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return runtime.NumGoroutine(), m.HeapAlloc
		}
		const warm, cycles = 2000, 10_000 // the first fill what is filled once: pools, buffers, maps
		goroutines, heap := round(warm)
		goroutinesAfter, heapAfter := round(cycles)
		t.Logf("%d connections: goroutines %d, then %d; heap %d, then %d bytes", cycles, goroutines, goroutinesAfter, heap, heapAfter)
		if goroutinesAfter != goroutines {
			t.Errorf("%d goroutines became %d", goroutines, goroutinesAfter)
		}
		// Whatever is kept of a connection is larger than this.
		if heapAfter > heap+cycles*32 {
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
