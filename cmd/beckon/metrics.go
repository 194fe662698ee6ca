package main

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/beckon-rtc/beckon/signaling"
	"github.com/beckon-rtc/beckon/signaling/protocol"
)

// family is a metric that is read from a snapshot of type S when somebody asks. Its labels have values that the code names:
// nothing that a client can choose becomes one, or it could fill the memory of whoever collects them.
type family[S any] struct {
	name   string
	kind   prometheus.ValueType
	help   string
	labels []string
	read   func(s S, emit func(value float64, labels ...string))
}

// gauge and counter are families of one number.
func gauge[S any](name, help string, read func(S) float64) family[S] {
	return family[S]{name, prometheus.GaugeValue, help, nil, func(s S, emit func(float64, ...string)) { emit(read(s)) }}
}

func counter[S any](name, help string, read func(S) float64) family[S] {
	return family[S]{name, prometheus.CounterValue, help, nil, func(s S, emit func(float64, ...string)) { emit(read(s)) }}
}

// byReason is a family of counters, of which a part of the program keeps a map.
func byReason[S any, K comparable, N ~int | ~uint64](name, help, label string, text func(K) string, read func(S) map[K]N) family[S] {
	return family[S]{name, prometheus.CounterValue, help, []string{label}, func(s S, emit func(float64, ...string)) {
		for reason, n := range read(s) {
			emit(float64(n), text(reason))
		}
	}}
}

// decimal is the text of a code.
func decimal[K ~int](k K) string { return strconv.Itoa(int(k)) }

// collector is prometheus's view of the families of one part of the program.
type collector[S any] struct {
	snapshot func() S
	families []family[S]
	descs    []*prometheus.Desc // by index of families
}

var _ prometheus.Collector = (*collector[int])(nil)

func newCollector[S any](families []family[S], snapshot func() S) *collector[S] {
	c := &collector[S]{snapshot: snapshot, families: families}
	for _, f := range families {
		c.descs = append(c.descs, prometheus.NewDesc(f.name, f.help, f.labels, nil))
	}
	return c
}

// Describe and Collect are called by many goroutines at once.
func (c *collector[S]) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect reads one snapshot for all, so that the numbers fit each other.
func (c *collector[S]) Collect(out chan<- prometheus.Metric) {
	s := c.snapshot()
	for i, f := range c.families {
		f.read(s, func(value float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(c.descs[i], f.kind, value, labels...)
		})
	}
}

// newRegistry has what every process tells of itself. The registry of the library is a global, to which any package could add.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(buildMetrics(), func() *debug.BuildInfo { info, _ := debug.ReadBuildInfo(); return info }),
	)
	return r
}

func metricsHandler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 20 * time.Second})
}

func buildMetrics() []family[*debug.BuildInfo] {
	return []family[*debug.BuildInfo]{{
		"beckon_build_info", prometheus.GaugeValue, "1, with what the program was built from.", []string{"version", "commit", "go"},
		func(info *debug.BuildInfo, emit func(float64, ...string)) {
			version, commit := built(info)
			emit(1, version, commit, runtime.Version())
		},
	}}
}

// opening counts what peers report of their connections.
type opening struct {
	count   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newOpening() *opening {
	count, seconds := openingFamilies()
	return &opening{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{Name: count.name, Help: count.help}, count.labels),
		// The aim is 1.5 s; what is above 15 s has been given up and tried anew.
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: seconds.name, Help: seconds.help, Buckets: []float64{.05, .1, .25, .5, 1, 1.5, 2.5, 5, 10, 15, 30},
		}, seconds.labels),
	}
}

// openingFamilies describe what opening counts.
func openingFamilies() (count, seconds row) {
	count = row{
		"beckon_peer_connections_total", "counter", []string{"event", "outcome", "protocol"},
		"Connections between peers as their ends report them, so each counts up to twice: by event (open, or recover after the way was lost), " +
			"outcome (direct, relayed, failed) and, if the reporting end used a relay, what it spoke to that (udp, tcp, tls; else none).",
	}
	seconds = row{
		"beckon_peer_connection_seconds", "histogram", []string{"event", "outcome"},
		"How long it took until the connection was open, open again, or given up: by event and outcome.",
	}
	return count, seconds
}

// report takes what signaling has checked: its values are those of the specification.
func (o *opening) report(r signaling.Report) {
	event, via := "open", string(r.Protocol)
	if r.Again {
		event = "recover"
	}
	if via == "" {
		via = "none"
	}
	o.count.WithLabelValues(event, string(r.Outcome), via).Inc()
	o.seconds.WithLabelValues(event, string(r.Outcome)).Observe(r.Opening.Seconds())
}

func (o *opening) collectors() []prometheus.Collector {
	return []prometheus.Collector{o.count, o.seconds}
}

// signalingMetrics are of `serve` alone.
func signalingMetrics() []family[signaling.Stats] {
	type stats = signaling.Stats
	return []family[stats]{
		gauge("beckon_signaling_connections", "Open carriers, those included that have not said hello.",
			func(s stats) float64 { return float64(s.Connections) }),
		gauge("beckon_signaling_sessions", "Peers: connected, or away and within their grace.", func(s stats) float64 { return float64(s.Sessions) }),
		gauge("beckon_signaling_rooms", "Rooms with somebody in them.", func(s stats) float64 { return float64(s.Rooms) }),
		gauge("beckon_signaling_revocations", "Revocations that have not ended.", func(s stats) float64 { return float64(s.Revocations) }),
		{
			"beckon_signaling_frames_total", prometheus.CounterValue, "Frames of the protocol: by direction (in, out).", []string{"direction"},
			func(s stats, emit func(float64, ...string)) {
				emit(float64(s.FramesIn), "in")
				emit(float64(s.FramesOut), "out")
			},
		},
		byReason("beckon_signaling_frames_dropped_total", "Frames that were not delivered: by reason.", "reason",
			func(d signaling.Drop) string { return string(d) }, func(s stats) map[signaling.Drop]uint64 { return s.Dropped }),
		byReason("beckon_signaling_errors_total", "What clients were refused: by the protocol's code.", "code",
			func(c protocol.ErrorCode) string { return string(c) }, func(s stats) map[protocol.ErrorCode]uint64 { return s.Errors }),
		byReason("beckon_signaling_closes_total", "Connections that the server ended: by close code.", "code", decimal[protocol.CloseCode],
			func(s stats) map[protocol.CloseCode]uint64 { return s.Closes }),
		byReason("beckon_signaling_refused_total", "Requests of carriers that were answered with an HTTP error: by status.", "status", decimal[int],
			func(s stats) map[int]uint64 { return s.Refused }),
		counter("beckon_signaling_reports_total", "Reports of connections between peers.", func(s stats) float64 { return float64(s.Reports) }),
	}
}
