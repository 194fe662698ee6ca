// Command gameserver is a game with an authority: it owns the state, and steps it 30 times a second; pages send what their players press,
// and get the state.
//
//	go run ./examples/gameserver http://127.0.0.1:8080/r/tea
//
// The README says which parts of it are of use in other games.
//
//	goroutine   owns                                           ends
//	main        the room; who comes                            with ctx, or when the session ends
//	game.run    the state of the game, all of it               with ctx
//	hear        what a player sends: one for each              when the player's channel ends
//	tell        what a player is sent: one for each            with hear
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

const usage = `Usage: gameserver [-seats N] URL

Runs a game for everybody in a room, until Ctrl-C. The room's URL is like
http://127.0.0.1:8080/r/tea, for which "beckon serve --dev" is enough. Players
open index.html, which is beside this program's source.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	seats := flag.Int("seats", 64, "at most `N` players at a time")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || *seats < 1 {
		fmt.Fprintln(os.Stderr, "gameserver: want one URL, and at least one seat; see gameserver -help")
		os.Exit(2)
	}
	if err := run(ctx, flag.Arg(0), *seats); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "gameserver:", err)
		os.Exit(1)
	}
}

// label is that of the channel that a page opens to play. It may lose packets and let them overtake each other; both sides number theirs.
const label = "play"

// full is why a channel is closed whose player finds no seat: a word for the page, which makes a sentence of it and asks again.
const full = "full"

// run lets as many as there are seats play until ctx or the session ends, and says why.
func run(ctx context.Context, url string, seats int) error {
	link, err := peer.ParseLink(url)
	if err != nil {
		return err
	}
	room, err := peer.Join(ctx, link.Server, link.Room, &peer.Config{
		Secret:     link.Secret,
		Topology:   protocol.TopologyNone,                               // players have nothing to say to each other: each connects to this program alone
		Attributes: map[string]any{"name": "game server", "game": true}, // so that pages know whom to open a channel to
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer room.Close() // ends all peers, so their channels end
	defer cancel()
	g := newGame(seats)
	running.Go(func() { g.run(ctx) })
	fmt.Printf("serving a game for %d in %s\n", seats, link.Room)
	for {
		p, err := room.Accept(ctx)
		if err != nil {
			return err
		}
		running.Go(func() { serve(ctx, p, g) })
	}
}

// serve lets a peer play, on one channel at a time: when the connection is replaced it opens another one.
func serve(ctx context.Context, p *peer.Peer, g *game) {
	for {
		ch, err := p.Accept(ctx)
		if err != nil {
			return
		}
		if ch.Label() == label {
			play(ctx, ch, g)
		}
		ch.Close()
	}
}

// play is one player, from the first packet to the last.
func play(ctx context.Context, ch *peer.Channel, g *game) {
	ctx, cancel := context.WithCancel(ctx)
	var telling sync.WaitGroup
	defer telling.Wait()
	defer cancel()
	s := &seat{snapshots: make(chan []byte, 1)}
	if !g.say(ctx, event{seat: s, kind: joined}) {
		return
	}
	defer g.say(context.WithoutCancel(ctx), event{seat: s, kind: left})
	telling.Go(func() { tell(ctx, ch, s) })
	for {
		data, _, err := ch.Recv(ctx)
		if err != nil {
			return
		}
		if in, ok := decodeInputs(data); ok {
			g.hear(event{seat: s, kind: pressed, inputs: in})
		}
	}
}

// tell sends a player the newest snapshot, as fast as the network takes them; or, if there are no more seats, that.
func tell(ctx context.Context, ch *peer.Channel, s *seat) {
	for {
		select {
		case <-ctx.Done():
			return
		case data, seated := <-s.snapshots:
			if !seated {
				_ = ch.CloseWithReason(full)
				return
			}
			if ch.Send(ctx, data) != nil {
				return
			}
		}
	}
}
