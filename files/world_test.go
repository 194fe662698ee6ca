package files

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/memnet"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// making guards the making of virtual networks, which have globals.
var making sync.Mutex

// world is a signaling server and a network between peers, both in memory. There is no bubble of fake time around it: files are real.
type world struct {
	t      *testing.T
	server *signaling.Server
	ln     *memnet.Listener
	router *vnet.Router
	hosts  int
	rooms  []*peer.Room
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ln: memnet.Listen(0), server: signaling.New(signaling.Config{Authorize: signaling.AllowAnonymous("*")})}
	mux := http.NewServeMux()
	mux.Handle("/v1/", w.server)
	s := &http.Server{Handler: mux}
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(w.ln) })
	making.Lock()
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/16", QueueSize: 4096, LoggerFactory: logging.NewDefaultLoggerFactory()})
	making.Unlock()
	must(t, err)
	must(t, router.Start())
	w.router = router
	t.Cleanup(func() {
		for _, r := range w.rooms {
			r.Close()
		}
		w.server.Close()
		s.Close()
		serving.Wait()
		router.Stop()
	})
	return w
}

// join has somebody come into the room, who leaves it at the end of the test at the latest.
func (w *world) join() *peer.Room {
	w.t.Helper()
	w.hosts++
	making.Lock()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{fmt.Sprintf("10.0.0.%d", 10+w.hosts)}})
	making.Unlock()
	must(w.t, err)
	must(w.t, w.router.AddNet(host))
	room, err := peer.Join(patient(w.t), "http://beckon.test", "tea", &peer.Config{
		DisableMDNS: true, Dial: w.ln.DialContext,
		SettingEngine: func(s *webrtc.SettingEngine) { s.SetNet(host) },
	})
	must(w.t, err)
	w.rooms = append(w.rooms, room)
	return room
}

// meet returns the next peer that a room is connected to.
func meet(t *testing.T, r *peer.Room) *peer.Peer {
	t.Helper()
	p, err := r.Accept(patient(t))
	must(t, err)
	return p
}

// patient is a context for what must happen; it is not for measuring.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code Code) *Error {
	t.Helper()
	if CodeOf(err) != code {
		t.Fatalf("got %v, want an error with code %q", err, code)
	}
	for {
		if e, ok := err.(*Error); ok {
			return e
		}
		err = err.(interface{ Unwrap() error }).Unwrap()
	}
}

// write makes files of a tree; a path that ends with a slash is a folder.
func write(t *testing.T, dir string, tree map[string]string) {
	t.Helper()
	for p, content := range tree {
		full := filepath.Join(dir, filepath.FromSlash(p))
		if p[len(p)-1] == '/' {
			must(t, os.MkdirAll(full, 0o777))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(full), 0o777))
		must(t, os.WriteFile(full, []byte(content), 0o666))
	}
}

// read is what is below a folder, as write takes it; with folders that are empty alone.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	must(t, filepath.Walk(dir, func(full string, info os.FileInfo, err error) error {
		p, _ := filepath.Rel(dir, full)
		p = filepath.ToSlash(p)
		switch {
		case err != nil:
			return err
		case info.Mode().IsRegular():
			b, err := os.ReadFile(full)
			tree[p] = string(b)
			return err
		case info.IsDir():
			if list, err := os.ReadDir(full); err != nil || len(list) > 0 || p == "." {
				return err
			}
			tree[p+"/"] = ""
		default:
			tree[p] = "-> " + info.Mode().String()
		}
		return nil
	}))
	return tree
}

// noise is bytes that do not compress and are always the same.
func noise(n int) string {
	b := make([]byte, n)
	src := rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, n)))
	_, _ = src.Read(b)
	return string(b)
}

// serve has the newest sender answer what is asked in its room, until the end of the test or of the room.
func (s *sending) serve(t *testing.T, r *peer.Room) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			request, err := r.AcceptRequest(ctx)
			if err != nil {
				return
			}
			sender := s.newest.Load()
			all.Go(func() { sender.Answer(ctx, request) })
		}
	})
	t.Cleanup(func() {
		cancel()
		all.Wait()
	})
}

// proposed is the next offer that comes.
func proposed(t *testing.T, r *peer.Room) *Proposal {
	t.Helper()
	request, err := r.AcceptRequest(patient(t))
	must(t, err)
	p, err := ReadProposal(patient(t), request)
	must(t, err)
	return p
}

// sent is how an offer ended.
type sent struct {
	receipt Receipt
	err     error
}

// offer offers in the background.
func offer(t *testing.T, d *Delivery) <-chan sent {
	end := make(chan sent, 1)
	go func() {
		receipt, err := d.Offer(patient(t))
		end <- sent{receipt, err}
	}()
	return end
}

// receive takes what is proposed.
func receive(t *testing.T, p *Proposal, target Target) (*Incoming, Receipt, error) {
	t.Helper()
	in, err := NewIncoming(p.Offer, target)
	must(t, err)
	t.Cleanup(func() { in.Close() })
	receipt, err := in.Fetch(patient(t), p)
	return in, receipt, err
}

// sending is a sender of a tree, in a world with somebody to receive it.
type sending struct {
	t            *testing.T
	world        *world
	from         string
	newest       atomic.Pointer[Sender]
	to           *peer.Peer // as the sender sees the receiver
	source, sink *peer.Room
}

func newSending(t *testing.T, tree map[string]string) *sending {
	t.Helper()
	w := newWorld(t)
	s := &sending{t: t, world: w, from: t.TempDir(), source: w.join(), sink: w.join()}
	s.to = meet(t, s.source)
	write(t, s.from, tree)
	s.collect()
	s.serve(t, s.source)
	return s
}

// collect makes a new sender, as if the program had been started again.
func (s *sending) collect() *Sender {
	sender := collected(s.t, s.from)
	s.newest.Store(sender)
	return sender
}

// sender is the newest.
func (s *sending) sender() *Sender { return s.newest.Load() }

// collected is a sender of all that is in a folder, by its own name.
func collected(t *testing.T, dir string) *Sender {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	var paths []string
	for _, e := range list {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	b, err := Collect(paths...)
	must(t, err)
	s, err := NewSender(b)
	must(t, err)
	return s
}
