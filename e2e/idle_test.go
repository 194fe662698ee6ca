//go:build unix

package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const (
	idleSessions = 2000
	idleRoom     = 4 // members of each room
	idleRuns     = 3 // of each server, in turn
)

// memory is what a server uses of it, in bytes.
type memory struct {
	InUse float64 `json:"inUse"` // heap and stacks, after a collection
	RSS   float64 `json:"rss"`   // what the system has given it; 0 where /proc does not say
}

// BenchmarkIdle measures what a session costs that does nothing: a client that has joined a room with three others, beside one
// that is connected to the naive server. The servers and the clients are processes of their own, so what is counted is the
// server's alone, less what the kernel has of each connection. It reports the median of runs of both in turn.
func BenchmarkIdle(b *testing.B) {
	var ours, naive []memory
	for range b.N * idleRuns {
		ours = append(ours, perSession(b, roleIdle, nil))
		naive = append(naive, perSession(b, roleEcho, "127.0.0.1:0"))
	}
	inUse := func(m memory) float64 { return m.InUse }
	rss := func(m memory) float64 { return m.RSS }
	b.ReportMetric(0, "ns/op") // there is no operation
	b.ReportMetric(median(ours, inUse), "B/session")
	b.ReportMetric(median(naive, inUse), "naive-B/session")
	b.ReportMetric(median(naive, inUse)/median(ours, inUse), "naive/ours")
	if median(ours, rss) > 0 {
		b.ReportMetric(median(ours, rss), "RSS-B/session")
		b.ReportMetric(median(naive, rss), "naive-RSS-B/session")
	}
}

// perSession starts a server and many clients of it, and measures.
func perSession(b *testing.B, r role, task any) memory {
	b.Helper()
	server := cast(b, r, task)
	defer server.Close()
	before := memoryOf(b, server)
	clients := cast(b, roleClients, clientsTask{Address: server.First, Sessions: idleSessions, Join: r == roleIdle})
	defer clients.Close()
	after := memoryOf(b, server)
	return memory{(after.InUse - before.InUse) / idleSessions, (after.RSS - before.RSS) / idleSessions}
}

func memoryOf(b *testing.B, server *actor) (m memory) {
	b.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	response, err := http.Get("http://" + server.First + "/memory")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&m); err != nil {
		b.Fatal(err)
	}
	return m
}

func median(all []memory, of func(memory) float64) float64 {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b memory) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}

// playIdle is a Beckon server as of package signaling, with its default limits, but for what keeps one address from having so
// many connections.
func playIdle() error {
	return serveMeasured("127.0.0.1:0", signaling.New(signaling.Config{
		Authorize: signaling.AllowAnonymous("*"),
		Limits:    signaling.Limits{PerAddress: 2 * idleSessions},
	}))
}

// tellMemory answers with what this process uses.
func tellMemory(w http.ResponseWriter, _ *http.Request) {
	for range 2 { // what a sync.Pool holds survives one
		runtime.GC()
	}
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m := memory{InUse: float64(stats.HeapInuse + stats.StackInuse)}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident float64
		if _, err := fmt.Sscan(string(statm), &size, &resident); err == nil {
			m.RSS = resident * float64(os.Getpagesize())
		}
	}
	json.NewEncoder(w).Encode(m)
}

// clientsTask says how many clients connect to whom.
type clientsTask struct {
	Address  string `json:"address"`
	Sessions int    `json:"sessions"`
	Join     bool   `json:"join"` // a room of a Beckon server; else one message goes to and fro, so that every buffer is there
}

// playClients connects them, prints a line when all are, and keeps them until it is killed.
func playClients(task string) error {
	var k clientsTask
	if err := json.Unmarshal([]byte(task), &k); err != nil {
		return err
	}
	ended := make(chan error)
	for n := range k.Sessions {
		ws, err := k.connect(n)
		if err != nil {
			return err
		}
		go func() {
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	fmt.Println("connected")
	return <-ended
}

// connect makes one connection, with all that belongs to it.
func (k clientsTask) connect(n int) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Subprotocols: []string{protocol.Version}}
	ws, _, err := dialer.Dial("ws://"+k.Address, nil)
	if err != nil {
		return nil, err
	}
	frames := []protocol.Frame{protocol.Hello{Versions: []string{protocol.Version}, Instance: protocol.NewInstance()}}
	if k.Join {
		frames = append(frames, protocol.Join{Room: fmt.Sprint("room-", n/idleRoom)})
	}
	for _, f := range frames {
		if err := ws.WriteMessage(websocket.TextMessage, protocol.Encode(f)); err != nil {
			return nil, errors.Join(err, ws.Close())
		}
		if _, _, err := ws.ReadMessage(); err != nil {
			return nil, errors.Join(err, ws.Close())
		}
	}
	return ws, nil
}
