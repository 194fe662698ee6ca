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
	"fmt"
	"os"
	"os/signal"
	"sync"

	"github.com/beckon-rtc/beckon/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gameserver http://HOST:PORT/r/ROOM")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "gameserver:", err)
		os.Exit(1)
	}
}

// label is that of the channel that a page opens to play. It may lose packets and let them overtake each other; both sides number theirs.
const label = "play"

// run lets everybody in the room play until ctx or the session ends, and says why.
func run(ctx context.Context, url string) error {
	link, err := peer.ParseLink(url)
	if err != nil {
		return err
	}
	room, err := peer.Join(ctx, link.Server, link.Room, &peer.Config{
		Secret:     link.Secret,
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
	g := newGame()
	running.Go(func() { g.run(ctx) })
	fmt.Println("serving a game in", link.Room)
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

// tell sends a player the newest snapshot, as fast as the network takes them.
func tell(ctx context.Context, ch *peer.Channel, s *seat) {
	for {
		select {
		case <-ctx.Done():
			return
		case data := <-s.snapshots:
			if ch.Send(ctx, data) != nil {
				return
			}
		}
	}
}
