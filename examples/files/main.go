// Command files serves a tree of files to the peers of a room, and fetches from one that does:
//
//	go run ./examples/files serve http://127.0.0.1:8080/r/tea ~/Music
//	go run ./examples/files get http://127.0.0.1:8080/r/tea /song.mp3 > song.mp3
//
// It is net/http over channels: the server has a net.Listener of the room's, and the client a net.Conn of the peer's. Pages have no such
// thing; index.html asks by requests, which the same http.Handler answers.
//
//	goroutine      owns                                    ends
//	main           the room; taking requests               with ctx, or when the session ends
//	server.Serve   the connections, one goroutine for each when the room is closed
//	answer         one request: it, and the handler        when it is answered, or nobody waits for it
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/beckon-rtc/beckon/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "files:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 3 || args[0] != "serve" && args[0] != "get" {
		return fmt.Errorf("usage: files serve http://HOST:PORT/r/ROOM FOLDER, or files get http://HOST:PORT/r/ROOM /PATH")
	}
	link, err := peer.ParseLink(args[1])
	if err != nil {
		return err
	}
	if args[0] == "get" {
		return get(ctx, link, args[2])
	}
	return serve(ctx, link, args[2])
}

// label is that of the channels that are connections of http.
const label = "http"

// about is what a member of the room says of itself, so that others know whom to ask.
type about struct {
	Files bool `json:"files"`
}
