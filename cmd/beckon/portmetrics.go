package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/beckon-rtc/beckon/edge"
)

// portStats is what there is to know of a port.
type portStats struct {
	edge.Stats
	tls     bool
	expires time.Time // of the certificate that ends first; zero without one
}

func (p *port) stats() portStats {
	s := portStats{Stats: p.edge.Stats(), tls: p.certs != nil}
	if s.tls {
		s.expires = p.certs.Expires()
	}
	return s
}

// tlsReasons are the refusals that are failures of a TLS handshake.
func tlsReasons() []edge.Reason {
	return []edge.Reason{
		edge.HandshakeLate, edge.Handshake, edge.NotTLS, edge.PlainHTTP, edge.OldTLS, edge.UnknownALPN, edge.Uncertified, edge.ClientAlert,
	}
}

// portMetrics are of the TCP port for everything.
func portMetrics() []family[portStats] {
	return []family[portStats]{
		counter("beckon_port_accepted_total", "TCP connections.", func(s portStats) float64 { return float64(s.Accepted) }),
		counter("beckon_port_accept_errors_total", "Errors in accepting TCP connections, as when the process has no files left.",
			func(s portStats) float64 { return float64(s.AcceptErrors) }),
		gauge("beckon_port_underway", "TCP connections of which it is not known yet what they want.", func(s portStats) float64 { return float64(s.Underway) }),
		byReason("beckon_port_connections_total", "TCP connections by what they turned out to be: by protocol (http1, WebSockets included; http2, turn, acme).",
			"protocol", func(p edge.Protocol) string { return string(p) }, func(s portStats) map[edge.Protocol]uint64 { return s.Protocols }),
		byReason("beckon_port_refused_total", "TCP connections that were closed before anything was served: by reason, failures of TLS included.",
			"reason", func(r edge.Reason) string { return string(r) }, func(s portStats) map[edge.Reason]uint64 { return s.Refused }),
		{
			"beckon_tls_handshake_failures_total", prometheus.CounterValue, "TLS handshakes that failed: by reason, as in beckon_port_refused_total.",
			[]string{"reason"}, func(s portStats, emit func(float64, ...string)) {
				for _, r := range tlsReasons() {
					if s.tls {
						emit(float64(s.Refused[r]), string(r))
					}
				}
			},
		},
		{
			"beckon_tls_certificate_expiry_timestamp_seconds", prometheus.GaugeValue,
			"When the certificate ends that ends first, in Unix time; absent while there is none.", nil,
			func(s portStats, emit func(float64, ...string)) {
				if !s.expires.IsZero() {
					emit(float64(s.expires.Unix()))
				}
			},
		},
	}
}
