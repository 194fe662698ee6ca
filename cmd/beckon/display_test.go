package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/files"
)

func TestProgressText(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]files.Progress{
		"  0 % [--------------------] 0 B of 1.0 MB  x":                                          {Files: 1, Size: 1e6},
		" 50 % [##########----------] 500.0 kB of 1.0 MB  250.0 kB/s  0:02 left  x":              {Files: 1, Size: 1e6, Done: 5e5, Moved: 5e5, Rate: 25e4},
		" 99 % [###################-] 999.9 MB of 1.0 GB, 6 of 7 files  1 B/s  27:46:40 left  x": {Files: 7, FilesDone: 6, Size: 1_000_000_000, Done: 999_900_000, Rate: 1},
		"100 % [####################] 0 B of 0 B  x":                                             {Files: 1, FilesDone: 1},
		"100 % [####################] 1.0 MB of 1.0 MB, 2 of 2 files  x":                         {Files: 2, FilesDone: 2, Size: 1e6, Done: 1e6, Rate: 1e6},
	} {
		if got := progressText(p, "x"); got != want {
			t.Errorf("%+v is\n%q, want\n%q", p, got, want)
		}
	}
}

// On a terminal a line is drawn over and over, and what else there is to say goes above it.
func TestDisplay(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := &display{out: &out, terminal: true}
	d.draw("10 %")
	d.draw("10 %")
	d.say("%s is here", "Ada")
	d.draw(strings.Repeat("x", 100))
	d.draw("")
	d.clear()
	d.say("done")
	const wipe = "\r\x1b[K"
	if want := wipe + "10 %" + wipe + "Ada is here\n10 %" + wipe + strings.Repeat("x", 79) + wipe + "done\n"; out.String() != want {
		t.Errorf("it is\n%q, want\n%q", out.String(), want)
	}
	out.Reset()
	d = &display{out: &out}
	d.draw("10 %")
	d.say("done")
	if out.String() != "10 %\ndone\n" {
		t.Errorf("without a terminal it is %q", out.String())
	}
	out.Reset()
	d = &display{out: &out, quiet: true}
	d.draw("10 %")
	d.say("done")
	d.print("the link\n")
	if out.String() != "the link\n" {
		t.Errorf("quiet it is %q", out.String())
	}
}

// Texts of other machines move no cursor, turn no text around and fill no screen.
func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ünïcödé 日本語 🏖": "Ünïcödé 日本語 🏖", "a\x1b[2Jb": "a_[2Jb", "a\nb\r\tc\x00\u0085": "a_b__c__", "gpj.\u202efdp.exe": "gpj._fdp.exe",
		"\u2066a\u200bb\u2028": "_a_b_", strings.Repeat("x", 100): strings.Repeat("x", 29) + "…",
	} {
		if got := plain(text, 30); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	o := &files.Offer{Name: "evil\x1b]0;title\a", Size: 12}
	for range 10 {
		o.Entries = append(o.Entries, files.Entry{Path: "a\u202eb", Size: 1}, files.Entry{Path: "folder", Folder: true})
	}
	text := offerText("Ada", o, "down\x1b")
	text, _, _ = strings.Cut(text, "\nto ") // where to is the user's own
	if strings.ContainsAny(text, "\x1b\a\u202e") || !strings.Contains(text, "Ada offers evil_]0;title_: 10 files and 10 empty folders, 12 B\n") || !strings.HasSuffix(text, "and 12 more") {
		t.Errorf("the offer is %q", text)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 209_715_200: "209.7 MB", 3e12: "3.0 TB", 5e18: "5000.0 PB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0:00", 61 * time.Second: "1:01", time.Hour + 62*time.Second: "1:01:02"} {
		if got := clock(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	for arg, want := range map[string]string{"a/b.txt": "a/b.txt", "two words": "'two words'", "it's": `'it'\''s'`, "": "''", "http://a/r/b#k=c": "'http://a/r/b#k=c'"} {
		if got := shellQuoted(arg); got != want {
			t.Errorf("%s is quoted %s, want %s", arg, got, want)
		}
	}
}

// Only who says yes has said yes.
func TestAsk(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"y\n": true, " YES \n": true, "\n": false, "n\n": false, "": false, "yn\n": false} {
		var out bytes.Buffer
		r := &receiving{display: &display{out: &out, quiet: true}, answers: bufio.NewReader(strings.NewReader(answer))}
		if got, err := r.ask(t.Context(), "Ada offers"); err != nil || got != want || !strings.HasSuffix(out.String(), "Ada offers\nReceive it? [y/N] ") {
			t.Errorf("%q is %v, %v after %q", answer, got, err, out.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in, never := io.Pipe()
	defer never.Close() // which ends the Read
	r := &receiving{display: &display{out: io.Discard}, answers: bufio.NewReader(in)}
	if _, err := r.ask(ctx, ""); err != context.Canceled {
		t.Errorf("interrupted: %v", err)
	}
}

func TestNewLink(t *testing.T) {
	t.Parallel()
	a, err := (&serverFlags{}).newLink()
	if err != nil || !strings.HasPrefix(a.String(), localServer+"/r/") || a.Secret.IsZero() {
		t.Errorf("%s, %v", a.Room, err)
	}
	b, err := (&serverFlags{Server: "https://beckon.example.org/below/"}).newLink()
	if err != nil || !strings.HasPrefix(b.String(), "https://beckon.example.org/below/r/") || b.Room == a.Room || b.Secret == a.Secret {
		t.Errorf("%s, %v", b.Room, err)
	}
}

// The commands as people use them, in one process.
func TestSendReceive(t *testing.T) {
	t.Parallel()
	s := start(t, false, "serve", "--dev", "--listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0")
	server, _, _ := strings.Cut(s.first, "/r/")
	sender := start(t, false, "send", "testdata", "--server", server, "--keep", "--name", "Ada")
	dir := t.TempDir()
	var out, said bytes.Buffer
	receive := func(flags ...string) int {
		said.Reset()
		return run(t.Context(), append([]string{"receive", sender.link, "--yes", "--to", dir}, flags...), &out, &said, nil)
	}
	if code := receive(); code != exitOK || out.Len() > 0 || !strings.Contains(said.String(), "Ada offers testdata: ") || !strings.Contains(said.String(), "SHA-256 is right") {
		t.Errorf("exit code %d, stdout %q, stderr:\n%s", code, &out, &said)
	}
	same, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range same {
		if want, got := fileText(t, path), fileText(t, filepath.Join(dir, path)); got != want {
			t.Errorf("%s is another file", path)
		}
	}
	if code := receive("--quiet"); code != exitOK || said.Len() > 0 {
		t.Errorf("quiet, exit code %d, stderr:\n%s", code, &said)
	}
	if code := sender.interrupt(); code != exitOK || !strings.Contains(sender.stderr.String(), "of which 0 B were sent now") {
		t.Errorf("the sender's exit code is %d, its stderr:\n%s", code, sender.stderr)
	}
}

func TestSendErrors(t *testing.T) {
	t.Parallel()
	got := runNow(t, nil, "send", "main.go", "no such file", "neither")
	if got.code != exitFailure || !strings.Contains(got.stderr, "neither: no such file") || !strings.Contains(got.stderr, "no such file: no such file") {
		t.Errorf("%+v", got)
	}
	var out, said bytes.Buffer
	if code := run(t.Context(), []string{"send", "main.go", "--server", "http://127.0.0.1:9"}, &out, &said, nil); code != exitFailure || out.Len() > 0 || !strings.Contains(said.String(), "cannot meet anybody at http://127.0.0.1:9: ") {
		t.Errorf("%d, %q, %q", code, &out, &said)
	}
}
