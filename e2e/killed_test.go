//go:build unix

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// killable is a `beckon serve --dev` that can be killed, as by a crash or the system, and started again: on the same ports and
// with the same secrets.
type killable struct {
	// Base is its origin, http://IP:PORT, and Name that of a room of it.
	Base, Name string
	// Relay is the address of its TURN server, IP:PORT.
	Relay string

	path    string
	args    []string
	current *server
}

// relaySecret is what the credentials of a killable's relay are made with.
const relaySecret = "and this one as well"

// serveKillable starts it on ip. When the test ends it is killed.
func serveKillable(t testing.TB, ip string, args ...string) *killable {
	t.Helper()
	relay := quietAddress(t, ip)
	k := &killable{Relay: relay, path: beckon(t), args: append([]string{
		"serve", "--dev", "--listen", quietAddress(t, ip), "--turn-listen", relay,
		"--secret", "known to all its lives", "--turn-secret", relaySecret,
	}, args...)}
	if err := k.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.Base, k.Name = k.current.Base, k.current.Name
	t.Cleanup(func() {
		k.kill()
		if t.Failed() {
			t.Logf("beckon's last stderr ends with:\n%s", k.current.process.Stderr())
		}
	})
	return k
}

// kill ends it without a word to anybody, and returns when it is gone.
func (k *killable) kill() { k.current.process.Close() }

// start starts it again, and returns when it listens.
func (k *killable) start(ctx context.Context) (err error) {
	k.current, err = launch(context.WithoutCancel(ctx), k.path, k.args...)
	return err
}

// quietAddress returns ip with a port that is free for TCP and UDP and below those that systems give to connections that go out:
// while the server is down, one of its clients could get the port, and even be connected with itself.
func quietAddress(t testing.TB, ip string) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort(ip, fmt.Sprint(20_000+rand.IntN(12_000)))
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		udp, err := net.ListenPacket("udp", address)
		tcp.Close()
		if err == nil {
			udp.Close()
			return address
		}
	}
	t.Fatalf("found no port on %s that is free", ip)
	return ""
}
