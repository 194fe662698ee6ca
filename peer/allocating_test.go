package peer

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// silence is a server on loopback that hears everything and says nothing by itself.
func silence(t *testing.T) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Pion's client waits for an allocation until the connection's end, and no longer.
func TestAllocatingIsGivenUp(t *testing.T) {
	t.Parallel()
	server := silence(t)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a := newAllocating(ctx, conn)
	defer a.Close()
	client, err := turn.NewClient(&turn.ClientConfig{TURNServerAddr: server.LocalAddr().String(), Conn: a, Username: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	allocated := make(chan error, 1)
	go func() {
		_, err := client.Allocate()
		allocated <- err
	}()
	if _, _, err := server.ReadFrom(make([]byte, 1500)); err != nil {
		t.Fatal(err)
	}
	cancel()
	// Otherwise it is that no answer came.
	if err := <-allocated; !errors.Is(err, stun.ErrAttributeNotFound) {
		t.Errorf("the allocation ended with %v, want that of an answer without a nonce", err)
	}
	if _, err := client.Allocate(); !errors.Is(err, context.Canceled) {
		t.Errorf("another allocation ended with %v, want that of the connection", err)
	}
}

// The end of the connection changes nothing where an answer has come, and is no answer to what is no request for an allocation.
func TestAllocatingLeavesWhatIsThere(t *testing.T) {
	t.Parallel()
	allocate, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest))
	if err != nil {
		t.Fatal(err)
	}
	refresh, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest))
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string][]byte{"answered": allocate.Raw, "another": refresh.Raw} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := silence(t)
			ctx, cancel := context.WithCancel(t.Context())
			a := newAllocating(ctx, silence(t))
			defer a.Close()
			buf := make([]byte, 1500)
			next := func(want string) {
				t.Helper()
				n, from, err := a.ReadFrom(buf)
				if err != nil || string(buf[:n]) != want || from.String() != server.LocalAddr().String() {
					t.Errorf("read %q from %v, %v; want %q", buf[:n], from, err, want)
				}
			}
			if _, err := a.WriteTo(request, server.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			_, client, err := server.ReadFrom(buf)
			if err != nil {
				t.Fatal(err)
			}
			if name == "answered" {
				server.WriteTo([]byte("answer"), client)
				next("answer")
			}
			cancel()
			a.giveUp() // which is also called by the context, at some time
			server.WriteTo([]byte("later"), client)
			next("later")
			if _, err := a.WriteTo([]byte("goodbye"), server.LocalAddr()); err != nil {
				t.Errorf("no goodbye: %v", err)
			}
		})
	}
}
