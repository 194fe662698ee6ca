//go:build unix

package e2e

import (
	"context"
	"errors"
	"time"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// What a Go side does on its channels, and how it says what they are; see task.

// swap sends all messages of this side and takes as many, at the same time.
func (g *goSide) swap(ctx context.Context, ch *peer.Channel, how string) error {
	mine := messages(g.Name, ch.Label())
	return parallel(ctx, []func(context.Context) error{
		func(ctx context.Context) error {
			for _, m := range mine {
				var err error
				if m.text {
					err = ch.SendText(ctx, string(m.data))
				} else {
					err = ch.Send(ctx, m.data)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
		func(ctx context.Context) error {
			for range mine {
				if err := g.take(ctx, ch, how); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// knock sends a message on a channel that may lose it until one comes back.
func (g *goSide) knock(ctx context.Context, ch *peer.Channel) error {
	for {
		if err := ch.Send(ctx, binaryOf(g.Name+"/"+ch.Label(), 1000)); err != nil {
			return err
		}
		try, cancel := context.WithTimeout(ctx, 250*time.Millisecond)
		err := g.take(try, ch, "opened/")
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
}

// answer is the other side of knock: it answers every message until the channel is closed.
func (g *goSide) answer(ctx context.Context, ch *peer.Channel) error {
	first := true
	for {
		data, text, err := ch.Recv(ctx)
		if peer.Code(err) == protocol.CodeClosed {
			g.note(func() { g.result.Closed++ })
			return nil
		}
		if err != nil {
			return err
		}
		if first {
			g.received("accepted/"+ch.Label(), summarize(data, text))
			first = false
		}
		if err := ch.Send(ctx, binaryOf(g.Name+"/"+ch.Label(), 1000)); err != nil {
			return err
		}
	}
}

// take receives a message and tells what it was.
func (g *goSide) take(ctx context.Context, ch *peer.Channel, how string) error {
	data, text, err := ch.Recv(ctx)
	if err == nil {
		g.received(how+ch.Label(), summarize(data, text))
	}
	return err
}

// goOptions are the options in the words of package peer.
func (c channel) goOptions() *peer.ChannelOptions {
	o := &peer.ChannelOptions{Unordered: !c.Ordered, MaxRetransmits: c.MaxRetransmits, Protocol: c.Protocol}
	if c.MaxPacketLifeTime != nil {
		life := time.Duration(*c.MaxPacketLifeTime) * time.Millisecond
		o.MaxPacketLifeTime = &life
	}
	return o
}

// channelOf is the other way round.
func channelOf(ch *peer.Channel) channel {
	o := ch.Options()
	c := channel{Label: ch.Label(), Ordered: !o.Unordered, MaxRetransmits: o.MaxRetransmits, Protocol: o.Protocol}
	if o.MaxPacketLifeTime != nil {
		ms := uint16(o.MaxPacketLifeTime.Milliseconds())
		c.MaxPacketLifeTime = &ms
	}
	return c
}
