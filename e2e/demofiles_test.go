//go:build unix

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// Elements of the panel of files.
const (
	incoming = `[data-testid=transfer][data-direction=in]`
	outgoing = `[data-testid=transfer][data-direction=out]`
	delivery = `[data-testid=delivery]`
)

// serveFiles starts a server whose pages may keep files: that takes a secure context, as localhost is. Its relay has an address that is not
// loopback's, for Firefox uses none of those for ICE.
func serveFiles(t *testing.T) *server {
	t.Helper()
	ip := hostIP(t).String()
	s, err := launch(context.WithoutCancel(t.Context()), beckon(t), "serve", "--dev", "--grace", "2s",
		"--listen", "127.0.0.1:0", "--turn-listen", ip+":0", "--turn-relay-address", ip, "--admin", "none")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("beckon's stderr ends with:\n%s", s.process.Stderr())
		}
	})
	return s
}

// someFile writes a file of so many bytes that cannot be compressed or guessed, and returns its path and digest.
func someFile(t *testing.T, name string, size int) (path, digest string) {
	t.Helper()
	content := binaryOf(name, size)
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return path, hex.EncodeToString(sum[:])
}

// connected waits until the page is connected to so many others.
func (w *window) connected(t *testing.T, others int) {
	t.Helper()
	w.until(t, fmt.Sprintf(`document.querySelectorAll('[data-testid=peer][data-state=connected]').length === %d`, others))
}

// accepts takes what is offered, and waits until it is there.
func (w *window) has(t *testing.T, digest string) {
	t.Helper()
	w.until(t, find(incoming+`[data-state=done]`))
	var got string
	w.eval(t, find(incoming+` [data-testid=transfer-sha256]`)+".textContent", &got)
	if got != digest {
		t.Errorf("%s shows the digest %s, want %s", w.kind, got, digest)
	}
}

// atNinetyPercent waits until so much of the incoming file is kept, and returns how many bytes that are.
func (w *window) atNinetyPercent(t *testing.T, size int) int {
	t.Helper()
	w.until(t, fmt.Sprintf(`Number(%s?.dataset.here) >= %d`, find(incoming), size/10*9))
	return w.number(t, incoming, "here")
}

func (w *window) number(t *testing.T, selector, name string) int {
	t.Helper()
	n, err := strconv.Atoi(w.data(t, selector, name))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFilesBetweenBrowsers gives a file from one browser's page to another's, whose page is reloaded when nine tenths of it are there.
func TestFilesBetweenBrowsers(t *testing.T) {
	t.Parallel()
	const size = 40_000_000
	for _, c := range [][2]browser.Kind{{browser.Chromium, browser.Firefox}, {browser.Firefox, browser.Chromium}} {
		t.Run(string(c[0])+"-"+string(c[1]), func(t *testing.T) {
			t.Parallel()
			needAll(t, c[0], c[1])
			path, digest := someFile(t, "holiday.bin", size)
			b := serveFiles(t)
			ada := openWindow(t, c[0], b.Room, windowConfig{})
			bob := openWindow(t, c[1], b.Room, windowConfig{})
			ada.connected(t, 1)
			ada.choose(t, "[data-testid=file-input]", path)
			bob.click(t, "[data-testid=offer-accept]")
			kept := bob.atNinetyPercent(t, size)
			bob.reload(t)
			bob.has(t, digest)
			received := bob.number(t, incoming, "received")
			if kept+received > size+size/100 {
				t.Errorf("%d bytes were kept, and %d came again: more than 1 %% of %d twice", kept, received, size)
			}
			ada.until(t, find(outgoing+`[data-state=done]`))
			if said := ada.number(t, delivery+`[data-state=done]`, "received"); said != received {
				t.Errorf("the sender was told of %d bytes, and %d came", said, received)
			}
			t.Logf("%d kept, %d came after the reload: %+.2f %% twice", kept, received, float64(kept+received-size)/size*100)
		})
	}
}
