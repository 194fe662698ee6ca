//go:build unix

package browser

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened starts a browser of the kind on a page of this test and returns when
// the page's script has run, so that all of the browser's processes are there.
func opened(t *testing.T, ctx context.Context, kind Kind) *Browser {
	t.Helper()
	Need(t, kind)
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)

	ran := make(chan struct{}, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><script type="module">fetch("/ran", {method: "POST"})</script>`)
	})
	mux.HandleFunc("POST /ran", func(http.ResponseWriter, *http.Request) { ran <- struct{}{} })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	begin := time.Now()
	b, err := Start(ctx, kind, server.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	select {
	case <-ran:
		t.Logf("%s ran the page's script after %v", kind, time.Since(begin).Round(time.Millisecond))
	case <-b.Done():
		t.Fatalf("%s exited before it ran the page; stderr:\n%s", kind, b.Stderr())
	case <-ctx.Done():
		t.Fatalf("%s did not run the page; stderr:\n%s", kind, b.Stderr())
	}
	return b
}

// assertGone fails the test when anything of the browser is left.
func assertGone(t *testing.T, b *Browser) {
	t.Helper()
	if left := members(t, b); len(left) > 0 {
		t.Errorf("%s left processes: %v", b.Kind, left)
	}
	if _, err := os.Stat(b.dir); !os.IsNotExist(err) {
		t.Errorf("%s left its profile %s: %v", b.Kind, b.dir, err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			b := opened(t, t.Context(), kind)
			if running := members(t, b); len(running) < 2 {
				t.Errorf("a running %s has the processes %v in its group, want several", kind, running)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			assertGone(t, b)
			if err := b.Close(); err != nil {
				t.Errorf("the second Close: %v", err)
			}
		})
	}
}

func TestContextEndsTheBrowser(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b := opened(t, ctx, kind)
			cancel()
			<-b.Done()
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			assertGone(t, b)
		})
	}
}

// A browser whose first process dies, as in a crash, takes its children along.
func TestDeathOfTheLeader(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			b := opened(t, t.Context(), kind)
			if err := syscall.Kill(b.process.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-b.Done()
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			assertGone(t, b)
		})
	}
}

func TestStartRefusesAnEndedContext(t *testing.T) {
	Need(t, Chromium)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	if b, err := Start(ctx, Chromium, "about:blank"); err == nil {
		b.Close()
		t.Fatal("started a browser under an ended context")
	}
	if left, err := fs.ReadDir(os.DirFS(temp), "."); err != nil || len(left) > 0 {
		t.Errorf("a refused start left %v (%v)", left, err)
	}
}
