//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// window is a page of the demo in a browser of either kind, which a test works. (A screen is Chromium's alone, and has more.)
type window struct {
	*browser.Driver
	kind    browser.Kind
	ctx     context.Context // ends when the test's patience does
	browser *browser.Browser
}

// windowConfig is what a window may have besides its address.
type windowConfig struct {
	browser.Config
	// dial reaches the browser where that is in another network.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// patience is how long the test may take; 0 is the usual.
	patience time.Duration
}

// openWindow opens an address in a new browser, which ends with the test.
func openWindow(t *testing.T, kind browser.Kind, address string, cfg windowConfig) *window {
	t.Helper()
	browser.Need(t, kind)
	cfg.Kind, cfg.Page = kind, address
	cfg.Flags = append(cfg.Flags, browser.DriverFlag)
	if cfg.patience == 0 {
		cfg.patience = patience
	}
	ctx, cancel := context.WithTimeout(t.Context(), cfg.patience)
	b, err := browser.StartWith(context.WithoutCancel(t.Context()), cfg.Config)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	w := &window{kind: kind, ctx: ctx, browser: b}
	t.Cleanup(func() {
		if t.Failed() && w.Driver != nil {
			w.confess(t, address)
		}
		cancel()
		if w.Driver != nil {
			w.Driver.Close()
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.Driver, err = b.Drive(ctx, cfg.dial); err != nil {
		t.Fatal(err)
	}
	// Who goes on to another page while this one is being loaded may find that one without its scripts, in Firefox.
	w.until(t, "location.href !== 'about:blank' && document.readyState === 'complete'")
	return w
}

// confess shows what the page shows when the test has failed.
func (w *window) confess(t *testing.T, address string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var shown string
	err := w.Eval(ctx, "document.body.innerText", &shown)
	t.Logf("%s in %s shows (%v):\n%s", address, w.kind, err, shown)
	t.Logf("its console:\n%s", strings.Join(w.Console(), "\n"))
}

// eval evaluates an expression.
func (w *window) eval(t *testing.T, expression string, result any) {
	t.Helper()
	if err := w.Eval(w.ctx, expression, result); err != nil {
		t.Fatal(err)
	}
}

// until waits until an expression is true of the page, which may be loaded anew meanwhile.
func (w *window) until(t *testing.T, expression string) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		var done bool
		err := w.Eval(w.ctx, "Boolean("+expression+")", &done)
		if err == nil && done {
			return
		}
		select {
		case <-again.C:
		case <-w.ctx.Done():
			t.Fatalf("%s never has: %s (%v)", w.kind, expression, err)
		}
	}
}

// find is an expression for the first element that a CSS selector finds.
func find(selector string) string { return "document.querySelector(" + quoted(selector) + ")" }

// quoted is a text as JavaScript has it.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // of a string: cannot happen
	}
	return string(b)
}

// click waits for an element that can be clicked on, and does.
func (w *window) click(t *testing.T, selector string) {
	t.Helper()
	w.until(t, find(selector)+" && !"+find(selector)+".disabled")
	w.eval(t, find(selector)+".click()", nil)
}

// data waits for an element, and returns its attribute data-NAME.
func (w *window) data(t *testing.T, selector, name string) string {
	t.Helper()
	w.until(t, find(selector))
	var value string
	w.eval(t, fmt.Sprintf("%s?.dataset[%s] ?? ''", find(selector), quoted(name)), &value)
	return value
}

// choose has the user choose files.
func (w *window) choose(t *testing.T, selector string, paths ...string) {
	t.Helper()
	w.until(t, find(selector))
	if err := w.SetFiles(w.ctx, selector, paths...); err != nil {
		t.Fatal(err)
	}
}

// reload loads the page anew.
func (w *window) reload(t *testing.T) {
	t.Helper()
	if err := w.Navigate(w.ctx, ""); err != nil {
		t.Fatal(err)
	}
}

// shoot keeps a picture of what the window shows as artifacts/name.png.
func (w *window) shoot(t *testing.T, name string) {
	t.Helper()
	picture, err := w.Screenshot(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	keepPicture(t, name, picture)
}
