//go:build unix

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestRelay has pairs of stacks exchange the same messages through the relay alone, which each side reaches over the transport
// that it is given servers for: with relays that reach each other in the server's memory, and with such that have sockets. The
// operator sees how they were connected, and what was carried.
func TestRelay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		left, right browser.Kind
		transports  []string
	}{
		{golang, golang, []string{"udp", "tcp"}},
		{browser.Chromium, golang, []string{"udp", "tcp"}},
		{browser.Chromium, browser.Chromium, []string{"udp", "tcp"}},
		{browser.Firefox, golang, []string{"udp", "tcp"}},
	} {
		for _, transport := range c.transports {
			for _, mode := range relayModes() {
				t.Run(string(c.left)+"-"+string(c.right)+"-"+transport+"-"+string(mode), func(t *testing.T) {
					t.Parallel()
					needAll(t, c.left, c.right)
					s := newSite(t)
					b := serve(t, hostIP(t).String(), append(mode.flags(), "--allow-origin", s.Origin, "--grace", "1s", "--admin", "127.0.0.1:0")...)
					left, right := s.exchange(t, b, c.left, c.right, func(left, right *task) {
						for _, k := range []*task{left, right} {
							k.Join.ICETransportPolicy = "relay"
							k.Join.ICEServers = iceServers(t, b, transport)
						}
					})
					left.isRelayed(t, "left", c.left, transport)
					right.isRelayed(t, "right", c.right, transport)
					b.connections(t, "relayed", transport)
					b.carried(t, transport, exchanged())
				})
			}
		}
	}
}

// TestRelayByPolicy leaves the servers to the SDKs, as an application does.
func TestRelayByPolicy(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium)
	bothModes(t, func(t *testing.T, mode relayMode) {
		s := newSite(t)
		b := serve(t, hostIP(t).String(), append(mode.flags(), "--allow-origin", s.Origin, "--grace", "1s")...)
		left, right := s.exchange(t, b, browser.Chromium, golang, func(left, right *task) {
			left.Join.ICETransportPolicy, right.Join.ICETransportPolicy = "relay", "relay"
		})
		left.isRelayed(t, "left", browser.Chromium, "")
		right.isRelayed(t, "right", golang, "")
	})
}

// isRelayed asks the SDK and the stack below it, and is asked of both sides. transport is how this side reaches the relay; empty is by any.
func (r report) isRelayed(t *testing.T, who string, kind browser.Kind, transport string) {
	t.Helper()
	local, remote := r.Pair.Local, r.Pair.Remote.CandidateType
	// A check from the other's relay may overtake the word that there is one, and makes a candidate that is then called "prflx". That it
	// is a relay the other side's own candidate says.
	if !r.Path.Relayed || local.CandidateType != "relay" || remote != "relay" && remote != "prflx" {
		t.Errorf("%s: the path is %+v by the pair %+v, want relays", who, r.Path, r.Pair)
	}
	if transport == "" {
		return
	}
	if local.RelayProtocol != transport {
		t.Errorf("%s: it reaches the relay over %q, want %q", who, local.RelayProtocol, transport)
	}
	protocol := transport
	if transport == "tls" {
		protocol = "tcp"
	}
	if r.Path.Protocol != protocol || r.Path.Relay != transport {
		t.Errorf("%s: the SDK says that its packets go over %q to a relay over %q, want %q and %q", who, r.Path.Protocol, r.Path.Relay, protocol, transport)
	}
}

// iceServers asks the server for its relay, as a client that is nobody and stays until the test ends, because its credentials end
// with its session. It leaves what is reached over the transport.
func iceServers(t *testing.T, b *server, transport string) []protocol.ICEServer {
	t.Helper()
	return iceServersBy(t, b, "turn:", transport)
}

// iceServersBy is iceServers for URLs of a scheme.
func iceServersBy(t *testing.T, b *server, scheme, transport string) []protocol.ICEServer {
	t.Helper()
	w := dialWire(t, b)
	w.send(t, websocket.TextMessage, helloFrame())
	servers := frameOf[protocol.Welcome](t, w, protocol.TypeWelcome).ICEServers
	w.stay(t)
	for i := range servers {
		servers[i].URLs = slices.DeleteFunc(servers[i].URLs, func(url string) bool {
			return !strings.HasPrefix(url, scheme) || !strings.HasSuffix(url, "?transport="+transport)
		})
	}
	servers = slices.DeleteFunc(servers, func(s protocol.ICEServer) bool { return len(s.URLs) == 0 })
	if len(servers) == 0 {
		t.Fatalf("the server hands out no relay over %s", transport)
	}
	return servers
}
