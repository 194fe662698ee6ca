package main

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/beckon-rtc/beckon/edge"
	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
	"github.com/beckon-rtc/beckon/turnserver"
)

// busy is a registry in which everything has counted something.
func busy(t *testing.T) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	opening := newOpening()
	opening.report(signaling.Report{Outcome: protocol.OutcomeRelayed, Protocol: protocol.RelayTLS, Opening: 700 * time.Millisecond})
	opening.report(signaling.Report{Outcome: protocol.OutcomeDirect, Opening: 20 * time.Millisecond, Again: true})
	r.MustRegister(opening.collectors()...)
	one := map[string]uint64{"reason": 1}
	r.MustRegister(
		newCollector(buildMetrics(), func() *debug.BuildInfo { return nil }),
		newCollector(signalingMetrics(), func() signaling.Stats {
			return signaling.Stats{
				Sessions: 2, FramesIn: 7, Dropped: map[signaling.Drop]uint64{signaling.DropBusy: 1},
				Errors: map[protocol.ErrorCode]uint64{protocol.CodeBadFrame: 3}, Closes: map[protocol.CloseCode]uint64{protocol.CloseKicked: 1},
				Refused: map[int]uint64{426: 1},
			}
		}),
		newCollector(relayMetrics(), func() turnserver.Stats {
			return turnserver.Stats{
				Kinds:       []turnserver.Kind{{Transport: "tls", Family: 6, Now: 2, Total: 5}},
				PeersDenied: one, AuthFailures: one, Requests: one, Errors: one, Dropped: one, NoAllocation: one, PayloadDenied: one,
				QuotaReached: map[string]uint64{"room-bytes": 4},
				ToPeers:      turnserver.Traffic{Packets: 10, Bytes: 1000},
			}
		}),
		newCollector(portMetrics(), func() portStats {
			return portStats{
				Stats: edge.Stats{Protocols: map[edge.Protocol]uint64{edge.TURN: 1}, Refused: map[edge.Reason]uint64{edge.OldTLS: 6}},
				tls:   true, expires: time.Unix(1800000000, 0),
			}
		}),
	)
	return r
}

// What the numbers of the parts become.
func TestMetrics(t *testing.T) {
	t.Parallel()
	text := exposition(t, busy(t))
	for _, want := range []string{
		`beckon_relay_allocations{family="ipv6",transport="tls"} 2`,
		`beckon_relay_allocations_total{family="ipv6",transport="tls"} 5`,
		`beckon_relay_bytes_total{direction="to_peers"} 1000`,
		`beckon_relay_limits_reached_total{limit="room",what="bytes"} 4`,
		`beckon_signaling_sessions 2`,
		`beckon_signaling_frames_total{direction="in"} 7`,
		`beckon_signaling_errors_total{code="bad-frame"} 3`,
		`beckon_signaling_closes_total{code="4509"} 1`,
		`beckon_peer_connections_total{event="open",outcome="relayed",protocol="tls"} 1`,
		`beckon_peer_connections_total{event="recover",outcome="direct",protocol="none"} 1`,
		`beckon_peer_connection_seconds_bucket{event="open",outcome="relayed",le="0.5"} 0`,
		`beckon_peer_connection_seconds_bucket{event="open",outcome="relayed",le="1"} 1`,
		`beckon_tls_handshake_failures_total{reason="tls-old"} 6`,
		`beckon_tls_certificate_expiry_timestamp_seconds 1.8e+09`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
}

// exposition is what a scrape reads.
func exposition(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	metricsHandler(r).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// The names follow Prometheus's conventions, as its own linter sees them.
func TestMetricsNames(t *testing.T) {
	t.Parallel()
	problems, err := testutil.GatherAndLint(busy(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := busy(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "beckon_") {
			t.Errorf("%s has no prefix beckon_", f.GetName())
		}
	}
}

// Every metric is in the table of the deployment guide: the table is made of the same families, and this is all of them.
func TestMetricsTable(t *testing.T) {
	t.Parallel()
	table := metricsTable()
	families, err := busy(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.Contains(table, "| `"+f.GetName()+"` |") {
			t.Errorf("%s is not in the table", f.GetName())
		}
		if !strings.HasSuffix(f.GetHelp(), ".") {
			t.Errorf("%s: the help %q is no sentence", f.GetName(), f.GetHelp())
		}
	}
	if rows := strings.Count(table, "| `beckon_"); rows != len(families) {
		t.Errorf("the table has %d metrics, there are %d", rows, len(families))
	}
}

// Nothing that the parts count is forgotten: each field of their statistics changes what is read.
func TestMetricsAreComplete(t *testing.T) {
	t.Parallel()
	complete(t, signalingMetrics(), signaling.Stats{}, nil)
	// The kinds have these two as their sums.
	complete(t, relayMetrics(), turnserver.Stats{}, []string{"Allocations", "AllocationsTotal"})
	complete(t, portMetrics(), portStats{}, []string{"tls"})
}

func complete[S any](t *testing.T, families []family[S], zero S, but []string) {
	t.Helper()
	read := func(s S) string {
		r := prometheus.NewPedanticRegistry()
		r.MustRegister(newCollector(families, func() S { return s }))
		return exposition(t, r)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[S]()) {
		if !f.IsExported() || f.Anonymous || slices.Contains(but, f.Name) {
			continue
		}
		s := zero
		fill(t, reflect.ValueOf(&s).Elem().FieldByIndex(f.Index))
		if read(s) == read(zero) {
			t.Errorf("%T.%s is in no metric", zero, f.Name)
		}
	}
}

// fill makes a value another one than zero, in all its parts.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(7)
	case reflect.String:
		v.SetString("x-y")
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key)
		fill(t, value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		t.Fatalf("cannot fill a %v", v.Type())
	}
}

// A failure of one part, as of a snapshot that names one value twice, is an error and not a wrong number.
func TestMetricsTwice(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(newCollector([]family[int]{
		{"beckon_x_total", prometheus.CounterValue, "X.", []string{"reason"}, func(_ int, emit func(float64, ...string)) { emit(1, "a"); emit(2, "a") }},
	}, func() int { return 0 }))
	if _, err := r.Gather(); err == nil {
		t.Error("two values for one reason, and no error")
	}
}
