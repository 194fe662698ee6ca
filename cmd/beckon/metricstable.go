package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metricsTableCmd makes the deployment guide's table of metrics from the metrics themselves, as configTableCmd does with flags.
type metricsTableCmd struct {
	Write string `hidden:"" placeholder:"FILE" help:"Put the table into FILE, between its markers."`
}

// Run prints the table, or puts it into a file.
func (c *metricsTableCmd) Run(p *process) error {
	return writeTable(p, c.Write, "metrics", metricsTable())
}

// row is a metric as documentation shows it.
type row struct {
	name, kind string
	labels     []string
	help       string
}

// metricsTable is Markdown.
func metricsTable() string {
	count, seconds := openingFamilies()
	rows := slices.Concat(rowsOf(buildMetrics()), []row{count, seconds}, rowsOf(signalingMetrics()), rowsOf(relayMetrics()), rowsOf(portMetrics()))
	var b strings.Builder
	b.WriteString("| metric | kind | labels | |\n|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.name, r.kind, strings.Join(r.labels, ", "), r.help)
	}
	return b.String()
}

func rowsOf[S any](families []family[S]) (rows []row) {
	for _, f := range families {
		kind := "counter"
		if f.kind == prometheus.GaugeValue {
			kind = "gauge"
		}
		rows = append(rows, row{f.name, kind, f.labels, f.help})
	}
	return rows
}
