package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/beckon-rtc/beckon/files"
)

// display is stderr as a person sees it: sentences, and below them on a terminal a line that is drawn again and again. All its methods may
// be called from any goroutine.
type display struct {
	out      io.Writer
	terminal bool
	quiet    bool

	mu   sync.Mutex
	line string // what is drawn; "" if nothing is
}

func newDisplay(w io.Writer, quiet bool) *display {
	return &display{out: w, terminal: isTerminal(w), quiet: quiet}
}

// beat is how often progress is said: on a terminal it moves, and a log stays readable.
func (d *display) beat() time.Duration {
	if d.terminal {
		return 200 * time.Millisecond
	}
	return 5 * time.Second
}

// width is how many characters a line has.
func (d *display) width() int {
	if n := terminalWidth(d.out); n > 0 {
		return n
	}
	return 80
}

// Write prints whole lines, as a logger does, above the line that is drawn.
func (d *display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.above(string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (d *display) above(text string) error {
	if d.line != "" {
		text = "\r\x1b[K" + text + d.line
	}
	_, err := io.WriteString(d.out, text)
	return err
}

// say prints a sentence, unless this is to be quiet. Whatever is in it moves no cursor.
func (d *display) say(format string, args ...any) {
	if !d.quiet {
		d.print(legible(fmt.Sprintf(format, args...)) + "\n")
	}
}

// print prints lines in any case. That nobody reads stderr is no reason to do anything else.
func (d *display) print(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.above(text)
}

// draw shows how far it is, "" for nothing: in the place of what was drawn last, or as a line of its own where nothing can be drawn.
func (d *display) draw(line string) { d.drawNow(func() string { return line }) }

// drawNow draws what line says while nothing else is printed: what has ended by then is not drawn below the sentence that says so.
func (d *display) drawNow(line func() string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch text := line(); {
	case text == "":
		d.wipe()
	case d.quiet:
	case !d.terminal:
		_ = d.above(text + "\n")
	case d.fitting(text) != d.line:
		d.line = d.fitting(text)
		_, _ = io.WriteString(d.out, "\r\x1b[K"+d.line)
	}
}

// fitting is what of a line can be drawn over again.
func (d *display) fitting(line string) string {
	if runes := []rune(line); len(runes) >= d.width() {
		return string(runes[:max(0, d.width()-1)])
	}
	return line
}

// finish says how far something was in the end, and leaves it there.
func (d *display) finish(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wipe()
	if !d.quiet {
		_ = d.above(legible(line) + "\n")
	}
}

// clear removes what is drawn.
func (d *display) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wipe()
}

// wipe needs mu.
func (d *display) wipe() {
	if d.line != "" {
		_, _ = io.WriteString(d.out, "\r\x1b[K")
		d.line = ""
	}
}

// barWidth is how many characters the bar has.
const barWidth = 20

// progressText is a line about a transfer; what is behind it says which.
func progressText(p files.Progress, what string) string {
	part := 1.0
	if p.Size > 0 {
		part = float64(p.Done) / float64(p.Size)
	}
	full := min(barWidth, int(part*barWidth))
	line := fmt.Sprintf("%3d %% [%s%s] %s of %s", int(part*100), strings.Repeat("#", full), strings.Repeat("-", barWidth-full), sizeText(p.Done), sizeText(p.Size))
	if p.Files > 1 {
		line += fmt.Sprintf(", %d of %s", p.FilesDone, filesText(p.Files))
	}
	if p.Rate >= 1 && p.Done < p.Size {
		line += fmt.Sprintf("  %s/s", sizeText(int64(p.Rate)))
		if left, ok := p.Left(); ok {
			line += "  " + clock(left) + " left"
		}
	}
	return line + "  " + what
}

// during draws what line says, until stop is called.
func (d *display) during(line func() string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(d.beat())
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				d.drawNow(line)
			case <-done:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(done)
		<-ended
		d.clear()
	})
}
