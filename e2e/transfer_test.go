//go:build unix

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// tool is one of the commands that meet others, running; what it prints on stdout can be read at any time.
type tool struct {
	*process.Process

	mu  sync.Mutex
	out bytes.Buffer // guarded by mu
}

func (c *tool) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(b)
}

// spot says how to run a program there, as lab.Host.Command does; nil is here.
type spot func(path string, args ...string) (string, []string)

// run starts a program, which is killed at the end of the test if it has not ended.
func (at spot) run(t *testing.T, env []string, path string, args ...string) *tool {
	t.Helper()
	if at != nil {
		path, args = at(path, args...)
	}
	c := &tool{}
	var err error
	c.Process, err = process.Start(context.WithoutCancel(t.Context()), process.Config{Path: path, Args: args, Stdout: c, Env: append(os.Environ(), env...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if t.Failed() {
			t.Logf("beckon %s says:\n%s", strings.Join(args, " "), c.Stderr())
		}
	})
	return c
}

// soon waits for what the programs bring about.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s does not come about", what)
		}
	}
}

// link waits for the link that is on stdout.
func (c *tool) link(t *testing.T) (link string) {
	t.Helper()
	soon(t, "a link", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		line, _, whole := strings.Cut(c.out.String(), "\n")
		link = line
		return whole
	})
	return link
}

// well waits for the end, which has to be exit code 0.
func (c *tool) well(t *testing.T) {
	t.Helper()
	if err := c.Err(); err != nil {
		t.Errorf("it ends with %v; stderr:\n%s", err, c.Stderr())
	}
}

// sizes are what sizeText of the program prints, as bytes.
var came = regexp.MustCompile(`of which ([0-9.]+) ([kMG]?B) (?:came|were sent) now`)

// now is how many bytes a program says to have sent or received, to the rounding of its sentence.
func (c *tool) now(t *testing.T) int64 {
	t.Helper()
	m := came.FindStringSubmatch(c.Stderr())
	if m == nil {
		t.Fatalf("it does not say how much; stderr:\n%s", c.Stderr())
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(n * map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[m[2]])
}

// noiseFile makes a file of bytes that do not compress, and returns its digest.
func noiseFile(t *testing.T, path string, size int64) [sha256.Size]byte {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.NewChaCha8(sha256.Sum256([]byte(path))), size); err != nil {
		t.Fatal(err)
	}
	return digestOf(t, path)
}

func digestOf(t *testing.T, path string) (sum [sha256.Size]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// aBlock is the least that may come twice: a transfer goes on at the beginning of the 16 KiB in which it broke off, and what a program says
// of so much is rounded to tenths of a kB.
const aBlock = 16<<10 + 100

// crossing is a file on its way from one spot to another, at a server.
type crossing struct {
	server   string
	env      []string
	from, to spot
	flags    []string
	size     int64
	tenths   int64 // of it are there when a side is killed
}

// TestTransferKilled kills either side when nine tenths of a file are there, and starts it again: the file arrives whole, and at most 1 % of
// it, or a block, is sent twice.
func TestTransferKilled(t *testing.T) {
	s := serve(t, "127.0.0.1")
	for name, flags := range map[string][]string{"direct": nil, "relayed": {"--relay-only"}} {
		for _, killed := range []string{"sender", "receiver"} {
			t.Run(name+"/"+killed, func(t *testing.T) {
				crossing{server: s.Base, flags: flags, size: 48 << 20, tenths: 9}.killed(t, killed)
			})
		}
	}
}

func (c crossing) killed(t *testing.T, killed string) {
	dir := t.TempDir()
	source, to := filepath.Join(dir, "film.mkv"), filepath.Join(dir, "to")
	want := noiseFile(t, source, c.size)
	program := beckon(t)
	send := func(more ...string) *tool {
		return c.from.run(t, c.env, program, append(append([]string{"send", source}, more...), c.flags...)...)
	}
	sender := send("--server", c.server)
	link := sender.link(t)
	receive := func() *tool {
		return c.to.run(t, c.env, program, append([]string{"receive", link, "--yes", "--to", to}, c.flags...)...)
	}
	receiver := receive()
	part := filepath.Join(to, "film.mkv.beckon-part")
	there := func() int64 {
		info, err := os.Stat(part)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	began := time.Now()
	soon(t, fmt.Sprintf("%d tenths", c.tenths), func() bool { return there() >= c.size/10*c.tenths })
	t.Logf("%d tenths after %v", c.tenths, time.Since(began))
	if killed == "sender" {
		sender.Close() // by SIGKILL
		sender = send("--link", link)
	} else {
		receiver.Close()
	}
	had := there()
	if killed == "receiver" {
		receiver = receive()
	}
	again := time.Now()
	receiver.well(t)
	sender.well(t)
	if got := digestOf(t, filepath.Join(to, "film.mkv")); got != want {
		t.Errorf("the SHA-256 is %x, want %x", got, want)
	}
	if there() != 0 {
		t.Error("the part is left over")
	}
	twice := had + receiver.now(t) - c.size
	t.Logf("%d bytes of %d were there, %d came after that, %d of them twice; it took %v", had, c.size, receiver.now(t), twice, time.Since(again))
	if had >= c.size || twice > max(c.size/100, aBlock) {
		t.Errorf("%d bytes were there of %d, and %d came twice", had, c.size, twice)
	}
}

// TestTransferTree sends what is hard to send, and asserts on every byte.
func TestTransferTree(t *testing.T) {
	s := serve(t, "127.0.0.1")
	dir := t.TempDir()
	tree := filepath.Join(dir, "Bäume 🌲")
	want := map[string][sha256.Size]byte{}
	if err := os.MkdirAll(filepath.Join(tree, "empty", "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		name := filepath.Join(fmt.Sprintf("d%d", i%7), fmt.Sprintf("file %d.txt", i))
		if err := os.MkdirAll(filepath.Join(tree, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		want[name] = noiseFile(t, filepath.Join(tree, name), int64(i*i*7))
	}
	sender := spot(nil).run(t, nil, beckon(t), "send", tree, "--server", s.Base)
	to := filepath.Join(dir, "to")
	spot(nil).run(t, nil, beckon(t), "receive", sender.link(t), "-y", "--to", to).well(t)
	sender.well(t)
	for name, sum := range want {
		if got := digestOf(t, filepath.Join(to, "Bäume 🌲", name)); got != sum {
			t.Errorf("%s has another SHA-256", name)
		}
	}
	if info, err := os.Stat(filepath.Join(to, "Bäume 🌲", "empty", "folder")); err != nil || !info.IsDir() {
		t.Errorf("the empty folder: %v", err)
	}
}

// TestPipe sends bytes in both directions at once, of which one ends long before the other.
func TestPipe(t *testing.T) {
	s := serve(t, "127.0.0.1")
	for name, flag := range map[string]string{"direct": "", "relayed": "--relay-only"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := func(name string) string { return filepath.Join(dir, name) }
			first, second := noiseFile(t, path("first"), 64<<20), noiseFile(t, path("second"), 3<<20+1)
			// The shell connects the files; what it replaces itself with is the program.
			const script = `in=$1 out=$2; shift 2; exec "$@" < "$in" > "$out"`
			pipe := func(in, out string, args ...string) *tool {
				all := append([]string{"-c", script, "sh", path(in), path(out), beckon(t), "pipe", "--server", s.Base}, args...)
				if flag != "" {
					all = append(all, flag)
				}
				return spot(nil).run(t, nil, "/bin/sh", all...)
			}
			waits := pipe("first", "from second")
			var link string
			soon(t, "a link", func() bool {
				line, _, whole := strings.Cut(waits.Stderr(), "\n")
				link = line
				return whole
			})
			comes := pipe("second", "from first", link)
			comes.well(t)
			waits.well(t)
			if digestOf(t, path("from first")) != first || digestOf(t, path("from second")) != second {
				t.Error("the bytes are others")
			}
		})
	}
}
