// Command echo joins a room and sends every message back on the channel that it came from:
//
//	go run ./examples/echo http://127.0.0.1:8080/r/tea
//
// It ends with Ctrl-C. `beckon bot echo` is this with flags, a log and sentences for people.
//
//	goroutine   owns                                                    ends
//	main        the room                                                with ctx, or when the server ends the session
//	talk        a peer's channels: one goroutine for each peer          when the peer is gone
//	echo        what is under way on one channel: one for each channel  when the channel is closed
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
		fmt.Fprintln(os.Stderr, "usage: echo http://HOST:PORT/r/ROOM")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run answers every peer of the room until ctx or the session ends, and says why.
func run(ctx context.Context, url string) error {
	link, err := peer.ParseLink(url)
	if err != nil {
		return err
	}
	room, err := peer.Join(ctx, link.Server, link.Room, &peer.Config{Secret: link.Secret, Attributes: map[string]string{"name": "echo"}})
	if err != nil {
		return err
	}
	var talks sync.WaitGroup
	defer talks.Wait()
	defer room.Close() // ends all peers, so the talks end
	fmt.Println("joined", link.Room)
	for {
		p, err := room.Accept(ctx)
		if err != nil {
			return err
		}
		talks.Go(func() { talk(ctx, p) })
	}
}

// talk answers on every channel that the peer opens.
func talk(ctx context.Context, p *peer.Peer) {
	var echoes sync.WaitGroup
	defer echoes.Wait()
	for {
		ch, err := p.Accept(ctx)
		if err != nil {
			return
		}
		echoes.Go(func() { echo(ctx, ch) })
	}
}

// echo sends back what comes, text as text and bytes as bytes. That Send waits for a slow reader is all the flow control it takes.
func echo(ctx context.Context, ch *peer.Channel) {
	defer ch.Close()
	for {
		data, isText, err := ch.Recv(ctx)
		if err != nil {
			return
		}
		if isText {
			err = ch.SendText(ctx, string(data))
		} else {
			err = ch.Send(ctx, data)
		}
		if err != nil {
			return
		}
	}
}
