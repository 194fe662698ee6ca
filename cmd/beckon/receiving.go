package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beckon-rtc/beckon/files"
)

// receiving is the run of a receiver in a room.
type receiving struct {
	display *display
	target  files.Target
	yes     bool
	answers *bufio.Reader

	wanted *files.Offer    // what was agreed to
	from   string          // who has offered it last
	in     *files.Incoming // of it; nil before
}

var errDeclined = errors.New("declined; nothing was received")

// run takes offers until one has been received.
func (r *receiving) run(ctx context.Context, room *party) error {
	ctx, cancel := context.WithCancel(ctx)
	inbox := newProposals(ctx, room.Room, r.display)
	defer inbox.wait()
	defer cancel()
	defer r.close()
	for {
		var strangers <-chan error
		if r.wanted == nil { // who was here once has the right link
			strangers = room.strangers
		}
		p, err := inbox.next(ctx, r.complete(), strangers)
		if err == nil && p == nil {
			break // everything is here, and the sender does not ask
		}
		if err != nil {
			return err
		}
		if err := r.agree(ctx, p); err != nil {
			return err
		}
		receipt, err := r.fetch(ctx, p, inbox)
		if err == nil {
			r.report(receipt)
			return nil
		}
		if err := r.judge(ctx, err); err != nil {
			return err
		}
	}
	progress := r.in.Progress()
	r.report(files.Receipt{Files: progress.Files, Bytes: progress.Size, Received: progress.Moved})
	return nil
}

func (r *receiving) close() {
	if r.in != nil {
		_ = r.in.Close() // it only lets go of the folder
	}
}

// complete tells that all files are in their places.
func (r *receiving) complete() bool {
	if r.in == nil {
		return false
	}
	p := r.in.Progress()
	return p.FilesDone == p.Files
}

// agree has the user agree, once for the same files, and prepares to receive them.
func (r *receiving) agree(ctx context.Context, p *files.Proposal) error {
	if r.wanted == nil || !sameFiles(r.wanted, &p.Offer) {
		if !r.yes {
			yes, err := r.ask(ctx, offerText(nameOf(p.Peer()), &p.Offer, r.target.Dir))
			if err != nil {
				return err
			}
			if !yes {
				_ = p.Decline(ctx, "the user does not want it") // who does not hear it has gone
				return errDeclined
			}
		} else {
			r.display.say("%s", offerText(nameOf(p.Peer()), &p.Offer, r.target.Dir))
		}
	}
	if r.wanted != nil && r.wanted.ID == p.Offer.ID {
		return nil
	}
	r.close()
	in, err := files.NewIncoming(p.Offer, r.target)
	if err != nil {
		return fmt.Errorf("cannot receive into %s: %s", plain(r.target.Dir, 200), sayFiles(err))
	}
	r.wanted, r.in = &p.Offer, in
	return nil
}

// sameFiles tells whether two offers are of the same files: a sender that was started again has another id.
func sameFiles(a, b *files.Offer) bool {
	return a.Size == b.Size && slices.EqualFunc(a.Entries, b.Entries, func(x, y files.Entry) bool {
		return x.Path == y.Path && x.Size == y.Size && x.Folder == y.Folder
	})
}

// maxListed is how many files of an offer are shown.
const maxListed = 8

// offerText says what there is.
func offerText(who string, o *files.Offer, dir string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s offers %s: %s, %s", who, plain(o.Name, 80), contentsText(o), sizeText(o.Size))
	if len(o.Entries) > 1 {
		for i, e := range o.Entries {
			if i == maxListed {
				fmt.Fprintf(&b, "\n    and %d more", len(o.Entries)-i)
				break
			}
			what := sizeText(e.Size)
			if e.Folder {
				what = "folder"
			}
			fmt.Fprintf(&b, "\n    %s  %s", plain(e.Path, 100), what)
		}
	}
	if dir == "" {
		dir = "."
	}
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	return b.String() + "\nto " + dir
}

// ask asks the user.
func (r *receiving) ask(ctx context.Context, offer string) (bool, error) {
	r.display.print(offer + "\nReceive it? [y/N] ")
	type line struct {
		text string
		err  error
	}
	said := make(chan line, 1)
	go func() { // ends when somebody answers, or with the process: nothing ends a Read of a terminal
		text, err := r.answers.ReadString('\n')
		said <- line{text, err}
	}()
	select {
	case l := <-said:
		if l.err != nil && l.err != io.EOF {
			return false, fmt.Errorf("cannot read the answer: %w", l.err)
		}
		switch strings.ToLower(strings.TrimSpace(l.text)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// errReplaced is why a fetch is given up for another proposal of the same files.
var errReplaced = errors.New("the sender has come back")

// fetch fetches, until all is here, or the sender has come back another way.
func (r *receiving) fetch(ctx context.Context, p *files.Proposal, inbox *proposals) (files.Receipt, error) {
	r.from = nameOf(p.Peer())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer inbox.watch(ctx, r, cancel)()
	defer r.display.during(func() string { return progressText(r.in.Progress(), "from "+r.from) })()
	receipt, err := r.in.Fetch(ctx, p)
	if err != nil && context.Cause(ctx) == errReplaced {
		err = errReplaced
	}
	return receipt, err
}

// judge tells what becomes of a fetch that has ended: nil goes on.
func (r *receiving) judge(ctx context.Context, err error) error {
	said, ok := errors.AsType[*files.Error](err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == errReplaced:
		return nil
	case ok && said.Code == files.CodeCancelled && said.Remote:
		r.display.say("the sender has stopped; waiting for it to come back")
		return nil
	case ok:
		return errors.New(sayFiles(said))
	case lost(err):
		if !r.complete() {
			r.display.say("the connection is lost; waiting for the sender to come back")
		}
		return nil
	}
	return err
}

// report says what is here now.
func (r *receiving) report(receipt files.Receipt) {
	r.display.finish(progressText(r.in.Progress(), "from "+r.from))
	r.display.say("received %s, %s, of which %s came now; SHA-256 is right", contentsText(r.wanted), sizeText(receipt.Bytes), sizeText(receipt.Received))
	renamed := r.in.Renamed()
	names := make([]string, 0, len(renamed))
	for from := range renamed {
		names = append(names, from)
	}
	slices.Sort(names)
	for _, from := range names {
		r.display.say("%s is there already, and is another file: the new one was saved as %s", plain(from, 100), plain(renamed[from], 100))
	}
}

// sayFiles is an error of package files with what can be done about it.
func sayFiles(err error) string {
	e, ok := errors.AsType[*files.Error](err)
	if !ok {
		return sentence(err)
	}
	text := plain(e.Text, 400)
	if e.Path != "" {
		text = plain(e.Path, 200) + ": " + text
	}
	switch e.Code {
	case files.CodeExists:
		text += ": use --overwrite to replace it, or --rename to have both"
	case files.CodeNoRoom:
		text += ": free some, or name another disk with --to"
	case files.CodeChanged:
		text += ": it has to be sent again"
	case files.CodeWrongDigest:
		text += ": run it again, and only what differs is sent"
	}
	return text
}
