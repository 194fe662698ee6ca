package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/beckon-rtc/beckon/files"
	"github.com/beckon-rtc/beckon/peer"
)

// receiveCmd is the flags of `beckon receive`.
type receiveCmd struct {
	Link      string   `arg:"" name:"link" help:"The link that the sender has printed, in quotes: https://HOST/r/ROOM#k=SECRET."`
	To        string   `group:"run" type:"path" placeholder:"DIR" defaults:"the working directory" help:"Where to put them; it is made if it is not there. Nothing is written anywhere else."`
	Yes       bool     `group:"run" short:"y" help:"Take what is offered without asking."`
	Overwrite bool     `group:"run" help:"Replace files that are there and are others."`
	Rename    bool     `group:"run" help:"Put the new file beside the one that is there: \"name (2).txt\"."`
	Limit     byteRate `group:"run" placeholder:"RATE" defaults:"none" help:"Take so much a second at most: a number and kB or MB, like 2MB."`
	partyFlags
}

// Help is what --help says before the flags.
func (receiveCmd) Help() string {
	return `Examples:

    beckon receive 'http://127.0.0.1:8080/r/k3vq2mzx7w5abcde#k=…'
    beckon receive LINK --to downloads --yes

It shows what is offered, and asks. What has not arrived whole is kept as NAME.beckon-part; the same command goes on with it, and what has
arrived is not sent again. Each file is checked by SHA-256 before it gets its name. Files that are there already are left as they are; if one
is there that is another, nothing is received until --overwrite or --rename says what to do.`
}

// Run receives one offer.
func (c *receiveCmd) Run(ctx context.Context, p *process) error {
	link, err := peer.ParseLink(c.Link)
	terminal := isInputTerminal(p.stdin)
	switch {
	case err != nil:
		return usagef("%s", notARoom(c.Link, err, exampleLink))
	case c.Overwrite && c.Rename:
		return usagef("--overwrite and --rename both say what becomes of files that are there: leave out one of them")
	}
	if err := checkTarget(c.To); err != nil {
		return err
	}
	if !c.Yes && !terminal { // the last, because it is no use to add it to what is wrong
		return usagef("there is no terminal to ask on: add --yes to take what is offered")
	}
	d := newDisplay(p.stderr, c.Quiet)
	room, err := c.meetAt(ctx, d, link, "receive")
	if err != nil {
		return err
	}
	r := &receiving{display: d, target: c.target(), yes: c.Yes, answers: bufio.NewReader(p.stdin)}
	d.say("waiting for the sender; Ctrl-C ends")
	err = r.run(ctx, room)
	leaveErr := room.leave()
	switch {
	case err == nil:
		return leaveErr
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted; to go on:\n\n    beckon receive %s", shellQuoted(c.Link))
	}
	return err
}

func (c *receiveCmd) target() files.Target {
	t := files.Target{Dir: c.To, Limit: int64(c.Limit)}
	switch {
	case c.Overwrite:
		t.Existing = files.Overwrite
	case c.Rename:
		t.Existing = files.Rename
	}
	return t
}

// checkTarget refuses a folder that nothing could be written to, before anybody is waited for. It makes none: nothing may come.
func checkTarget(dir string) error {
	at, err := filepath.Abs(dir) // "" is the working directory
	if err != nil {
		return fmt.Errorf("cannot receive into %q: %w", dir, err)
	}
	for {
		info, err := os.Stat(at)
		switch parent := filepath.Dir(at); {
		case err == nil && !info.IsDir():
			return usagef("--to %s: %s is no folder", dir, at)
		case errors.Is(err, fs.ErrNotExist) && parent != at:
			at = parent
			continue
		case err != nil:
			return usagef("--to %s: %v", dir, err)
		}
		probe, err := os.CreateTemp(at, ".beckon-probe-*")
		if err != nil {
			return usagef("cannot receive into %s: nothing can be written in %s (%s)", cmp.Or(dir, "the working directory"), at, pathReason(err))
		}
		return errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
}

// pathReason is an error of the file system without the name that it is about.
func pathReason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
