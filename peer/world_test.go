package peer_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a signaling server on a network in memory, and a virtual network for the peers, all within one bubble of fake time.
type world struct {
	t        *testing.T
	signals  *memnet.Listener
	server   *signaling.Server
	http     *http.Server
	router   *vnet.Router
	lastHost atomic.Uint32
	// drop tells which packets between the peers get lost; nil loses none.
	drop atomic.Pointer[func(vnet.Chunk) bool]
}

// inWorld runs a test in a bubble. Everything has to end with it: a goroutine that is left over fails the test.
func inWorld(t *testing.T, config signaling.Config, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, config)
		t.Cleanup(w.close)
		test(t, w)
	})
}

func newWorld(t *testing.T, config signaling.Config) *world {
	if config.Authorize == nil {
		config.Authorize = signaling.AllowAnonymous("*")
	}
	w := &world{t: t, signals: memnet.Listen(0), server: signaling.New(config)}
	mux := http.NewServeMux()
	mux.Handle("/v1/", w.server)
	w.http = &http.Server{Handler: mux}
	go w.http.Serve(w.signals)
	peer.VNet.Lock()
	// Packets take their time, as they do: of two sides that close at the same moment none sees the other's abort in the midst
	// of its own, for which Pion waits 200 ms under a mutex that others wait for, and a bubble's clock stands still for that.
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/16", MinDelay: time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory()})
	peer.VNet.Unlock()
	must(t, err)
	router.AddChunkFilter(func(c vnet.Chunk) bool {
		drop := w.drop.Load()
		return drop == nil || !(*drop)(c)
	})
	must(t, router.Start())
	w.router = router
	return w
}

func (w *world) close() {
	w.server.Close()
	w.http.Close()
	w.signals.Close()
	w.router.Stop()
}

// config makes a Config reach the world: its dialling, its network.
func (w *world) config(c peer.Config) *peer.Config {
	w.t.Helper()
	peer.VNet.Lock()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{fmt.Sprintf("10.0.0.%d", 10+w.lastHost.Add(1))}})
	peer.VNet.Unlock()
	must(w.t, err)
	must(w.t, w.router.AddNet(host))
	more := c.SettingEngine
	c.SettingEngine = func(s *webrtc.SettingEngine) {
		s.SetNet(host)
		if more != nil {
			more(s)
		}
	}
	c.DisableMDNS = true // a real multicast socket has no place in a bubble
	if c.Dial == nil {
		c.Dial = w.signals.DialContext
	}
	return &c
}

// join joins room "tea" and leaves it when the test ends.
func (w *world) join(c peer.Config) *peer.Room {
	w.t.Helper()
	room, err := peer.Join(within(w.t), "http://beckon.test", "tea", w.config(c))
	must(w.t, err)
	w.t.Cleanup(func() { room.Close() })
	return room
}

// pair joins two peers, and returns each one's view of the other when they are connected.
func (w *world) pair(a, b peer.Config) (ofA, ofB *peer.Peer) {
	w.t.Helper()
	roomA, roomB := w.join(a), w.join(b)
	ofA, err := roomA.Accept(within(w.t))
	must(w.t, err)
	ofB, err = roomB.Accept(within(w.t))
	must(w.t, err)
	return ofA, ofB
}

// channel opens a channel from one peer to the other.
func channel(t *testing.T, from, to *peer.Peer, o *peer.ChannelOptions) (here, there *peer.Channel) {
	t.Helper()
	here, err := from.Open(within(t), "chat", o)
	must(t, err)
	there, err = to.Accept(within(t))
	must(t, err)
	return here, there
}

// acceptLabelled accepts so many channels, each of which says its label first, and no other has it.
func acceptLabelled(t *testing.T, p *peer.Peer, count int) {
	t.Helper()
	come := make(map[string]bool)
	for range count {
		ch, err := p.Accept(within(t))
		must(t, err)
		data, _, err := ch.Recv(within(t))
		must(t, err)
		if come[ch.Label()] || string(data) != ch.Label() {
			t.Fatalf("%q says %q", ch.Label(), data)
		}
		come[ch.Label()] = true
	}
}

// within is a context for what should not take long: a minute, which in a bubble passes when nothing else can happen.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code protocol.ErrorCode) {
	t.Helper()
	if peer.Code(err) != code {
		t.Fatalf("got %v, want an error with code %q", err, code)
	}
}

// ended waits for a context and wants its cause to have that code.
func ended(t *testing.T, ctx context.Context, code protocol.ErrorCode) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-within(t).Done():
		t.Fatal("the context does not end")
	}
	wantCode(t, context.Cause(ctx), code)
}
