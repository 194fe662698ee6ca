package turnserver_test

import (
	"context"
	"fmt"
	"time"

	"github.com/beckon-rtc/beckon/turnserver"
)

// A relay for peers who all use it: no range of ports is open, and nothing but other relays of it can be reached.
func Example() {
	ctx := context.Background()
	secret := []byte("32 random bytes, from a file")
	server, err := turnserver.Listen(ctx, turnserver.Config{UDP: []string{"203.0.113.9:3478"}, TCP: []string{"203.0.113.9:3478"}, Secret: secret})
	if err != nil {
		fmt.Println(err) // of a *ConfigError, with a hint
		return
	}
	defer server.Close()

	// What a browser's RTCPeerConnection wants to know:
	username, password := turnserver.Credentials(secret, "ada", time.Now(), 10*time.Minute)
	fmt.Println(server.URLs("turn.example.org"), username, password)

	<-ctx.Done()
	ending, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server.Shutdown(ending) // relays in use live on until then
}
