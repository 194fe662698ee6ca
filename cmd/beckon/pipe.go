package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// pipeCmd is the flags of `beckon pipe`.
type pipeCmd struct {
	Link string `arg:"" optional:"" name:"link" help:"The link that the other side has printed, in quotes. Without one it makes one, and waits."`
	serverFlags
	partyFlags
}

// Help is what --help says before the flags.
func (pipeCmd) Help() string {
	return `Examples:

    tar c notes | beckon pipe            # prints a link on stderr
    beckon pipe LINK | tar x             # on the other machine

What comes from stdin here goes to stdout there, in both directions at once, any bytes, encrypted from machine to machine. The end of stdin is
the end of stdout there; it ends when both directions have, or, when stdin is a terminal, with the other side. A connection that is lost is
replaced, and no byte is lost or comes twice.`
}

// pipeLabel is that of the channel.
const pipeLabel = "beckon.pipe.v1"

// pipeBroken is the reason with which a side closes that has not got all, or not written it.
const pipeBroken = "the pipe has broken"

// pipePiece is how much is read at once, in bytes.
const pipePiece = 64 << 10

// Run connects the two standard streams with those of another.
func (c *pipeCmd) Run(ctx context.Context, p *process) error {
	d := newDisplay(p.stderr, c.Quiet)
	link, err := c.link()
	if err != nil {
		return err
	}
	room, err := c.meetAt(ctx, d, link, "pipe")
	if err != nil {
		return err
	}
	if c.Link == "" {
		d.print(link.String() + "\n") // also when quiet: nobody could come without it
		c.show(d, link)
		d.say("waiting for the other side to run\n\n    beckon pipe %s\n", shellQuoted(link.String()))
	}
	err = c.run(ctx, room, d, p)
	leaveErr := room.leave()
	switch {
	case ctx.Err() != nil && err != nil:
		return errors.New("interrupted; both sides have to begin again")
	case err != nil:
		return err
	}
	return leaveErr
}

// link is the one that the other side has made, or a fresh one.
func (c *pipeCmd) link() (peer.Link, error) {
	if c.Link == "" {
		return c.newLink()
	}
	return c.givenLink(c.Link)
}

func (c *pipeCmd) run(ctx context.Context, room *party, d *display, p *process) error {
	p1, ch, err := c.find(ctx, room)
	if err != nil {
		return fmt.Errorf("there is no other side: %s", sentence(err))
	}
	d.say("connected to %s", nameOf(p1))
	if c.Link == "" {
		refusing, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			refuse(refusing, room.Room)
		}()
		defer func() {
			cancel()
			<-done
		}()
	}
	return couple(ctx, ch, p.stdin, p.stdout, isInputTerminal(p.stdin))
}

// find is connect, that gives up when whom it was to find has another link.
func (c *pipeCmd) find(ctx context.Context, room *party) (*peer.Peer, *peer.Channel, error) {
	if c.Link == "" { // this link is the right one
		return c.connect(ctx, room.Room)
	}
	finding, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case err := <-room.strangers:
			cancel(err)
		case <-finding.Done():
		}
	}()
	p, ch, err := c.connect(finding, room.Room)
	if cause := context.Cause(finding); err != nil && cause != nil && ctx.Err() == nil {
		err = cause
	}
	cancel(nil)
	<-ended
	return p, ch, err
}

// connect finds the other side: whoever has the link opens the channel, and who has made it takes the first that is opened.
func (c *pipeCmd) connect(ctx context.Context, room *peer.Room) (*peer.Peer, *peer.Channel, error) {
	for {
		p, err := room.Accept(ctx)
		if err != nil {
			return nil, nil, err
		}
		var ch *peer.Channel
		if c.Link == "" {
			ch, err = p.Accept(ctx)
		} else {
			ch, err = p.Open(ctx, pipeLabel, &peer.ChannelOptions{Durable: true})
		}
		if err != nil && ctx.Err() == nil && lost(err) {
			continue // that one has gone
		}
		if err == nil && ch.Label() != pipeLabel {
			_ = ch.CloseWithReason("this program pipes")
			continue
		}
		return p, ch, err
	}
}

// refuse tells further peers that there is another one, until ctx ends.
func refuse(ctx context.Context, room *peer.Room) {
	for {
		p, err := room.Accept(ctx)
		if err != nil {
			return
		}
		if ch, err := p.Accept(ctx); err == nil {
			_ = ch.CloseWithReason("another one is connected already")
		}
	}
}

// couple copies in both directions, and returns when both have ended.
func couple(ctx context.Context, ch *peer.Channel, in io.Reader, out io.Writer, terminal bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &saying{ch: ch, in: in, all: make(chan struct{}), done: make(chan error, 1)}
	go func() { s.done <- s.copy(ctx) }() // ends with in, or with the process: nothing ends a Read of a terminal
	heard := make(chan error, 1)
	go func() { heard <- copyOut(ctx, ch, out) }()
	var err error
	select {
	case err = <-heard:
		switch {
		case err != nil:
		case terminal:
			_ = ch.CloseWrite(ctx) // so that the other side has a whole; if it cannot be said any more, Flush tells why
		default:
			err = s.wait(ctx)
		}
	case err = <-s.done:
		if err == nil {
			err = <-heard
		} else {
			cancel(err)
			<-heard
		}
	}
	if err == nil {
		err = ch.Flush(ctx) // the other side has all of it, the end included
	}
	if err == nil {
		err = brokenThere(ch)
	}
	if err != nil {
		_ = ch.CloseWithReason(pipeBroken)
		return fmt.Errorf("the pipe has broken: %s", sentence(err))
	}
	return ch.Close()
}

// brokenThere is the other side's failure: it has closed the channel because of one. That it has closed it in order says that it has all.
func brokenThere(ch *peer.Channel) error {
	if ch.Context().Err() == nil {
		return nil
	}
	if cause := context.Cause(ch.Context()); peer.Code(cause) != protocol.CodeClosed || sentence(cause) == pipeBroken {
		return cause
	}
	return nil
}

// saying is the direction from here.
type saying struct {
	ch   *peer.Channel
	in   io.Reader
	all  chan struct{} // closed when in has ended, before the other side is told
	done chan error    // holds how it has ended
}

func (s *saying) copy(ctx context.Context) error {
	piece := make([]byte, pipePiece)
	for {
		n, err := s.in.Read(piece)
		if n > 0 {
			if err := s.ch.Send(ctx, piece[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			close(s.all)
			return s.ch.CloseWrite(ctx)
		}
		if err != nil {
			return fmt.Errorf("stdin: %w", err)
		}
	}
}

// wait returns how it ends: by itself, or with the channel, though stdin goes on. The other side may close the channel as soon as it has been told
// that this was all, which is before copy has returned.
func (s *saying) wait(ctx context.Context) error {
	select {
	case err := <-s.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ch.Context().Done():
	}
	select {
	case <-s.all:
		return <-s.done
	default:
		return context.Cause(s.ch.Context())
	}
}

func copyOut(ctx context.Context, ch *peer.Channel, out io.Writer) error {
	for {
		b, _, err := ch.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("stdout: %w", err)
		}
	}
}

func isInputTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
