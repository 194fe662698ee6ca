package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/beckon-rtc/beckon/files"
	"github.com/beckon-rtc/beckon/peer"
)

// sendCmd is the flags of `beckon send`.
type sendCmd struct {
	Files []string `arg:"" name:"file" help:"Files and folders. Symbolic links below a folder are left out, and named."`
	Link  string   `group:"run" placeholder:"LINK" defaults:"a fresh one" help:"Offer them at this link, that of last time perhaps: what has arrived is not sent again."`
	Limit byteRate `group:"run" placeholder:"RATE" defaults:"none" help:"Send so much a second at most, to all receivers together: a number and kB or MB, like 2MB."`
	Keep  bool     `group:"run" help:"Wait for further receivers when the first one has everything, until Ctrl-C."`
	serverFlags
	partyFlags
}

// Help is what --help says before the flags.
func (sendCmd) Help() string {
	return `Examples:

    beckon send photo.jpg notes/
    beckon send --server https://beckon.example.org film.mkv

It prints a link, alone on stdout, and waits. Who has the link opens it in a browser, or gets the files with "beckon receive LINK"; nobody
else can, the server included. They go from machine to machine, encrypted, several receivers at a time, and are checked by SHA-256. Whoever
is interrupted goes on where it was: "beckon receive LINK" again, or "beckon send --link LINK FILE…". It ends when one receiver has everything.`
}

// Run offers the files until somebody has them, or ctx ends.
func (c *sendCmd) Run(ctx context.Context, p *process) error {
	d := newDisplay(p.stderr, c.Quiet)
	link, err := c.link()
	if err != nil {
		return err
	}
	bundle, err := files.Collect(c.Files...)
	if err != nil {
		return fmt.Errorf("nothing was offered, for not everything can be sent:\n%w", err)
	}
	bundle.Limit = int64(c.Limit)
	sender, err := files.NewSender(bundle)
	if err != nil {
		return err
	}
	for _, path := range bundle.Skipped {
		d.say("left out: %s is neither a file nor a folder", plain(path, 300))
	}
	room, err := c.meetAt(ctx, d, link, "send")
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, link)
	c.show(d, link)
	offered := sender.Offered()
	d.say("%s, %s: on offer to whoever opens the link, or runs\n\n    beckon receive %s\n", contentsText(&offered), sizeText(offered.Size), shellQuoted(link.String()))
	s := &sending{display: d, sender: sender, keep: c.Keep}
	err = s.run(ctx, room.Room)
	leaveErr := room.leave()
	switch {
	case err == nil:
		return leaveErr
	case ctx.Err() != nil:
		if s.complete > 0 {
			return nil
		}
		again := "beckon send --link " + shellQuoted(link.String())
		for _, f := range c.Files {
			again += " " + shellQuoted(f)
		}
		return fmt.Errorf("interrupted; to go on with the same link:\n\n    %s", again)
	}
	return err
}

// link is the one to offer at.
func (c *sendCmd) link() (peer.Link, error) {
	if c.Link == "" {
		return c.newLink()
	}
	return c.givenLink(c.Link)
}

// sending is the run of a sender in a room.
type sending struct {
	display *display
	sender  *files.Sender
	keep    bool

	complete int // receivers that have everything

	mu   sync.Mutex
	open []*files.Delivery
}

// delivered is how an offer to a peer ended.
type delivered struct {
	delivery *files.Delivery
	receipt  files.Receipt
	err      error
}

// run offers to everybody who comes, until one has everything or, with keep, until ctx ends.
func (s *sending) run(ctx context.Context, room *peer.Room) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { s.answer(ctx, room, &all) })
	ends, gone := make(chan delivered), make(chan error, 1)
	all.Go(func() {
		for {
			p, err := room.Accept(ctx)
			if err != nil {
				gone <- err
				return
			}
			all.Go(func() { s.deliver(ctx, p, ends) })
		}
	})
	defer s.display.during(s.line)()
	for {
		select {
		case end := <-ends:
			if done, err := s.judge(end); done || err != nil {
				return err
			}
		case err := <-gone:
			return fmt.Errorf("the room has ended: %s", sentence(err))
		}
	}
}

// answer answers what receivers ask.
func (s *sending) answer(ctx context.Context, room *peer.Room, all *sync.WaitGroup) {
	for {
		r, err := room.AcceptRequest(ctx)
		if err != nil {
			return
		}
		all.Go(func() {
			if !s.sender.Answer(ctx, r) {
				_ = r.Fail(ctx, "no-such-request", "this program sends files") // who does not hear it has gone
			}
		})
	}
}

func (s *sending) deliver(ctx context.Context, p *peer.Peer, ends chan<- delivered) {
	d := s.sender.To(p)
	s.mu.Lock()
	s.open = append(s.open, d)
	s.mu.Unlock()
	receipt, err := d.Offer(ctx)
	s.mu.Lock()
	for i, o := range s.open {
		if o == d {
			s.open = append(s.open[:i], s.open[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	select {
	case ends <- delivered{d, receipt, err}:
	case <-ctx.Done():
	}
}

// judge says how an offer ended, and whether that is the end of all.
func (s *sending) judge(end delivered) (done bool, err error) {
	who, progress := nameOf(end.delivery.Peer()), end.delivery.Progress()
	if end.err == nil {
		s.complete++
		s.display.finish(progressText(progress, "to "+who))
		s.display.say("%s has everything: %s, %s, of which %s were sent now", who, filesText(end.receipt.Files), sizeText(end.receipt.Bytes), sizeText(progress.Moved))
		return !s.keep, nil
	}
	said, ok := errors.AsType[*files.Error](end.err)
	switch {
	case !ok:
		if progress.Moved > 0 {
			s.display.say("%s is gone, with %s of %s; it goes on when it comes back", who, sizeText(progress.Done), sizeText(progress.Size))
		}
	case said.Code == files.CodeDeclined:
		s.display.say("%s does not want it", who)
	case said.Code == files.CodeCancelled:
		s.display.say("%s has given up", who)
	case said.Code == files.CodeChanged, said.Code == files.CodeUnreadable:
		err := fmt.Errorf("what was offered cannot be sent any more: %s", plain(said.Text, 300))
		if !s.keep {
			return true, err
		}
		s.display.say("%s", err)
	default:
		s.display.say("%s could not receive it: %s (%s)", who, plain(said.Text, 300), plain(string(said.Code), 40))
	}
	return false, nil
}

// line is how far it is: that of the only receiver, or all together.
func (s *sending) line() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum files.Progress
	var moving []*files.Delivery
	for _, d := range s.open {
		if p := d.Progress(); p.Done > 0 {
			moving = append(moving, d)
			sum.Files, sum.FilesDone = sum.Files+p.Files, sum.FilesDone+p.FilesDone
			sum.Size, sum.Done, sum.Rate = sum.Size+p.Size, sum.Done+p.Done, sum.Rate+p.Rate
		}
	}
	switch len(moving) {
	case 0:
		return ""
	case 1:
		return progressText(sum, "to "+nameOf(moving[0].Peer()))
	}
	return progressText(sum, fmt.Sprintf("to %d receivers", len(moving)))
}
