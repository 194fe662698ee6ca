package peer_test

import (
	"context"
	"fmt"

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
