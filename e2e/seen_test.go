//go:build unix

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// metrics are what a scrape reads: values by the name with the labels, as Prometheus writes them.
type metrics map[string]float64

// scrape reads the metrics of the server, as Prometheus would.
func (s *server) scrape(t *testing.T) metrics {
	t.Helper()
	status, text := get(t, s.admin(t)+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics: %d\n%s", status, text)
	}
	m := metrics{}
	for line := range strings.Lines(text) {
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			t.Fatalf("/metrics has the line %q", line)
		}
		m[line[:at]] = value
	}
	return m
}

// await reads the metrics until they are as wanted, and returns them. What peers say and what ends comes when it comes.
func (s *server) await(t *testing.T, what string, wanted func(metrics) bool) metrics {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		m := s.scrape(t)
		if wanted(m) {
			return m
		}
		if time.Now().After(deadline) {
			t.Fatalf("the metrics never had %s:\n%s", what, m)
		}
	}
}

// sum adds what stands under the name, of all labels.
func (m metrics) sum(name string) (sum float64) {
	for key, value := range m {
		if of, _, _ := strings.Cut(key, "{"); of == name {
			sum += value
		}
	}
	return sum
}

// opened is how many sides have told how a connection opened, or that it did not. A way that was lost for a while on a busy machine, and
// found again, is told as well and does not count here.
func (m metrics) opened() (sum float64) {
	for key, value := range m {
		if strings.HasPrefix(key, `beckon_peer_connections_total{event="open"`) {
			sum += value
		}
	}
	return sum
}

// String shows those of connections and of the relay.
func (m metrics) String() string {
	var lines []string
	for key, value := range m {
		if strings.HasPrefix(key, "beckon_peer_") || strings.HasPrefix(key, "beckon_relay_") {
			lines = append(lines, fmt.Sprint(key, " ", value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// get is the answer to a GET.
func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// connections checks that both sides of the one pair that there was have told how it opened: with that outcome, over that
// transport to the relay ("none" without one), and after a time that can be.
func (s *server) connections(t *testing.T, outcome, via string) metrics {
	t.Helper()
	const total, seconds = "beckon_peer_connections_total", "beckon_peer_connection_seconds"
	m := s.await(t, "two reports", func(m metrics) bool { return m.opened() >= 2 })
	if got := m[fmt.Sprintf(`%s{event="open",outcome=%q,protocol=%q}`, total, outcome, via)]; got != 2 || m.opened() != 2 {
		t.Errorf("of both sides, %v report an open connection that is %s over %s:\n%s", got, outcome, via, m)
	}
	labels := fmt.Sprintf(`{event="open",outcome=%q}`, outcome)
	took, all := m[seconds+"_sum"+labels], m[fmt.Sprintf(`%s_bucket{event="open",outcome=%q,le="+Inf"}`, seconds, outcome)]
	if m[seconds+"_count"+labels] != 2 || all != 2 || took <= 0 || took > 2*patience.Seconds() {
		t.Errorf("the times of both sides are not these:\n%s", m)
	}
	return m
}

// carried checks that the relay has carried so many bytes from clients to peers and from peers to clients, over connections of one
// transport, and that nothing of that is left open.
func (s *server) carried(t *testing.T, transport string, least float64) {
	t.Helper()
	m := s.await(t, "no open allocation", func(m metrics) bool { return m.sum("beckon_relay_allocations") == 0 })
	opened := m[fmt.Sprintf(`beckon_relay_allocations_total{family="ipv4",transport=%q}`, transport)]
	if opened < 2 || opened != m.sum("beckon_relay_allocations_total") {
		t.Errorf("there were %v allocations over %s:\n%s", opened, transport, m)
	}
	for _, direction := range []string{"to_peers", "from_peers"} {
		bytes, packets := m[`beckon_relay_bytes_total{direction="`+direction+`"}`], m[`beckon_relay_packets_total{direction="`+direction+`"}`]
		// No packet carries more than fits on a wire, nor so much less that it would be none of those that were sent.
		if bytes < least || packets < bytes/1500 || packets > bytes {
			t.Errorf("%v bytes in %v packets were relayed %s, want %v bytes", bytes, packets, direction, least)
		}
	}
}

// exchanged is how many bytes both sides of an exchange send on the channels that lose nothing: on each of two that they open and of
// two that they accept, a text and bytes of each size.
func exchanged() (bytes float64) {
	for _, n := range sizes {
		bytes += 2 * 4 * 2 * float64(n)
	}
	return bytes
}

// TestFailuresAreSeen: of two that find no way to each other, because one has only relays and the other, without a server, has not
// even that, both say so to the operator.
func TestFailuresAreSeen(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium)
	bothModes(t, func(t *testing.T, mode relayMode) {
		s := newSite(t)
		b := serve(t, hostIP(t).String(), append(mode.flags(), "--allow-origin", s.Origin, "--grace", "1s", "--admin", "127.0.0.1:0")...)
		const tries = 3 * time.Second
		page := s.open(t, browser.Chromium, "failure.js", map[string]any{
			"server": b.Base, "room": b.Name,
			"join": map[string]any{"iceTransportPolicy": "relay", "iceServers": []string{}, "connectTimeout": tries.Milliseconds()},
		})
		room, err := peer.Join(s.ctx, b.Base, b.Name, &peer.Config{
			ICETransportPolicy: peer.ICETransportRelay, ICEServers: iceServers(t, b, "udp"), ConnectTimeout: tries,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { room.Close() })
		other, err := theOther(s.ctx, room)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := room.Connect(s.ctx, other.ID()); peer.Code(err) != protocol.CodeConnectFailed {
			t.Errorf("the Go side is connected: %v", err)
		}
		var code string
		page.verdict(t, &code)
		if code != string(protocol.CodeConnectFailed) {
			t.Errorf("the page's connection ended with %q", code)
		}
		b.connections(t, "failed", "none")
	})
}

// theOther is the only other member of the room, who may be about to come.
func theOther(ctx context.Context, room *peer.Room) (*peer.Peer, error) {
	for {
		if there := room.Peers(); len(there) > 0 {
			return there[0], nil
		}
		if _, err := room.Recv(ctx); err != nil {
			return nil, err
		}
	}
}
