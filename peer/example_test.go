package peer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// A bot that answers the first message of the first peer.
func Example() {
	ctx := context.Background()
	room, err := peer.Join(ctx, "http://localhost:8080", "tea", nil)
	if err != nil {
		fmt.Println(err) // says what to do about it
		return
	}
	defer room.Close()
	p, _ := room.Accept(ctx)   // the next peer that is connected
	ch, _ := p.Accept(ctx)     // the next channel that it opens
	data, _, _ := ch.Recv(ctx) // waits for a message
	err = ch.SendText(ctx, "you said "+string(data))
	fmt.Println(err)
}

// A request has a deadline, which the other side knows, and an error that the other side chose.
func ExamplePeer_Request() {
	var p *peer.Peer // of Room.Accept
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	response, err := p.Request(ctx, "resize", strings.NewReader("a large picture"))
	if refused, ok := errors.AsType[*peer.RequestError](err); ok {
		fmt.Println(refused.Code, refused.Message)
	}
	if err != nil {
		return
	}
	defer response.Body.Close()
	io.Copy(os.Stdout, response.Body) // io.EOF is the end of the whole answer; one that breaks off is an error
}

// Requests of all peers of a room, each answered in a goroutine of its own.
func ExampleRoom_AcceptRequest() {
	var room *peer.Room // of Join
	ctx := context.Background()
	for {
		r, err := room.AcceptRequest(ctx)
		if err != nil {
			return // the room has ended
		}
		go func() {
			if r.Name() != "resize" {
				r.Fail(ctx, "not-found", "there is only resize")
				return
			}
			// r reads what was sent. r.Context ends when nobody waits for the answer any more.
			if err := r.Respond(ctx, io.LimitReader(r, 1<<20)); err != nil {
				fmt.Println(err)
			}
		}()
	}
}

// An http server for the peers of a room.
func ExampleRoom_Listen() {
	var room *peer.Room // of Join
	listener, err := room.Listen("http")
	if err != nil {
		fmt.Println(err)
		return
	}
	http.Serve(listener, http.FileServer(http.Dir("public"))) // until the listener is closed, or the room
}

// An http client of a peer.
func ExamplePeer_Dial() {
	var p *peer.Peer // of Room.Accept
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Dial(ctx, "http") },
	}}
	resp, err := client.Get("http://peer/index.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	io.Copy(os.Stdout, resp.Body)
}
