//go:build unix

package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// offerFiles has the one window offer files, and returns when the other asks about them.
func offerFiles(t *testing.T, from, to *window, paths ...string) {
	t.Helper()
	from.choose(t, "[data-testid=file-input]", paths...)
	to.until(t, find(incoming+`[data-state=asked] [data-testid=offer-accept]`))
}

// clear removes what is over from both lists.
func clear(t *testing.T, windows ...*window) {
	t.Helper()
	for _, w := range windows {
		w.click(t, "[data-testid=transfer-remove]")
		w.until(t, "!"+find("[data-testid=transfer]"))
	}
}

// TestFilesPanel does with two pages what people do with files besides waiting for them, in each browser.
func TestFilesPanel(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		b := serveFiles(t)
		ada := openWindow(t, kind, b.Room, windowConfig{})
		bob := openWindow(t, kind, b.Room, windowConfig{})
		if err := bob.Size(bob.ctx, 390, 844); err != nil {
			t.Fatal(err)
		}
		ada.connected(t, 1)
		small, _ := someFile(t, "small.txt", 10)
		large, digest := someFile(t, "large.bin", 300_000)

		offerFiles(t, ada, bob, small, large)
		bob.until(t, find("#tab-files .badge")+`.textContent === "1"`) // on a phone the panel is not in sight
		bob.click(t, "[data-testid=tab-files]")
		bob.shoot(t, "files-asked-"+string(kind))
		bob.click(t, "[data-testid=offer-decline]")
		ada.until(t, find(delivery+`[data-state=failed][data-reason=declined]`))
		clear(t, ada, bob)

		offerFiles(t, ada, bob, small, large)
		bob.click(t, "[data-testid=offer-accept]")
		bob.until(t, find(incoming+`[data-state=done]`))
		ada.until(t, find(outgoing+`[data-state=done]`))
		bob.shoot(t, "files-done-"+string(kind))
		if kind == browser.Chromium {
			savesInFolder(t, bob, digest)
		} else {
			savesArchive(t, bob, large)
		}
		// What is saved stays until it is removed, also when the page is loaded anew.
		bob.reload(t)
		bob.until(t, find(`[data-testid=finished]`))
		bob.click(t, "[data-testid=finished-delete]")
		bob.until(t, "!"+find(`[data-testid=finished]`))
		clear(t, ada)

		// Ada's file becomes another one, and then none, after she has offered it.
		for _, c := range []struct {
			reason string
			change func() error
		}{
			{"changed", func() error { return os.WriteFile(large, binaryOf("another", 200_000), 0o600) }},
			{"unreadable", func() error { return os.Remove(large) }},
		} {
			ada.connected(t, 1)
			offerFiles(t, ada, bob, large)
			if err := c.change(); err != nil {
				t.Fatal(err)
			}
			bob.click(t, "[data-testid=offer-accept]")
			for _, w := range []string{bob.data(t, incoming+`[data-state=failed]`, "reason"), ada.data(t, delivery+`[data-state=failed]`, "reason")} {
				// A file that is gone is by some taken for one that has changed, for it may not be read.
				if w != c.reason && !(c.reason == "unreadable" && w == "changed") {
					t.Errorf("a file that is %s fails with %q", c.reason, w)
				}
			}
			var said string
			bob.eval(t, find(incoming+` [data-testid=transfer-line]`)+".textContent", &said)
			if !strings.Contains(said, "large.bin") {
				t.Errorf("the page says of it: %q", said)
			}
			clear(t, ada, bob)
		}
	})
}

// savesInFolder saves what has come in a folder, of the page's own instead of one that a person would pick; and not a second time.
func savesInFolder(t *testing.T, w *window, digest string) {
	t.Helper()
	w.eval(t, `globalThis.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle("picked", { create: true })`, nil)
	w.click(t, "[data-testid=transfer-save]")
	w.until(t, find(incoming+`[data-saved=saved]`))
	var got string
	w.eval(t, `(async () => {
		const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("picked");
		const file = await (await folder.getFileHandle("large.bin")).getFile();
		const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
		return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
	})()`, &got)
	if got != digest {
		t.Errorf("what was saved has the digest %s, want %s", got, digest)
	}
	w.click(t, "[data-testid=transfer-save]")
	w.until(t, find(incoming+" [data-testid=transfer-line]")+`.textContent.includes("nothing is overwritten")`)
}

// savesArchive saves what has come as a browser does that has no folders to pick.
func savesArchive(t *testing.T, w *window, large string) {
	t.Helper()
	w.eval(t, `(() => {
		const create = URL.createObjectURL;
		URL.createObjectURL = (blob) => create.call(URL, (globalThis.made = blob));
	})()`, nil)
	w.click(t, "[data-testid=transfer-save]")
	w.until(t, find(incoming+`[data-saved=started]`))
	var text string
	w.eval(t, `new Promise((resolve) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
		reader.readAsDataURL(made);
	})`, &text)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		if f.Name != filepath.Base(large) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got, err := io.ReadAll(r) // and the CRC-32 is right
		want, _ := os.ReadFile(large)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %s are in the archive (%v), want %d others", len(got), f.Name, err, len(want))
		}
		return
	}
	t.Errorf("%s is not in the archive", filepath.Base(large))
}

// TestFilesCancelled stops a transfer on either side, and deletes what has come of it.
func TestFilesCancelled(t *testing.T) {
	t.Parallel()
	browser.Need(t, browser.Chromium)
	b := serveFiles(t)
	ada := openWindow(t, browser.Chromium, b.Room, windowConfig{})
	bob := openWindow(t, browser.Chromium, b.Room, windowConfig{})
	ada.connected(t, 1)
	path, _ := someFile(t, "film.bin", 200_000_000)
	for _, c := range []struct {
		who     *window
		witness string
	}{{bob, delivery}, {ada, incoming}} {
		offerFiles(t, ada, bob, path)
		bob.click(t, "[data-testid=offer-accept]")
		bob.until(t, fmt.Sprintf("Number(%s?.dataset.received) > 1e6", find(incoming)))
		c.who.click(t, "[data-testid=transfer-cancel]")
		bob.until(t, find(incoming+"[data-state=cancelled]"))
		ada.until(t, find(delivery+"[data-state=cancelled],"+delivery+"[data-reason=cancelled]"))
		bob.until(t, find("[data-testid=unfinished]"))
		if c.who == bob {
			clear(t, ada, bob)
			continue
		}
		bob.click(t, "[data-testid=unfinished-delete]")
		bob.until(t, "!"+find("[data-testid=unfinished]"))
	}
}

// TestFilesInMemory: a page that may keep nothing takes what fits into memory, says so, and refuses more by name.
func TestFilesInMemory(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		b := serve(t, hostIP(t).String(), "--grace", "2s") // plain http, not from this machine: no secure context
		takesIntoMemory(t, openWindow(t, kind, b.Room, windowConfig{}), openWindow(t, kind, b.Room, windowConfig{}))
	})
}

// TestFilesInPrivateWindow: Firefox lets a page in a private window keep nothing, also where all else is as it should be. Chromium does.
func TestFilesInPrivateWindow(t *testing.T) {
	t.Parallel()
	b := serveFiles(t)
	private := windowConfig{Config: browser.Config{Private: true}}
	takesIntoMemory(t, openWindow(t, browser.Firefox, b.Room, windowConfig{}), openWindow(t, browser.Firefox, b.Room, private))
}

// takesIntoMemory gives files to a page, bob's, that may keep nothing.
func takesIntoMemory(t *testing.T, ada, bob *window) {
	t.Helper()
	ada.connected(t, 1)
	bob.until(t, find("[data-testid=file-note]")+`.textContent.includes("512 MB")`)
	huge := filepath.Join(t.TempDir(), "huge.bin")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 512<<20+1); err != nil { // of holes: it takes no room
		t.Fatal(err)
	}
	ada.choose(t, "[data-testid=file-input]", huge)
	bob.until(t, find(incoming+"[data-state=failed][data-reason=no-room]"))
	ada.until(t, find(delivery+"[data-state=failed][data-reason=no-room]"))
	clear(t, ada, bob)
	path, digest := someFile(t, "fits.bin", 5_000_000)
	offerFiles(t, ada, bob, path)
	bob.click(t, "[data-testid=offer-accept]")
	bob.has(t, digest)
}
