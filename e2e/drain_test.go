//go:build unix

package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/peer"
)

// TestRelayDrains: told to end, the server says so to whoever sends clients to it, opens no relay any more, and relays what it relays
// until its grace ends, for clients that would stay for ever.
func TestRelayDrains(t *testing.T) {
	t.Parallel()
	for _, mode := range relayModes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := serve(t, "127.0.0.1", append(mode.flags(), "--grace", "2s", "--admin", "127.0.0.1:0")...)
			admin := b.admin(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			t.Cleanup(cancel)
			ask, answer := relayedPair(t, ctx, b)
			late := b.relay(t, "", "udp") // whose credentials are good for another relay
			for _, path := range []string{"/healthz", "/readyz"} {
				if status, text := get(t, admin+path); status != http.StatusOK {
					t.Errorf("%s: %d %s", path, status, text)
				}
			}
			if err := b.process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			said := false // that it is not ready
			echoes := 0   // since then
			gone := false // nobody says anything any more
			for ; ; echoes++ {
				if err := thereAndBack(ctx, ask, answer); err != nil {
					break
				}
				if gone {
					t.Error("the operator's listener has gone before the relay")
				}
				status, text, ok := ready(admin)
				switch {
				case !ok:
					gone = true
				case status == http.StatusServiceUnavailable && strings.Contains(text, "draining"):
					if !said {
						said, echoes = true, 0
						if _, err := late.client(t).Allocate(); !says(err, "486") && !says(err, "508") {
							t.Errorf("another relay while the server drains: %v", err)
						}
						if status, text := get(t, admin+"/healthz"); status != http.StatusOK {
							t.Errorf("/healthz while it drains: %d %s", status, text)
						}
						if m := b.scrape(t); m[`beckon_relay_allocations_refused_total{reason="draining"}`] < 1 || m.sum("beckon_relay_allocations") < 3 {
							t.Errorf("while it drains:\n%s", m)
						}
					}
				case said || status != http.StatusOK:
					t.Errorf("/readyz: %d %s", status, text)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if !said || echoes < 10 {
				t.Errorf("said that it is not ready: %v; relayed then %d times and back", said, echoes)
			}
			if err := b.process.Err(); err != nil {
				t.Errorf("ended by %v", err)
			}
			if log := b.process.Stderr(); !strings.Contains(log, "in use cut off: the grace is over") {
				t.Errorf("the relay was not open until the grace ended:\n%s", log)
			}
		})
	}
}

// relayedPair connects two programs over relays, and returns a channel's ends.
func relayedPair(t *testing.T, ctx context.Context, b *server) (one, other *peer.Channel) {
	t.Helper()
	var rooms [2]*peer.Room
	for i := range rooms {
		room, err := peer.Join(ctx, b.Base, b.Name, &peer.Config{ICETransportPolicy: peer.ICETransportRelay, CloseTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { room.Close() })
		rooms[i] = room
	}
	err := parallel(ctx, []func(context.Context) error{
		func(ctx context.Context) error {
			p, err := rooms[0].Accept(ctx)
			if err == nil {
				one, err = p.Open(ctx, "talk", nil)
			}
			return err
		},
		func(ctx context.Context) error {
			p, err := rooms[1].Accept(ctx)
			if err != nil {
				return err
			}
			if other, err = p.Accept(ctx); err != nil {
				return err
			}
			path, err := p.Path(ctx)
			if err == nil && !path.Relayed {
				err = errors.New("they are connected directly")
			}
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return one, other
}

// thereAndBack sends a message there and back, which does not take long while there is a way.
func thereAndBack(ctx context.Context, ask, answer *peer.Channel) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := ask.SendText(ctx, "hello"); err != nil {
		return err
	}
	said, _, err := answer.Recv(ctx)
	if err != nil {
		return err
	}
	if err := answer.Send(ctx, said); err != nil {
		return err
	}
	_, _, err = ask.Recv(ctx)
	return err
}

// ready asks /readyz; ok is false when nobody answers.
func ready(admin string) (status int, text string, ok bool) {
	response, err := http.Get(admin + "/readyz")
	if err != nil {
		return 0, "", false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err == nil
}
