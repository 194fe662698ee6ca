//go:build linux

package main

import (
	"fmt"
	"io"
)

// The variants that send. Go's garbage collector runs more often the less memory a program has in use, which is next to none in these:
// most programs are nearer to GOGC=400.
var (
	ours, plain   = variant{name: "beckon", stack: "beckon", page: "beckon"}, variant{name: "Pion", stack: "pion", page: "plain"}
	oursWithRoom  = variant{name: "beckon, GOGC=400", stack: "beckon", env: []string{"GOGC=400"}}
	plainWithRoom = variant{name: "Pion, GOGC=400", stack: "pion", env: []string{"GOGC=400"}}
)

// volume is how much is sent in each load, in bytes, and smallVolume that in messages of less than 4 KiB.
const volume, smallVolume = 40 << 20, 12 << 20

// pings of a round, after some that are not counted: what runs for the first time takes longer.
const pings, warmUp = 1000, 50

type throughput struct {
	others []variant
	rate   series // MB/s
	cpu    series // CPU-seconds of both ends for a GB
	trip   series // µs
}

func newThroughput(b *bench) *throughput {
	return &throughput{b.others(), series{}, series{}, series{}}
}

func (t *throughput) section() section { return section{"throughput", t.measure, t.print} }

func (t *throughput) measure(b *bench, round int) error {
	return b.inTurn(append([]variant{ours, plain, oursWithRoom, plainWithRoom}, t.others...), round, func(v variant) error {
		if v.npm != "" {
			return b.pairInNode(v, func(first, second *remote) error {
				if err := connectInNode(first, second); err != nil {
					return err
				}
				return t.exchange(v, first, second)
			})
		}
		return b.pair(v, func(first, second *remote) error {
			if _, err := b.connect(first, second, Place{URL: b.server}); err != nil {
				return err
			}
			return t.exchange(v, first, second)
		})
	})
}

func sizes() []int { return []int{1 << 10, 16 << 10, 64 << 10, 256 << 10} }

// loadOf is as many messages of a size as have a number of bytes together.
func loadOf(size, volume int) Load { return Load{Size: size, Count: volume / size} }

func (l Load) gigabytes() float64 { return float64(l.Size) * float64(l.Count) / 1e9 }

func (t *throughput) exchange(v variant, first, second *remote) error {
	for _, size := range sizes() {
		load := loadOf(size, volume)
		if size < 4<<10 {
			load = loadOf(size, smallVolume)
		}
		sent, taken, err := both(first, second, "Send", "Take", load)
		if err != nil {
			return err
		}
		t.rate.add(bytesOf(size), v.name, 1000*load.gigabytes()/sent.Took.Seconds())
		t.cpu.add(bytesOf(size), v.name, (sent.CPU+taken.CPU).Seconds()/load.gigabytes())
	}
	return roundTrips(t.trip, v.name, first, second)
}

// The figures of a round trip.
const middling, slow = "p50", "p99"

// roundTrips adds those that a takes to b.
func roundTrips(to series, by string, a, b *remote) error {
	if _, _, err := both(a, b, "Ping", "Echo", Load{Size: 64, Count: warmUp}); err != nil {
		return err
	}
	asked, _, err := both(a, b, "Ping", "Echo", Load{Size: 64, Count: pings})
	if err == nil {
		to.add(middling, by, 1000*milliseconds(quantile(asked.Samples, 0.50)))
		to.add(slow, by, 1000*milliseconds(quantile(asked.Samples, 0.99)))
	}
	return err
}

func (t *throughput) print(out io.Writer) error {
	rows := [][]string{{"messages of", "beckon, MB/s", "Pion", "ratio", "CPU-s/GB", "Pion", "ratio", "per CPU-second"}}
	roomy := [][]string{{"messages of", "beckon, MB/s", "Pion", "CPU-s/GB", "Pion", "per CPU-second"}}
	for _, size := range sizes() {
		of := bytesOf(size)
		rows = append(rows, []string{
			of, t.rate.cell(of, ours.name, 0), t.rate.cell(of, plain.name, 0), t.rate.spread(of, ours.name, plain.name),
			t.cpu.cell(of, ours.name, 1), t.cpu.cell(of, plain.name, 1), t.cpu.spread(of, ours.name, plain.name), t.cpu.spread(of, plain.name, ours.name),
		})
		roomy = append(roomy, []string{
			of, t.rate.cell(of, oursWithRoom.name, 0), t.rate.cell(of, plainWithRoom.name, 0),
			t.cpu.cell(of, oursWithRoom.name, 1), t.cpu.cell(of, plainWithRoom.name, 1), t.cpu.spread(of, plainWithRoom.name, oursWithRoom.name),
		})
	}
	if err := table(out, "One channel from one Go process to another; CPU is that of both.", rows); err != nil {
		return err
	}
	if err := table(out, "The same with `GOGC=400` in all four processes.", roomy); err != nil {
		return err
	}
	for _, v := range t.others {
		rows := [][]string{{"messages of", v.name + ", MB/s", "beckon to it", "CPU-s/GB", "beckon to it", "per CPU-second"}}
		for _, size := range sizes() {
			of := bytesOf(size)
			rows = append(rows, []string{of, t.rate.cell(of, v.name, 0), t.rate.spread(of, ours.name, v.name),
				t.cpu.cell(of, v.name, 1), t.cpu.spread(of, ours.name, v.name), t.cpu.spread(of, v.name, ours.name)})
		}
		if err := table(out, fmt.Sprintf("The same from Node to Node with %s, of npm's `%s`.", v.name, v.npm), rows); err != nil {
			return err
		}
	}
	return t.printTrips(out)
}

func (t *throughput) printTrips(out io.Writer) error {
	rows := [][]string{{"64 bytes there and back, µs", "beckon", "Pion", "ratio"}}
	for _, v := range t.others {
		rows[0] = append(rows[0], v.name, "beckon to it")
	}
	for _, of := range []string{middling, slow} {
		row := []string{of, t.trip.cell(of, ours.name, 0), t.trip.cell(of, plain.name, 0), t.trip.spread(of, ours.name, plain.name)}
		for _, v := range t.others {
			row = append(row, t.trip.cell(of, v.name, 0), t.trip.spread(of, ours.name, v.name))
		}
		rows = append(rows, row)
	}
	return table(out, fmt.Sprintf("A round trip, of %d one after the other.", pings), rows)
}
