package peer_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/internal/testlog"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"
	"github.com/rs/zerolog"
)

// requested is how many channels Pion has been asked to open.
func requested(p *peer.Peer) uint32 {
	for _, s := range p.PeerConnection().GetStats() {
		if stats, ok := s.(webrtc.PeerConnectionStats); ok {
			return stats.DataChannelsRequested
		}
	}
	return 0
}

// What we say that we take is what we take: Pion would say 1 GiB, and one message of 4 MiB aborts the association.
func TestMaxMessageSizeIsSaid(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		a, b := w.pair(peer.Config{}, peer.Config{})
		for _, p := range []*peer.Peer{a, b} {
			if sdp := p.PeerConnection().LocalDescription().SDP; !strings.Contains(sdp, "a=max-message-size:262144\r\n") {
				t.Errorf("no max-message-size of 262144 in %q", sdp)
			}
		}
	})
}

// Pion tells ICE passwords at debug, and who has both of a pair can speak for either side.
func TestNoPasswordIsLogged(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		var log testlog.Log
		a, _ := w.pair(peer.Config{Logger: zerolog.New(&log)}, peer.Config{})
		if !strings.Contains(log.String(), "Started agent") {
			t.Fatal("Pion logs nothing, so this test shows nothing")
		}
		for _, of := range []*webrtc.SessionDescription{a.PeerConnection().LocalDescription(), a.PeerConnection().RemoteDescription()} {
			_, rest, _ := strings.Cut(of.SDP, "a=ice-pwd:")
			if password, _, found := strings.Cut(rest, "\r\n"); !found || strings.Contains(log.String(), password) {
				t.Errorf("the password %q of the %s is in the log", password, of.Type)
			}
		}
	})
}

// A room that lives longer than a certificate goes on connecting, and until then uses one for all.
func TestOneCertificateUntilItExpires(t *testing.T) {
	day := 24 * time.Hour // between heartbeats, of which forty days have too many
	inWorld(t, signaling.Config{Limits: signaling.Limits{Ping: day, Silence: 2 * day}}, func(t *testing.T, w *world) {
		bot := w.join(peer.Config{})
		fingerprint := func() string {
			guest := w.join(peer.Config{})
			p, err := bot.Accept(within(t))
			must(t, err)
			defer guest.Close()
			_, rest, _ := strings.Cut(p.PeerConnection().LocalDescription().SDP, "a=fingerprint:")
			line, _, _ := strings.Cut(rest, "\r\n")
			return line
		}
		first := fingerprint()
		if second := fingerprint(); first == "" || second != first {
			t.Fatalf("the certificate is %q, then %q", first, second)
		}
		time.Sleep(40 * day)
		if later := fingerprint(); later == first {
			t.Fatal("the certificate is still the first one")
		}
	})
}

// Relays only: all goes over the TURN server, and at once. Pion would wait two seconds for something better.
func TestRelayOnly(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		relay := peer.Config{
			ICETransportPolicy: peer.ICETransportRelay,
			ICEServers:         w.turn(t),
			ConnectTimeout:     time.Second,
		}
		a, b := w.pair(relay, relay)
		for _, p := range []*peer.Peer{a, b} {
			path, err := p.Path(within(t))
			must(t, err)
			if !path.Relayed || path.Protocol != "udp" {
				t.Errorf("the path is %+v", path)
			}
		}
		channel(t, a, b, nil)
	})
}

// A peer with relays only meets one that could do without. Pion would wait two seconds on the side that could.
func TestRelayOnOneSide(t *testing.T) {
	for name, relayed := range map[string]int{"who was there": 0, "who comes": 1} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
				configs := []peer.Config{{ConnectTimeout: 1900 * time.Millisecond}, {ConnectTimeout: 1900 * time.Millisecond}}
				configs[relayed].ICETransportPolicy, configs[relayed].ICEServers = peer.ICETransportRelay, w.turn(t)
				a, b := w.pair(configs[0], configs[1])
				for _, p := range []*peer.Peer{a, b} {
					path, err := p.Path(within(t))
					must(t, err)
					if !path.Relayed {
						t.Errorf("the path is %+v", path)
					}
				}
			})
		})
	}
}

// With relays on both sides and a direct way, the direct way is taken.
func TestDirectBeforeRelayed(t *testing.T) {
	inWorld(t, signaling.Config{}, func(t *testing.T, w *world) {
		config := peer.Config{ICEServers: w.turn(t)}
		a, _ := w.pair(config, config)
		if path, err := a.Path(within(t)); err != nil || path.Relayed {
			t.Fatalf("the path is %+v, %v", path, err)
		}
	})
}

// The server's ICE servers are used, and the newest of them, unless the application has its own.
func TestICEServersOfTheServer(t *testing.T) {
	var made atomic.Int32
	inWorld(t, signaling.Config{
		ICEServers: func(context.Context, signaling.ICERequest) ([]protocol.ICEServer, time.Duration, error) {
			return []protocol.ICEServer{{URLs: []string{fmt.Sprintf("stun:10.0.0.%d", made.Add(1))}}}, 10 * time.Minute, nil
		},
	}, func(t *testing.T, w *world) {
		own := w.join(peer.Config{ICEServers: []protocol.ICEServer{}})
		host := w.join(peer.Config{})
		used := func(r *peer.Room) string {
			p, err := r.Accept(within(t))
			must(t, err)
			return fmt.Sprint(p.PeerConnection().GetConfiguration().ICEServers)
		}
		if got := used(host); !strings.Contains(got, "stun:10.0.0.2 ") && !strings.Contains(got, "stun:10.0.0.2]") {
			t.Fatalf("the second member uses %s", got)
		}
		if got := used(own); got != "[]" {
			t.Fatalf("an application that wants none uses %s", got)
		}
		time.Sleep(11 * time.Minute) // more than a lifetime
		w.join(peer.Config{})
		if got := used(host); strings.Contains(got, "stun:10.0.0.2]") || !strings.Contains(got, "stun:10.0.0.") {
			t.Fatalf("a lifetime later it uses %s", got)
		}
	})
}

// turn starts a TURN server on the virtual network.
func (w *world) turn(t *testing.T) []protocol.ICEServer {
	t.Helper()
	peer.VNet.Lock()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.5"}})
	peer.VNet.Unlock()
	must(t, err)
	must(t, w.router.AddNet(host))
	conn, err := host.ListenPacket("udp4", "10.0.0.5:3478")
	must(t, err)
	key := turn.GenerateAuthKey("user", "test", "secret")
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(ra *turn.RequestAttributes) (string, []byte, bool) {
			return ra.Username, key, ra.Username == "user"
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{
				RelayAddress: net.IPv4(10, 0, 0, 5), Address: "10.0.0.5", Net: host,
			},
		}},
	})
	must(t, err)
	t.Cleanup(func() { server.Close() })
	return []protocol.ICEServer{{URLs: []string{"turn:10.0.0.5:3478"}, Username: "user", Credential: "secret"}}
}
