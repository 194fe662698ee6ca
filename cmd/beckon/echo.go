package main

import (
	"context"
	"sync"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/peer"
)

// echoCmd is the flags of `beckon bot echo`.
type echoCmd struct {
	Name string `group:"run" placeholder:"NAME" default:"echo bot" help:"What the others see."`
	botFlags
}

// Help is what --help says before the flags.
func (echoCmd) Help() string {
	return `Example:

    beckon bot echo ` + exampleRoom + `

It runs until Ctrl-C, or until the server ends the session.`
}

// Run echoes until ctx ends. That the session ends otherwise is an error.
func (c *echoCmd) Run(ctx context.Context, p *process) error { return c.stay(ctx, p, c.Name, echo) }

// echo answers every peer until ctx or the room ends, and says why.
func echo(ctx context.Context, r *peer.Room, log zerolog.Logger) error {
	// Whatever ends this function also ends what it has started.
	ctx, cancel := context.WithCancel(ctx)
	var peers sync.WaitGroup
	defer peers.Wait()
	defer cancel()
	peers.Go(func() { tellLimits(ctx, r, log) })
	for {
		p, err := r.Accept(ctx)
		if err != nil {
			return err
		}
		peers.Go(func() { echoPeer(ctx, p, log) })
	}
}

// events are those of a peer.Room.
type events interface {
	Recv(ctx context.Context) (peer.Event, error)
}

var _ events = (*peer.Room)(nil)

// tellLimits puts into the log which limit of the server's relay this program has met, until ctx or the room ends: what is slow then, or
// does not come, is not the bot's fault. No other event is of use to a program that answers whoever comes: of peers that are not verified,
// package peer tells the log itself.
func tellLimits(ctx context.Context, room events, log zerolog.Logger) {
	for {
		e, err := room.Recv(ctx)
		if err != nil {
			return
		}
		if e.Kind == peer.EventLimit {
			log.Warn().Err(e.Err).Msg("the relay has reached a limit")
		}
	}
}

// echoPeer answers every channel of a peer until that is gone.
func echoPeer(ctx context.Context, p *peer.Peer, log zerolog.Logger) {
	var channels sync.WaitGroup
	defer channels.Wait()
	for {
		ch, err := p.Accept(ctx)
		if err != nil {
			return
		}
		channels.Go(func() {
			// How a channel ends is the other side's choice.
			err := echoChannel(ctx, ch)
			log.Debug().Str("peer", p.ID()).Str("channel", ch.Label()).Err(err).Msg("channel ended")
			_ = ch.Close()
		})
	}
}

// echoChannel sends back every message, text as text and bytes as bytes. One that the other side does not read stops the
// reading of the next, so nothing piles up here.
func echoChannel(ctx context.Context, ch *peer.Channel) error {
	for {
		message, isText, err := ch.Recv(ctx)
		if err != nil {
			return err
		}
		if isText {
			err = ch.SendText(ctx, string(message))
		} else {
			err = ch.Send(ctx, message)
		}
		if err != nil {
			return err
		}
	}
}
