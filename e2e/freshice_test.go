//go:build unix

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/token"
)

// TestRelayedThroughFreshServers: with each fresh token come fresh credentials for the relay. Who is relayed notices nothing: it is the
// same connection, and the same channel. Who comes later is connected with the fresh ones.
func TestRelayedThroughFreshServers(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		bothModes(t, func(t *testing.T, mode relayMode) {
			keys, purses := shortTokens(t, "ada", "bob", "cleo")
			s := newSite(t)
			b := serve(t, hostIP(t).String(), append(mode.flags(),
				"--keys", keys, "--audience", audience, "--allow-origin", s.Origin, "--grace", "1s", "--admin", "127.0.0.1:0")...)
			page := s.open(t, kind, "freshice.js", map[string]any{"server": b.Base, "tokens": purses[0]})
			asked := &atomic.Int32{}
			room := joinRelayed(t, s.ctx, b, purses[1], asked)
			p, err := room.Accept(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			connection, password := p.PeerConnection(), relayPassword(p)
			talk, err := p.Open(s.ctx, "talk", nil)
			if err != nil {
				t.Fatal(err)
			}
			// Each asks for a token to join, and for one more in place of that; the page answers with how many it has.
			const fresh = 2
			var answer struct {
				Tokens int32
				Same   bool // the connection
			}
			for n := 1; answer.Tokens < fresh || asked.Load() < fresh; n++ {
				if err := talk.SendText(s.ctx, "how many?"); err != nil {
					t.Fatal(err)
				}
				said, _, err := talk.Recv(s.ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(said, &answer); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
			}
			if p.PeerConnection() != connection || !answer.Same {
				t.Error("it is another connection")
			}
			// Who comes now is told to each with what each has got since.
			late := joinRelayed(t, s.ctx, b, purses[2], &atomic.Int32{})
			for _, other := range late.Peers() {
				if _, err := late.Connect(s.ctx, other.ID()); err != nil {
					t.Errorf("who comes later is not connected: %v", err)
				}
			}
			if p, err = room.Accept(s.ctx); err != nil {
				t.Fatal(err)
			}
			if relayPassword(p) == password {
				t.Error("the Go side uses the credentials of its beginning")
			}
			var another bool
			page.verdict(t, &another)
			if !another {
				t.Error("the page uses the credentials of its beginning")
			}
			m := b.await(t, "a report of each side", func(m metrics) bool { return m.opened() >= 6 })
			if n := m[`beckon_peer_connection_seconds_count{event="open",outcome="relayed"}`]; n != 6 || m.opened() != 6 {
				t.Errorf("not all of three connections were opened once, and relayed:\n%s", m)
			}
		})
	})
}

// shortTokens makes keys, and for each identity what it can get tokens from: such that end a second after another.
func shortTokens(t *testing.T, identities ...string) (keys string, purses []purse) {
	t.Helper()
	key, err := token.NewKey(token.EdDSA, "ed")
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.NewKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	keys = filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, set.Public(), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, identity := range identities {
		p := purse{Began: began.UnixMilli()}
		for end := began; end.Before(began.Add(patience + 2*tokenLife)); end = end.Add(time.Second) {
			signed, err := token.Sign(key, token.Claims{
				Identity: identity, Audience: []string{audience}, NotBefore: began.Add(-time.Hour), Expires: end.Add(-token.DefaultLeeway),
				Grant: token.Grant{Rooms: []string{"tea"}},
			}, began.Add(-time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			p.Tokens = append(p.Tokens, signed)
		}
		purses = append(purses, p)
	}
	return keys, purses
}

// tokenLife is how long each lasts, in which there is what the server allows for wrong clocks. It asks for the next one when a quarter of it is left.
const tokenLife = 8 * time.Second

// purse has tokens of one identity, the first of which ended when it was made, in Unix milliseconds, and the others a second later each.
type purse struct {
	Began  int64    `json:"began"`
	Tokens []string `json:"tokens"`
}

func (p purse) take() string {
	return p.Tokens[int(time.Since(time.UnixMilli(p.Began)).Seconds()+tokenLife.Seconds())]
}

// joinRelayed joins the room tea with tokens of the purse, which it counts, to be connected by relays only.
func joinRelayed(t *testing.T, ctx context.Context, b *server, p purse, asked *atomic.Int32) *peer.Room {
	t.Helper()
	room, err := peer.Join(ctx, b.Base, "tea", &peer.Config{
		ICETransportPolicy: peer.ICETransportRelay,
		CloseTimeout:       time.Second, // the test's end takes the page before this
		TokenSource: func(context.Context) (string, error) {
			asked.Add(1)
			return p.take(), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Close() })
	return room
}

// relayPassword is what the connection would open another relay with.
func relayPassword(p *peer.Peer) string {
	for _, server := range p.PeerConnection().GetConfiguration().ICEServers {
		if password, ok := server.Credential.(string); ok && password != "" {
			return password
		}
	}
	return ""
}
