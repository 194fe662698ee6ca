package identity_test

import (
	"context"
	"fmt"

	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/peer/identity"
)

// A program that keeps its key, and connects to whom it knew before, as SSH does.
func ExampleFirstUse() {
	key, err := identity.OpenKeyFile("state/key.pem") // is made if it is not there
	if err != nil {
		fmt.Println(err)
		return
	}
	known, err := identity.OpenStore("state/known.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	room, err := peer.Join(context.Background(), "https://example.org", "tea", &peer.Config{Identity: key, Trust: identity.FirstUse(known)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer room.Close()
}

// A program that connects to one other, whose key it was told.
func ExamplePinned() {
	theirs, err := identity.ParsePublicKey("PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw")
	if err != nil {
		fmt.Println(err)
		return
	}
	config := peer.Config{Trust: identity.Pinned(theirs)} // and a key of its own, for as long as the room lasts
	_, err = peer.Join(context.Background(), "https://example.org", "tea", &config)
	fmt.Println(err)
}
