//go:build unix

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// TestFilesDropped drops a folder on a page, as Chromium has a user do it, and a program gets all of it: files in folders, more than a browser
// tells of at a time, and folders that are empty.
//
// Firefox's driver has nothing that drops files; what it does with those that are chosen is in TestFilesPanel.
func TestFilesDropped(t *testing.T) {
	t.Parallel()
	browser.Need(t, browser.Chromium)
	b := serveFiles(t)
	tree := filepath.Join(t.TempDir(), "Bäume 🌲")
	want := map[string]string{}
	for _, dir := range []string{"empty", "a/b/c", "many"} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		want[dir] = ""
	}
	files := []string{"a/b/c/deep.txt", "top.bin"}
	for i := range 130 {
		files = append(files, filepath.Join("many", hex.EncodeToString([]byte{byte(i)})))
	}
	for i, name := range files {
		content := binaryOf(name, 1+i*i)
		sum := sha256.Sum256(content)
		want[name] = hex.EncodeToString(sum[:])
		if err := os.WriteFile(filepath.Join(tree, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	p := program(t, nil, "receive", "--yes", "--to", dir, b.Room)
	w := openWindow(t, browser.Chromium, b.Room, windowConfig{})
	w.connected(t, 1)
	if err := w.Drop(w.ctx, tree); err != nil {
		t.Fatal(err)
	}
	w.until(t, find(delivery+`[data-state=done]`))
	ends(t, w.ctx, p)
	for name, digest := range want {
		path := filepath.Join(dir, filepath.Base(tree), name)
		if digest == "" {
			if info, err := os.Stat(path); err != nil || !info.IsDir() {
				t.Errorf("the folder %s: %v", name, err)
			}
			continue
		}
		content, err := os.ReadFile(path)
		if sum := sha256.Sum256(content); err != nil || hex.EncodeToString(sum[:]) != digest {
			t.Errorf("%s is another file (%v)", name, err)
		}
	}
	w.quietly(t)
}
