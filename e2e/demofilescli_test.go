//go:build unix

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/process"
	"github.com/beckon-rtc/beckon/peer/identity"
)

// filmSize is how many bytes are given where nothing is lost: enough for nine tenths of it to be a moment that can be met.
const filmSize = 50_000_000

// program runs beckon until the test ends, or ends it by Close, which is SIGKILL.
func program(t *testing.T, at *place, args ...string) *process.Process {
	t.Helper()
	cfg := process.Config{Path: beckon(t), Args: args}
	if at != nil {
		cfg.Path, cfg.Args = at.wrap(cfg.Path, args...)
		cfg.Env = append(os.Environ(), at.env...)
	}
	p, err := process.Start(context.WithoutCancel(t.Context()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if t.Failed() {
			t.Logf("stderr of beckon %s ends with:\n%s", strings.Join(args, " "), p.Stderr())
		}
	})
	return p
}

// ends waits until a program has ended, well.
func ends(t *testing.T, ctx context.Context, p *process.Process) {
	t.Helper()
	select {
	case <-p.Done():
	case <-ctx.Done():
		t.Fatalf("a program does not end; it says:\n%s", p.Stderr())
	}
	if err := p.Err(); err != nil {
		t.Fatalf("a program ended with %v; it says:\n%s", err, p.Stderr())
	}
}

// place is where a program runs, if that is not where the test does.
type place struct {
	wrap func(path string, args ...string) (string, []string)
	env  []string // further variables
}

// fileCase is one way of interrupting a transfer between a terminal and a page, in a room of its own.
type fileCase struct {
	w            *window
	link         string
	flags        []string // of the terminal's side
	at           *place   // of the terminal
	size         int      // of the film, in bytes: 1 % is more than a block
	film, digest string

	path string // what the page says of the way to the terminal when it is interrupted: direct or relayed
}

func (c *fileCase) send(t *testing.T) *process.Process {
	t.Helper()
	return program(t, c.at, append([]string{"send", "--link", c.link, c.film}, c.flags...)...)
}

func (c *fileCase) receive(t *testing.T, dir string) *process.Process {
	t.Helper()
	return program(t, c.at, append([]string{"receive", "--yes", "--to", dir, c.link}, c.flags...)...)
}

// onlyOnce fails the test if more than 1 % was sent twice of what was kept when it was interrupted.
func (c *fileCase) onlyOnce(t *testing.T, kept, again int) {
	t.Helper()
	t.Logf("%d bytes were there, %d came after that: %+.2f %% twice", kept, again, float64(kept+again-c.size)/float64(c.size)*100)
	if kept < c.size/10*9 || again == 0 || kept+again > c.size+c.size/100 {
		t.Errorf("%d bytes were there, and %d came after that, of %d: no nine tenths, or more than 1 %% twice", kept, again, c.size)
	}
}

// remembersWhatIsHere has the page write down, when it ends, how much of what comes is here.
func (c *fileCase) remembersWhatIsHere(t *testing.T) {
	t.Helper()
	c.w.eval(t, fmt.Sprintf(`addEventListener("pagehide", () => sessionStorage.setItem("here", %s.dataset.here))`, find(incoming)), nil)
}

// notePath asks the page what is between it and the terminal.
func (c *fileCase) notePath(t *testing.T) {
	t.Helper()
	c.w.eval(t, with("peer", "data-state=connected")+"?.dataset.path ?? ''", &c.path)
}

// pageReceives has the page's half of a transfer to it closed, which is then loaded anew.
func (c *fileCase) pageReceives(t *testing.T) {
	p := c.send(t)
	c.w.click(t, "[data-testid=offer-accept]")
	c.remembersWhatIsHere(t)
	c.w.atNinetyPercent(t, c.size)
	c.notePath(t)
	c.w.reload(t)
	c.w.has(t, c.digest)
	var kept int
	c.w.eval(t, `Number(sessionStorage.getItem("here"))`, &kept)
	c.onlyOnce(t, kept, c.w.number(t, incoming, "received"))
	ends(t, c.w.ctx, p)
}

// terminalSends has the terminal's half of a transfer to the page killed.
func (c *fileCase) terminalSends(t *testing.T) {
	p := c.send(t)
	c.w.click(t, "[data-testid=offer-accept]")
	id := c.w.data(t, incoming, "id")
	c.w.atNinetyPercent(t, c.size)
	c.notePath(t)
	p.Close()
	p = c.send(t)
	c.w.click(t, "[data-testid=offer-accept]")
	c.w.has(t, c.digest)
	kept := c.w.number(t, incoming+"[data-id='"+id+"']", "here")
	c.onlyOnce(t, kept, c.w.number(t, incoming+`[data-state=done]`, "received"))
	ends(t, c.w.ctx, p)
}

// part waits until nine tenths of the film are in the folder, and returns the file that they are in.
func (c *fileCase) part(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.Base(c.film)+".beckon-part")
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if info, err := os.Stat(path); err == nil && int(info.Size()) >= c.size/10*9 {
			return path
		}
		select {
		case <-again.C:
		case <-c.w.ctx.Done():
			t.Fatalf("nine tenths of the film never are in %s", dir)
		}
	}
}

// sizeOf is how much a file has.
func sizeOf(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// isIn checks that the film is in the folder.
func (c *fileCase) isIn(t *testing.T, dir string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, filepath.Base(c.film)))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != c.digest {
		t.Errorf("the film that arrived has the digest %x, want %s", sum, c.digest)
	}
}

// terminalReceives has the terminal's half of a transfer from the page killed.
func (c *fileCase) terminalReceives(t *testing.T) {
	dir := t.TempDir()
	p := c.receive(t, dir)
	c.w.choose(t, "[data-testid=file-input]", c.film)
	part := c.part(t, dir)
	c.notePath(t)
	p.Close()
	kept := sizeOf(t, part)
	p = c.receive(t, dir)
	done := delivery + `[data-state=done]`
	received := c.w.number(t, done, "received")
	c.onlyOnce(t, kept, received)
	if sent := c.w.number(t, done, "sent"); sent != received {
		t.Errorf("the page sent %d bytes, and %d came", sent, received)
	}
	ends(t, c.w.ctx, p)
	c.isIn(t, dir)
}

// pageSends has the page's half of a transfer from it closed, which is then loaded anew, and the same file chosen again.
func (c *fileCase) pageSends(t *testing.T) {
	dir := t.TempDir()
	p := c.receive(t, dir)
	c.w.choose(t, "[data-testid=file-input]", c.film)
	part := c.part(t, dir)
	c.notePath(t)
	c.w.reload(t)
	kept := sizeOf(t, part)
	c.w.choose(t, "[data-testid=file-input]", c.film)
	done := delivery + `[data-state=done]`
	received := c.w.number(t, done, "received")
	c.onlyOnce(t, kept, c.w.number(t, done, "sent"))
	t.Logf("the terminal says that %d bytes came in all", received)
	ends(t, c.w.ctx, p)
	c.isIn(t, dir)
}

// fileWay is one of the ways to interrupt a transfer.
type fileWay string

const (
	pageReloadedReceiving   fileWay = "the page receives and is reloaded"
	terminalKilledSending   fileWay = "the terminal sends and is killed"
	terminalKilledReceiving fileWay = "the terminal receives and is killed"
	pageReloadedSending     fileWay = "the page sends and is reloaded"
)

// interrupt does it.
func (c *fileCase) interrupt(t *testing.T, way fileWay) {
	t.Helper()
	switch way {
	case pageReloadedReceiving:
		c.pageReceives(t)
	case terminalKilledSending:
		c.terminalSends(t)
	case terminalKilledReceiving:
		c.terminalReceives(t)
	case pageReloadedSending:
		c.pageSends(t)
	}
}

// all interrupts a transfer in every way, each in a room of its own.
func (c fileCase) all(t *testing.T, room string) {
	for _, way := range []fileWay{pageReloadedReceiving, terminalKilledSending, terminalKilledReceiving, pageReloadedSending} {
		t.Run(string(way), func(t *testing.T) {
			name := strings.ReplaceAll(string(way), " ", "-")
			c.link = room + "-" + name[len(name)-20:] + "#k=" + identity.NewSecret().String()
			c.film, c.digest = someFile(t, name[:8]+".mkv", c.size)
			if err := c.w.Navigate(c.w.ctx, c.link); err != nil {
				t.Fatal(err)
			}
			c.interrupt(t, way)
		})
	}
}

// TestFilesBetweenTerminalAndPage interrupts transfers between `beckon send` or `beckon receive` and the page, at nine tenths, on either side: they go on,
// and what has arrived is not sent again. Directly, and through the relay alone.
func TestFilesBetweenTerminalAndPage(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		for _, relayed := range []bool{false, true} {
			t.Run(map[bool]string{false: "direct", true: "relayed"}[relayed], func(t *testing.T) {
				t.Parallel()
				b := serveFiles(t)
				c := fileCase{size: filmSize, w: openWindow(t, kind, b.Base, windowConfig{patience: 3 * patience})}
				if relayed {
					c.flags = []string{"--relay-only"}
				}
				c.all(t, b.Base+"/r/"+b.Name)
			})
		}
	})
}
