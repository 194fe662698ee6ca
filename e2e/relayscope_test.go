//go:build unix

package e2e

import (
	"encoding/json"
	"net"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// TestRelayScope: with --relay-scope a relay may send only to where a member of a room of the peer's says that it is, whatever the
// rules for networks allow.
func TestRelayScope(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1", "--relay-ports", "20000-29999", "--relay-scope", "--turn-allow", "198.51.100.0/24", "--grace", "1s", "--admin", "127.0.0.1:0")
	r := b.allocate(t, "", "udp")
	mate := newMate(t, b, "tea")
	mate.announce(t, r, "tea", "198.51.100.7")
	stranger := newMate(t, b, "coffee")
	neighbour := newMate(t, b, "coffee")
	stranger.announce(t, &relayed{peer: neighbour.peer, instance: neighbour.instance}, "coffee", "198.51.100.8")

	at := func(ip string) net.Addr { return &net.UDPAddr{IP: net.ParseIP(ip), Port: 4000} }
	if err := r.turn.CreatePermission(at("198.51.100.7")); err != nil {
		t.Errorf("where a room-mate says to be is refused: %v", err)
	}
	for ip, what := range map[string]string{
		"198.51.100.8": "where somebody of another room says to be",
		"198.51.100.9": "where nobody says to be",
	} {
		if err := r.turn.CreatePermission(at(ip)); !says(err, "403") {
			t.Errorf("%s: %v, want a refusal (403)", what, err)
		}
	}
	if err := r.turn.CreatePermission(at("198.51.100.7"), at("198.51.100.8")); !says(err, "403") {
		t.Errorf("a permission for both: %v, want a refusal (403)", err)
	}
	m := b.scrape(t)
	if n := m[`beckon_relay_peers_denied_total{reason="scope"}`]; n != 3 {
		t.Errorf("%v refusals are counted for the scope:\n%s", n, m)
	}
	mate.wire.send(t, websocket.TextMessage, `{"type":"bye"}`)
	mate.wire.closed(t, protocol.CloseNormal)
	if err := r.turn.CreatePermission(at("198.51.100.7")); !says(err, "403") {
		t.Errorf("where somebody said to be who has left: %v, want a refusal (403)", err)
	}
}

// mate is a member of a room that says where it is, and is not there.
type mate struct {
	wire           *wire
	peer, instance string
}

func newMate(t *testing.T, b *server, room string) *mate {
	t.Helper()
	m := &mate{wire: dialWire(t, b), instance: protocol.NewInstance()}
	m.wire.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Hello{Versions: []string{protocol.Version}, Instance: m.instance})))
	m.peer = frameOf[protocol.Welcome](t, m.wire, protocol.TypeWelcome).Peer
	m.wire.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Join{Room: room, Topology: protocol.TopologyNone})))
	frameOf[protocol.Joined](t, m.wire, protocol.TypeJoined)
	return m
}

// announce tells to as a browser does that there is a candidate at ip, and waits until the server has taken that.
func (m *mate) announce(t *testing.T, to *relayed, room, ip string) {
	t.Helper()
	candidate, err := json.Marshal(map[string]any{
		"session":   "a",
		"candidate": map[string]any{"candidate": "candidate:1 1 udp 2113937151 " + ip + " 4000 typ host generation 0", "sdpMid": "0", "sdpMLineIndex": 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.wire.send(t, websocket.TextMessage, string(protocol.Encode(protocol.Signal{Room: room, To: to.peer, ToInstance: to.instance, N: 1, Data: candidate})))
	m.wire.send(t, websocket.TextMessage, `{"type":"ping","t":1}`)
	for {
		_, frame, err := m.wire.conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if env, err := protocol.Parse(frame); err != nil || env.Type == protocol.TypeError {
			t.Fatalf("got %s (%v)", frame, err)
		} else if env.Type == protocol.TypePong {
			return
		}
	}
}

// TestRelayScopeLetsPairsMeet: of two sides one of which has only relays, the relay reaches the other where it has said to be.
func TestRelayScopeLetsPairsMeet(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium)
	s := newSite(t)
	b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin, "--grace", "1s", "--relay-ports", "20000-29999", "--relay-scope", "--admin", "127.0.0.1:0")
	left, _ := s.exchange(t, b, golang, browser.Chromium, func(left, _ *task) { left.Join.ICETransportPolicy = "relay" })
	if local := left.Pair.Local; local.CandidateType != "relay" || left.Pair.Remote.CandidateType == "relay" || !left.Path.Relayed {
		t.Errorf("the Go side is connected by %+v", left.Pair)
	}
	if m := b.scrape(t); m.sum("beckon_relay_bytes_total") < exchanged() {
		t.Errorf("the relay has carried too little:\n%s", m)
	}
}
