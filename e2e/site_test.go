//go:build unix

package e2e

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// patience bounds one browser test as a whole. It is not what is tested: it is
// long enough for two busy cores and short enough to see the logs of a hang.
const patience = 90 * time.Second

//go:embed testdata/page.html
var pageHTML []byte

// site is an HTTP server of one test, on the machine's own address, whose pages
// run the scripts of testdata and report back. Its methods may be used by
// several goroutines; those that take a t only by the test's own.
type site struct {
	// Origin is what the pages' Origin header says: http://IP:PORT.
	Origin string

	world browser.World   // of the browsers; set before the first is opened
	ctx   context.Context // ends with the test, or when its time is up
	mu    sync.Mutex
	pages []*page // guarded by mu; a page's place is its number in the URLs
}

// page is one script in one browser.
type page struct {
	kind    browser.Kind
	script  string
	params  json.RawMessage
	browser *browser.Browser

	// Both are buffered, so that no request waits for the test: the first
	// verdict, and the failures after it, of which those beyond the buffer are
	// dropped because the test fails by the first.
	verdicts chan verdict
	late     chan string

	mu    sync.Mutex
	given bool     // the first verdict; guarded by mu
	log   []string // guarded by mu
}

// verdict is what a page says of itself.
type verdict struct {
	OK    bool            `json:"ok"`
	Error string          `json:"error"` // with the stack, when not OK
	Data  json.RawMessage `json:"data"`  // what the script returned, when OK
}

// newSite starts the test's server. It ends with the test.
func newSite(t testing.TB) *site {
	t.Helper()
	return newSiteFor(t, patience)
}

// newSiteFor is newSite for a test that may take so long.
func newSiteFor(t testing.TB, patience time.Duration) *site {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(hostIP(t).String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	return newSiteAt(t, listener, patience)
}

// newSiteAt is newSiteFor with a listener that may be in another network.
func newSiteAt(t testing.TB, listener net.Listener, patience time.Duration) *site {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	s := &site{ctx: ctx}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/{number}", s.servePage)
	mux.Handle("GET /testdata/", http.FileServer(http.Dir(".")))
	mux.HandleFunc("POST /verdict/{number}", s.takeVerdict)
	mux.HandleFunc("POST /log/{number}", s.takeLog)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}}
	server.Start()
	s.Origin = server.URL
	t.Cleanup(func() {
		cancel()
		server.Close()
	})
	return s
}

// open runs testdata/script in a new browser of the kind, with params, which
// are anything that JSON can hold. The browser ends with the test, which skips
// when there is none. It returns at once: several pages run side by side.
func (s *site) open(t testing.TB, kind browser.Kind, script string, params any) *page {
	t.Helper()
	return s.openWith(t, browser.Config{Kind: kind}, script, params)
}

// openWith is open with a browser as it is configured, less the page.
func (s *site) openWith(t testing.TB, cfg browser.Config, script string, params any) *page {
	t.Helper()
	kind := cfg.Kind
	browser.Need(t, kind)
	encoded, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{
		kind: kind, script: script, params: encoded,
		verdicts: make(chan verdict, 1), late: make(chan string, 16),
	}
	s.mu.Lock()
	number := len(s.pages)
	s.pages = append(s.pages, p)
	s.mu.Unlock()

	cfg.World = s.world
	cfg.Page = fmt.Sprintf("%s/page/%d", s.Origin, number)
	p.browser, err = browser.StartWith(s.ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.close(t) })
	return p
}

// verdict waits for the page's verdict, fails the test unless it is good, and
// decodes what the script returned into data, which may be nil.
func (p *page) verdict(t testing.TB, data any) {
	t.Helper()
	v := p.await(t)
	if !v.OK {
		t.Fatalf("%s in %s: %s", p.script, p.kind, v.Error)
	}
	if data == nil {
		return
	}
	if err := json.Unmarshal(v.Data, data); err != nil {
		t.Fatalf("%s in %s returned %s: %v", p.script, p.kind, v.Data, err)
	}
}

// await waits for the page's verdict, whatever it is.
func (p *page) await(t testing.TB) verdict {
	t.Helper()
	select {
	case v := <-p.verdicts:
		return v
	case <-p.browser.Done():
		t.Fatalf("%s in %s: the browser ended before the page gave its verdict", p.script, p.kind)
	}
	return verdict{}
}

// close ends the page's browser and shows what there is to see if the test has
// failed. A page that failed after its verdict fails the test here.
func (p *page) close(t testing.TB) {
	if err := p.browser.Close(); err != nil {
		t.Error(err)
	}
	select {
	case late := <-p.late:
		t.Errorf("%s in %s, after its verdict: %s", p.script, p.kind, late)
	default:
	}
	if !t.Failed() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t.Logf("%s in %s logged:\n%s", p.script, p.kind, strings.Join(p.log, "\n"))
	t.Logf("%s's stderr ends with:\n%s", p.kind, p.browser.Stderr())
}

func (s *site) page(r *http.Request) (number int, p *page, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := fmt.Sscan(r.PathValue("number"), &number)
	if err != nil || number < 0 || number >= len(s.pages) {
		return 0, nil, false
	}
	return number, s.pages[number], true
}

func (s *site) servePage(w http.ResponseWriter, r *http.Request) {
	number, p, ok := s.page(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	// encoding/json escapes < and >, so no parameter can end the element.
	run, err := json.Marshal(map[string]any{"run": number, "script": p.script, "params": p.params})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(bytes.Replace(pageHTML, []byte("{{RUN}}"), run, 1))
}

func (s *site) takeVerdict(w http.ResponseWriter, r *http.Request) {
	_, p, ok := s.page(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	var v verdict
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<20)).Decode(&v); err != nil {
		v = verdict{Error: "the page's verdict is not readable: " + err.Error()}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.given {
		p.given = true
		p.verdicts <- v
		return
	}
	if v.OK {
		return
	}
	select {
	case p.late <- v.Error:
	default:
	}
}

func (s *site) takeLog(w http.ResponseWriter, r *http.Request) {
	_, p, ok := s.page(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	line, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		line = []byte("a line that is not readable: " + err.Error())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, time.Now().Format("15:04:05.000 ")+string(line))
}
