//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// memberTask is what a member of the room whose server is killed has to do: to say numbers to every other member, on several ways,
// until it is told to stop, and to keep account of what it sent and what came.
//
//	direct/NAME/S   signals to that member, in Streams sequences side by side
//	room            messages to all
//	channel/NAME    texts over a data channel to that member
//
// The next number of a sequence is said when the one before is settled, and not before the clock shows a multiple of Every. So
// everybody speaks at the same moments, and who kills the server knows when. The last number of each is marked as such.
//
// crashmember_test.go and testdata/crash.js do it, in the same words.
type memberTask struct {
	Server  string `json:"server"`
	Room    string `json:"room"`
	Name    string `json:"name"`
	Desk    string `json:"desk"`
	Members int    `json:"members"` // in the end, with this one
	Streams int    `json:"streams"`
	Every   int64  `json:"every"` // in milliseconds
}

// number is what is said.
type number struct {
	Stream int  `json:"stream"` // of direct messages
	N      int  `json:"n"`
	Last   bool `json:"last"`
}

// note is what a member tells the desk while it is at work.
type note struct {
	Name string `json:"name"`
	What string `json:"what"`
	// Since is for "progress": all that the member said to the others at that time has been received; in microseconds since 1970.
	Since int64  `json:"since"`
	Peers int    `json:"peers"` // how many others there were
	Error string `json:"error"` // for "failed"
}

// account is what a member sent and received, and all that it noticed. Times are microseconds since 1970.
type account struct {
	Name      string                `json:"name"`
	Joined    int64                 `json:"joined"`
	Connected map[string]int64      `json:"connected"`
	States    map[string]string     `json:"states"`   // of the others, at the end
	Sent      map[string][][2]int64 `json:"sent"`     // by sequence: when each message was said, and when it was settled
	Heard     map[string][]int      `json:"heard"`    // by sequence, with the name of its sender: direct/NAME/S, room/NAME, channel/NAME
	FirstFor  map[string]int        `json:"firstFor"` // the first message to the room that a member must have heard
	Surprises []string              `json:"surprises"`
}

// desk is where the members of one test report, and learn what to do next. Its methods may be used by several goroutines.
type desk struct {
	URL string

	mu       sync.Mutex
	changed  chan struct{}            // closed and replaced when anything is new; guarded by mu
	joined   map[string]bool          // guarded by mu, as all below
	complete map[string]bool          // has heard the last number of everybody, and everybody its own
	progress map[string]note          // the newest
	accounts map[string]account       //
	phases   map[string]chan struct{} // closed when the phase begins
	failed   string                   // the first failure
	ending   bool                     // members may end

	watching sync.WaitGroup // each until its member has ended
}

func newDesk(t *testing.T, ip string) *desk {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{
		changed: make(chan struct{}), joined: make(map[string]bool), complete: make(map[string]bool),
		progress: make(map[string]note), accounts: make(map[string]account), phases: make(map[string]chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /note", func(_ http.ResponseWriter, r *http.Request) { receive(d, r, d.take) })
	mux.HandleFunc("POST /account", func(_ http.ResponseWriter, r *http.Request) {
		receive(d, r, func(a account) { d.accounts[a.Name] = a })
	})
	mux.HandleFunc("GET /phase/{phase}", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-d.phase(r.PathValue("phase")):
		case <-r.Context().Done():
		}
	})
	// The pages come from another origin.
	open := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		mux.ServeHTTP(w, r)
	})
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: open}}
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections() // of members that wait for a phase
		server.Close()
		d.watching.Wait()
	})
	d.URL = server.URL
	return d
}

// receive decodes what a member posts, and hands it to take, under the lock.
func receive[T any](d *desk, r *http.Request, take func(T)) {
	var v T
	err := json.NewDecoder(r.Body).Decode(&v)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.fail(fmt.Sprintf("what a member posts to %s is not readable: %v", r.URL.Path, err))
	} else {
		take(v)
	}
	d.announce()
}

// take takes a note. d.mu must be held.
func (d *desk) take(n note) {
	switch n.What {
	case "joined":
		d.joined[n.Name] = true
	case "progress":
		d.progress[n.Name] = n
	case "complete":
		d.complete[n.Name] = true
	default:
		d.fail(fmt.Sprintf("%s %s: %s", n.Name, n.What, n.Error))
	}
}

// fail notes the first failure. d.mu must be held.
func (d *desk) fail(what string) {
	if d.failed == "" {
		d.failed = what
	}
}

// announce wakes those who wait. d.mu must be held.
func (d *desk) announce() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// phase returns the channel that is closed when the phase begins.
func (d *desk) phase(name string) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.phases[name] == nil {
		d.phases[name] = make(chan struct{})
	}
	return d.phases[name]
}

// wait waits until holds does, which is asked under the lock. A member's failure fails the test.
func (d *desk) wait(t *testing.T, ctx context.Context, what string, holds func() bool) {
	t.Helper()
	for {
		d.mu.Lock()
		held, failed, changed := holds(), d.failed, d.changed
		d.mu.Unlock()
		if failed != "" {
			t.Fatalf("waiting for %s: %s", what, failed)
		}
		if held {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			d.mu.Lock()
			defer d.mu.Unlock()
			t.Fatalf("waiting for %s: %v; joined %v, complete %v, progress %+v", what, context.Cause(ctx), d.joined, d.complete, d.progress)
		}
	}
}

// talked waits until what every member said after since to every other has been received.
func (d *desk) talked(t *testing.T, ctx context.Context, since time.Time) {
	t.Helper()
	d.wait(t, ctx, "everybody to reach everybody", func() bool {
		for name := range d.joined {
			if n := d.progress[name]; n.Since < since.UnixMicro() || n.Peers != len(d.joined)-1 {
				return false
			}
		}
		return true
	})
}

// watch has the end of a member fail the test, unless it is expected by then. verdicts may be nil.
func (d *desk) watch(name string, done <-chan struct{}, verdicts chan verdict) {
	d.watching.Go(func() {
		why := "ended before the others had its account"
		select {
		case v := <-verdicts:
			verdicts <- v // there is room: a page gives one
			if v.Error != "" {
				why = v.Error
			}
		case <-done:
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.ending {
			d.fail(name + ": " + why)
			d.announce()
		}
	})
}

// expectEnds makes the end of a member no failure any more.
func (d *desk) expectEnds() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ending = true
}
