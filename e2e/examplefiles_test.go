//go:build unix

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/peer"
)

// A bot serves a tree of files: to an http.Client, which has all of http, to the program's own client, and to a page, which asks by requests.
func TestExampleFiles(t *testing.T) {
	t.Parallel()
	tree := map[string][]byte{
		"/notes.txt":           []byte("Green tea: 70 °C, two minutes.\n"),
		"/empty":               {},
		"/music/tea for two.x": make([]byte, 300_001),
		"/music/large.x":       make([]byte, 24<<20),
	}
	folder := t.TempDir()
	for path, data := range tree {
		if strings.HasSuffix(path, ".x") {
			rand.NewChaCha8(sha256.Sum256([]byte(path))).Read(data)
		}
		file := filepath.Join(folder, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(folder, "outside")); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "files")
	if out, err := exec.Command("go", "build", "-o", program, "../examples/files").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	origin := examples(t, "files", nil)
	b := serve(t, hostIP(t).String(), "--allow-origin", origin)
	bot, err := process.Start(context.WithoutCancel(t.Context()), process.Config{Path: program, Args: []string{"serve", b.Room, folder}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := interrupt(bot); err != nil {
			t.Errorf("the bot: %v\n%s", err, bot.Stderr())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	t.Run("http", func(t *testing.T) { filesOverHTTP(ctx, t, b, tree) })
	t.Run("program", func(t *testing.T) {
		const path = "/music/tea for two.x"
		got, err := exec.CommandContext(ctx, program, "get", b.Room, "/music/tea%20for%20two.x").Output()
		if err != nil || !bytes.Equal(got, tree[path]) {
			t.Fatalf("got %d bytes: %v", len(got), err)
		}
		out, err := exec.CommandContext(ctx, program, "get", b.Room, "/nothing").CombinedOutput()
		if want := "files: get /nothing: 404 Not Found\n"; err == nil || string(out) != want {
			t.Fatalf("it says %q, want %q: %v", out, want, err)
		}
	})
	t.Run("page", func(t *testing.T) { filesInAPage(t, exampleURL(origin, b), tree) })
}

// filesOverHTTP is an http.Client of a peer.
func filesOverHTTP(ctx context.Context, t *testing.T, b *server, tree map[string][]byte) {
	room, err := peer.Join(ctx, b.Base, b.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	p, err := room.Accept(ctx) // the bot, who alone is there
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx, "http") }}
	defer transport.CloseIdleConnections()
	get := func(path, part string) (*http.Response, []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://files", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path = path
		r.Header.Set("Range", part)
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, got
	}
	for path, want := range tree {
		resp, got := get(path, "")
		if resp.StatusCode != http.StatusOK || sha256.Sum256(got) != sha256.Sum256(want) {
			t.Errorf("%s is %s and %d bytes, want %d", path, resp.Status, len(got), len(want))
		}
	}
	resp, got := get("/music/large.x", "bytes=20000000-20000999")
	if resp.StatusCode != http.StatusPartialContent || !bytes.Equal(got, tree["/music/large.x"][20_000_000:20_001_000]) {
		t.Errorf("the range is %s and %d bytes", resp.Status, len(got))
	}
	if _, got := get("/", ""); !bytes.Contains(got, []byte(`<a href="music/">music/</a>`)) {
		t.Errorf("the list is %q", got)
	}
	if resp, got := get("/outside", ""); resp.StatusCode == http.StatusOK {
		t.Errorf("what is outside of the folder is %q", got)
	}
}

// filesInAPage clicks through the tree, and downloads.
func filesInAPage(t *testing.T, address string, tree map[string][]byte) {
	s := newScreen(t, address, 800, 600)
	entry := func(path string) chromedp.CSS { return chromedp.CSS(fmt.Sprintf("button[value=%q]", path)) }
	if got := s.save(t, entry("/notes.txt")); !bytes.Equal(got, tree["/notes.txt"]) {
		t.Errorf("the notes are %q", got)
	}
	s.do(t, chromedp.Click(entry("/music/")))
	s.waits(t, `document.getElementById("path").textContent === "/music/" && list.innerText === "../\nlarge.x\ntea for two.x"`)
	for path, click := range map[string]chromedp.CSS{
		"/music/tea for two.x": entry("/music/tea%20for%20two.x"),
		"/music/large.x":       entry("/music/large.x"),
	} {
		if got := s.save(t, click); sha256.Sum256(got) != sha256.Sum256(tree[path]) {
			t.Errorf("%s has %d bytes", path, len(got))
		}
	}
	s.do(t, chromedp.Click(entry("/")))
	s.do(t, chromedp.Click(entry("/outside")))
	s.waits(t, `progress.textContent.startsWith("500: ") || progress.textContent.startsWith("404: ")`)
}
