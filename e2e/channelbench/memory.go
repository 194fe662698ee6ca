//go:build linux

package main

import "io"

// few and many connections of one process: what one costs is the slope between the two.
const few, many = 5, 45

type memory struct {
	bytes      series // kB
	goroutines series
}

func newMemory() *memory { return &memory{series{}, series{}} }

func (m *memory) section() section { return section{"memory", m.measure, m.print} }

func (m *memory) measure(b *bench, round int) error {
	return b.inTurn([]variant{ours, plain}, round, func(v variant) error {
		return b.pair(v, func(host, visitors *remote) error { return m.crowd(b, v, host, visitors) })
	})
}

// crowd adds what a connection costs a host that is a Go end.
func (m *memory) crowd(b *bench, v variant, host, visitors *remote) error {
	var before, after Memory
	err := b.visits(host, visitors, func(n int) error {
		if n == few {
			return host.call("Measure", Load{}, &before)
		}
		return host.call("Measure", Load{}, &after)
	})
	if err != nil {
		return err
	}
	m.bytes.add("", v.name, (float64(after.Bytes)-float64(before.Bytes))/(many-few)/1000)
	m.goroutines.add("", v.name, float64(after.Goroutines-before.Goroutines)/(many-few))
	return nil
}

// visits has many visitors come to the host of a room, and calls look when few are there, and in the end.
func (b *bench) visits(host, visitors *remote, look func(n int) error) error {
	to := Place{URL: b.server, Room: b.room(), Crowd: true}
	if err := host.call("Host", to, nil); err != nil {
		return err
	}
	for n := 1; n <= many; n++ {
		if err := visitors.call("Visit", to, nil); err != nil {
			return err
		}
		if n == few || n == many {
			if err := look(n); err != nil {
				return err
			}
		}
	}
	return nil
}

func besidePlain(name string, s series, of string) []string {
	return []string{name, s.cell(of, ours.name, 1), s.cell(of, plain.name, 1), s.spread(of, ours.name, plain.name)}
}

func (m *memory) print(out io.Writer) error {
	return table(out, "An idle peer connection, in a process that has many to others of one room.", [][]string{
		{"each", "beckon", "Pion", "ratio"}, besidePlain("kB of heap and stacks", m.bytes, ""), besidePlain("goroutines", m.goroutines, ""),
	})
}
