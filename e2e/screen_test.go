//go:build unix

package e2e

import (
	"context"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/internal/lacking"
)

// artifacts is the folder, ignored by git, in which tests leave pictures.
const artifacts = "artifacts"

// screen is a Chromium window that a test drives with clicks and keys, as a
// person would: for pages that have no script of the test in them.
type screen struct {
	ctx context.Context // of the tab, for as long as the test has patience

	// thrown has what no code of the page caught. It is buffered; what is
	// beyond that is dropped, because the test fails by the first.
	thrown chan string

	mu      sync.Mutex
	console []string // guarded by mu
}

// newScreen opens address in a new Chromium that shows the page in the size, in
// CSS pixels, which may be a phone's. It ends with the test, which skips when there is no Chromium, and
// which fails if the page threw what nobody caught.
func newScreen(t *testing.T, address string, width, height int64) *screen {
	t.Helper()
	path, missing := browser.Find(browser.Chromium)
	if missing != "" {
		lacking.Skip(t, missing)
	}
	location, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}
	for _, flag := range browser.ChromiumFlags(location.Hostname()) {
		name, value, valued := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if valued {
			options = append(options, chromedp.Flag(name, value))
		} else {
			options = append(options, chromedp.Flag(name, true))
		}
	}
	// For what Chromium keeps outside of its profile: see package browser.
	home, err := os.MkdirTemp("", "beckon-s")
	if err != nil {
		t.Fatal(err)
	}
	options = append(options, chromedp.Env("HOME="+home, "TMPDIR="+home, "DBUS_SESSION_BUS_ADDRESS=disabled:"))

	// The test's context ends before its cleanup; the browser shall be closed
	// by that, because only chromedp knows all of its processes.
	tab, closeBrowser := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	tab, closeTab := chromedp.NewContext(tab)
	ctx, cancel := context.WithTimeout(tab, patience)
	s := &screen{ctx: ctx, thrown: make(chan string, 16)}
	var reader sync.WaitGroup
	t.Cleanup(func() {
		if t.Failed() {
			leave(t, tab, address)
		}
		closeTab()
		closeBrowser() // waits for it
		cancel()
		reader.Wait()
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
		select {
		case thrown := <-s.thrown:
			t.Errorf("%s threw what nobody caught: %s", address, thrown)
		default:
		}
		if t.Failed() {
			t.Logf("the console of %s:\n%s", address, strings.Join(s.console, "\n"))
		}
	})
	messages := chromedp.Console(tab)
	reader.Go(func() {
		for message, err := range messages {
			if err != nil {
				return // the browser is closed
			}
			s.note(message)
		}
	})
	// Not by the window's size: Chromium has none below 500 pixels.
	s.do(t, chromedp.EmulateViewport(width, height), chromedp.Navigate(address))
	return s
}

func (s *screen) note(message chromedp.ConsoleMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.console = append(s.console, message.String())
	if !message.IsException() {
		return
	}
	select {
	case s.thrown <- message.Text:
	default:
	}
}

// do carries out the steps, each waiting for the element that it is about, and
// fails the test when one cannot be done in time.
func (s *screen) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(s.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// text waits until the element is visible and returns its text.
func (s *screen) text(t *testing.T, selector chromedp.CSS) string {
	t.Helper()
	text, err := chromedp.Run(s.ctx, chromedp.Text(selector))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// leave shows what the window of tab shows when the test has failed.
func leave(t *testing.T, tab context.Context, address string) {
	ctx, cancel := context.WithTimeout(tab, 5*time.Second)
	defer cancel()
	shown, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	t.Logf("%s shows (%v):\n%s", address, err, shown)
}

// shoot keeps a picture of what the window shows as artifacts/name.png.
func (s *screen) shoot(t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(s.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	keepPicture(t, name, picture)
}

// keepPicture puts a picture where whoever looks at them finds it.
func keepPicture(t *testing.T, name string, picture []byte) {
	t.Helper()
	if err := os.MkdirAll(artifacts, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(artifacts, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestScreenClicksAndShoots(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.FileServer(http.Dir("testdata")))
	t.Cleanup(server.Close)
	s := newScreen(t, server.URL+"/button.html", 390, 844)
	s.do(t,
		chromedp.SendKeys(chromedp.CSS("input"), "Ada"),
		chromedp.Click(chromedp.CSS("#greet")),
		chromedp.WaitVisible(chromedp.CSS("#greeting")),
	)
	if got := s.text(t, "#greeting"); got != "Hello, Ada" {
		t.Errorf("the page says %q", got)
	}
	s.shoot(t, "screen")
	picture, err := os.Open(filepath.Join(artifacts, "screen.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	size, err := png.DecodeConfig(picture)
	if err != nil || size.Width != 390 || size.Height != 844 {
		t.Errorf("the picture is %d by %d (%v), want 390 by 844", size.Width, size.Height, err)
	}

	s.do(t, chromedp.Click(chromedp.CSS("#break")))
	select {
	case thrown := <-s.thrown: // taken, or it would fail this test
		if !strings.Contains(thrown, "RangeError: thrown by a click") {
			t.Errorf("the page threw %q", thrown)
		}
	case <-s.ctx.Done():
		t.Error("what the page threw did not arrive")
	}
}
