package main

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/beckon-rtc/beckon/cmd/beckon/lights"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// gameCmd is the flags of `beckon bot game`.
type gameCmd struct {
	Skill string `group:"run" enum:"easy,fair,keen" default:"fair" placeholder:"SKILL" help:"How well it plays: easy, fair or keen."`
	Name  string `group:"run" placeholder:"NAME" default:"lamplighter" help:"What the others see."`
	botFlags
}

// Help is what --help says before the flags.
func (gameCmd) Help() string {
	return `Example:

    beckon bot game ` + exampleRoom + `

It plays Harbour lights, the game of the demo's page, with everybody in the room who has pressed "Set sail" there. Several bots may play: give each a name.
It rests while nobody is there, and runs until Ctrl-C, or until the server ends the session.`
}

// Run plays until ctx ends. That the session ends otherwise is an error.
func (c *gameCmd) Run(ctx context.Context, p *process) error {
	return c.stay(ctx, p, c.Name, func(ctx context.Context, r *peer.Room, log zerolog.Logger) error {
		return play(ctx, r, lights.NewHelm(lights.Seed(r.Name()), lights.Number(r.ID()), lights.Skill(c.Skill)), log)
	})
}

// play plays with every peer until ctx or the room ends, and says why.
func play(ctx context.Context, r *peer.Room, helm *lights.Helm, log zerolog.Logger) error {
	// Whatever ends this function also ends what it has started.
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() {
		cancel()
		running.Wait()
		report := helm.Report()
		log.Info().Uint32("score", report.Score).Uint32("heard", report.Counts.Heard).Uint32("old", report.Counts.Old).
			Uint32("malformed", report.Counts.Malformed).Uint32("foreign", report.Counts.Foreign).Uint64("skipped", report.Skipped).Msg("the game is over")
	}()
	running.Go(func() { tellLimits(ctx, r, log) })
	running.Go(func() { _ = helm.Run(ctx) }) // ends with ctx alone
	for {
		p, err := r.Accept(ctx)
		if err != nil {
			return err
		}
		helm.Be(lights.Number(r.ID())) // which is another one when the server has forgotten this peer; then all others are new, too
		running.Go(func() { hearPeer(ctx, p, helm, log) })
		running.Go(func() { tellPeer(ctx, p, helm, log) })
	}
}

// staleAfter is how long a packet may wait to be sent: three ticks.
const staleAfter = 100 * time.Millisecond

// tellPeer says to a peer where the boat is, until the peer is gone or wants to hear no more. A channel ends with its connection, and what
// is said on it is never late: so it is opened again instead of being durable.
func tellPeer(ctx context.Context, p *peer.Peer, helm *lights.Helm, log zerolog.Logger) {
	for {
		ch, err := p.Open(ctx, lights.Label, &peer.ChannelOptions{Unordered: true, MaxRetransmits: new(uint16), MaxQueueAge: staleAfter})
		if err != nil {
			return
		}
		err = helm.Tell(ctx, ch)
		_ = ch.Close()
		log.Debug().Str("peer", p.ID()).Err(err).Msg("nothing more is told")
		if peer.Code(err) != protocol.CodeConnectionLost {
			return
		}
	}
}

// hearPeer hears where a peer is, until it is gone. Channels of other labels are closed: nobody reads them here.
func hearPeer(ctx context.Context, p *peer.Peer, helm *lights.Helm, log zerolog.Logger) {
	var channels sync.WaitGroup
	defer channels.Wait()
	for {
		ch, err := p.Accept(ctx)
		if err != nil {
			return
		}
		if ch.Label() != lights.Label {
			_ = ch.Close()
			continue
		}
		channels.Go(func() {
			err := helm.Listen(ctx, lights.Number(p.ID()), ch)
			log.Debug().Str("peer", p.ID()).Err(err).Msg("nothing more is heard")
			_ = ch.Close()
		})
	}
}
