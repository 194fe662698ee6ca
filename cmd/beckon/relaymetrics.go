package main

import (
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/beckon-rtc/beckon/turnserver"
)

// relayMetrics are of the relay, in `serve` and alone.
func relayMetrics() []family[turnserver.Stats] {
	type stats = turnserver.Stats
	same := func(s string) string { return s }
	ofKind := func(name, help string, kind prometheus.ValueType, of func(turnserver.Kind) float64) family[stats] {
		return family[stats]{name, kind, help, []string{"transport", "family"}, func(s stats, emit func(float64, ...string)) {
			for _, k := range s.Kinds {
				emit(of(k), k.Transport, "ipv"+strconv.Itoa(k.Family))
			}
		}}
	}
	directed := func(name, help string, of func(turnserver.Traffic) uint64) family[stats] {
		return family[stats]{name, prometheus.CounterValue, help, []string{"direction"}, func(s stats, emit func(float64, ...string)) {
			emit(float64(of(s.ToPeers)), "to_peers")
			emit(float64(of(s.FromPeers)), "from_peers")
		}}
	}
	return []family[stats]{
		ofKind("beckon_relay_allocations", "Open allocations: by transport between client and server (udp, tcp, tls) and family of the relay's address.",
			prometheus.GaugeValue, func(k turnserver.Kind) float64 { return float64(k.Now) }),
		ofKind("beckon_relay_allocations_total", "Allocations ever opened: by transport and family.",
			prometheus.CounterValue, func(k turnserver.Kind) float64 { return float64(k.Total) }),
		directed("beckon_relay_bytes_total", "Payload of relayed packets: by direction (to_peers, from_peers). What goes from relay to relay counts in both.",
			func(t turnserver.Traffic) uint64 { return t.Bytes }),
		directed("beckon_relay_packets_total", "Relayed packets: by direction.", func(t turnserver.Traffic) uint64 { return t.Packets }),
		byReason("beckon_relay_auth_failures_total", "Requests whose credentials were refused: by reason.", "reason", same,
			func(s stats) map[string]uint64 { return s.AuthFailures }),
		byReason("beckon_relay_allocations_refused_total", "Allocate requests refused for another reason: by reason.", "reason", same,
			func(s stats) map[string]uint64 { return s.NoAllocation }),
		byReason("beckon_relay_requests_refused_total", "Requests about an allocation that were refused: by reason.", "reason", same,
			func(s stats) map[string]uint64 { return s.Requests }),
		byReason("beckon_relay_errors_total", "Error responses: by code. 401 and 438 are also how a client is asked for credentials.", "code", same,
			func(s stats) map[string]uint64 { return s.Errors }),
		byReason("beckon_relay_messages_dropped_total", "Messages of clients that got no answer, so that nobody can be flooded with answers: by reason.", "reason", same,
			func(s stats) map[string]uint64 { return s.Dropped }),
		byReason("beckon_relay_peers_denied_total", "Requests and packets to or from a peer that a relay may not reach: by the rule.", "reason", same,
			func(s stats) map[string]uint64 { return s.PeersDenied }),
		byReason("beckon_relay_payload_denied_total", "Packets dropped because a relay does not carry such: by what they were.", "reason", same,
			func(s stats) map[string]uint64 { return s.PayloadDenied }),
		{
			"beckon_relay_limits_reached_total", prometheus.CounterValue,
			"Allocations refused and packets dropped at a bound of --relay-limit: by limit (identity, room, address) and what (allocations, bytes, bandwidth).",
			[]string{"limit", "what"}, func(s stats, emit func(float64, ...string)) {
				for bound, n := range s.QuotaReached {
					limit, what, _ := strings.Cut(bound, "-")
					emit(float64(n), limit, what)
				}
			},
		},
		{
			"beckon_relay_forgotten_total", prometheus.CounterValue,
			"What made room for more of its kind: checked peers, accounts of limits, notices of limits. Where these grow, somebody may be trying to fill the memory.",
			[]string{"what"}, func(s stats, emit func(float64, ...string)) {
				emit(float64(s.Forgotten.CheckedPeers), "checked_peers")
				emit(float64(s.Forgotten.Accounts), "accounts")
				emit(float64(s.Forgotten.Notices), "notices")
			},
		},
		counter("beckon_relay_oversized_total", "Datagrams dropped because they were longer than a relay carries.", func(s stats) float64 { return float64(s.Oversized) }),
		counter("beckon_relay_queue_full_total", "Datagrams from relay to relay dropped because too many waited for the client.",
			func(s stats) float64 { return float64(s.QueueFull) }),
		counter("beckon_relay_unsent_total", "Packets that the system would not take, as when a send buffer is full.", func(s stats) float64 { return float64(s.Unsent) }),
		gauge("beckon_relay_streams", "Open connections of clients over TCP or TLS.", func(s stats) float64 { return float64(s.TCPConns) }),
		counter("beckon_relay_streams_total", "Such connections ever taken.", func(s stats) float64 { return float64(s.TCPConnsTotal) }),
		counter("beckon_relay_streams_refused_total", "Such connections closed because there were too many.", func(s stats) float64 { return float64(s.TCPRefused) }),
		counter("beckon_relay_streams_bad_total", "Such connections closed for what they sent, or for a frame without its end.",
			func(s stats) float64 { return float64(s.BadStreams) }),
		counter("beckon_relay_read_errors_total", "Errors of UDP sockets, survived.", func(s stats) float64 { return float64(s.ReadErrors) }),
	}
}
