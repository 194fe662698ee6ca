//go:build linux

package main

import (
	"io"
)

// few and many connections of one process: what one costs is the slope between the two.
const few, many = 5, 45

type memory struct {
	bytes      series // kB
	goroutines series
}

func newMemory() *memory { return &memory{series{}, series{}} }

func (m *memory) section() section { return section{"memory", m.measure, m.print} }

func (m *memory) measure(b *bench, round int) error {
	return inTurn([]variant{ours, plain}, round, func(v variant) error {
		return b.pair(v, func(host, visitors *remote) error {
			to := Place{URL: b.server, Room: b.room(), Crowd: true}
			if err := host.call("Host", to, nil); err != nil {
				return err
			}
			var before, after Memory
			for n := range many {
				if n == few {
					if err := host.call("Measure", Load{}, &before); err != nil {
						return err
					}
				}
				if err := visitors.call("Visit", to, nil); err != nil {
					return err
				}
			}
			if err := host.call("Measure", Load{}, &after); err != nil {
				return err
			}
			m.bytes.add("", v.name, (float64(after.Bytes)-float64(before.Bytes))/(many-few)/1000)
			m.goroutines.add("", v.name, float64(after.Goroutines-before.Goroutines)/(many-few))
			return nil
		})
	})
}

func (m *memory) print(out io.Writer) error {
	row := func(name string, s series) []string {
		return []string{name, number(s.median("", ours.name), 1), number(s.median("", plain.name), 1), number(s.ratio("", ours.name, plain.name), 2)}
	}
	return table(out, "An idle peer connection, in a process that has many to others of one room.", [][]string{
		{"each", "beckon", "Pion", "ratio"}, row("kB of heap and stacks", m.bytes), row("goroutines", m.goroutines),
	})
}
