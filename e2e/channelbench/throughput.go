//go:build linux

package main

import (
	"fmt"
	"io"
	"strconv"
)

// The variants that send. Go's garbage collector runs more often the less memory a program has in use, which is next to none in these:
// most programs are nearer to GOGC=400.
var (
	ours, plain   = variant{name: "beckon", stack: "beckon"}, variant{name: "Pion", stack: "pion"}
	oursWithRoom  = variant{name: "beckon, GOGC=400", stack: "beckon", env: []string{"GOGC=400"}}
	plainWithRoom = variant{name: "Pion, GOGC=400", stack: "pion", env: []string{"GOGC=400"}}
)

// volume is how much is sent in each load, in bytes, and smallVolume that in messages of less than 4 KiB.
const volume, smallVolume = 40 << 20, 12 << 20

// pings of a round.
const pings = 1000

type throughput struct {
	variants []variant
	rate     series // MB/s
	cpu      series // CPU-seconds of both ends for a GB
	trip     series // µs
}

func newThroughput(b *bench) *throughput {
	t := &throughput{variants: []variant{ours, plain, oursWithRoom, plainWithRoom}, rate: series{}, cpu: series{}, trip: series{}}
	if b.options.wrtc != "" {
		t.variants = append(t.variants, libwebrtc)
	}
	return t
}

func (t *throughput) section() section { return section{"throughput", t.measure, t.print} }

func (t *throughput) measure(b *bench, round int) error {
	return inTurn(t.variants, round, func(v variant) error {
		if v.name == libwebrtc.name {
			return b.pairInNode(func(first, second *remote) error { return t.exchange(v, first, second) })
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

func (t *throughput) exchange(v variant, first, second *remote) error {
	for _, size := range sizes() {
		load := Load{Size: size, Count: volume / size}
		if size < 4<<10 {
			load.Count = smallVolume / size
		}
		sent, taken, err := both(first, second, "Send", "Take", load)
		if err != nil {
			return err
		}
		gigabytes := float64(load.Size*load.Count) / 1e9
		t.rate.add(bytesOf(size), v.name, 1000*gigabytes/sent.Took.Seconds())
		t.cpu.add(bytesOf(size), v.name, (sent.CPU+taken.CPU).Seconds()/gigabytes)
	}
	asked, _, err := both(first, second, "Ping", "Echo", Load{Size: 64, Count: pings})
	if err != nil {
		return err
	}
	t.trip.add("p50", v.name, 1000*milliseconds(quantile(asked.Samples, 0.50)))
	t.trip.add("p99", v.name, 1000*milliseconds(quantile(asked.Samples, 0.99)))
	return nil
}

func (t *throughput) print(out io.Writer) error {
	rows := [][]string{{"messages of", "beckon, MB/s", "Pion", "ratio", "CPU-s/GB", "Pion", "ratio", "per CPU-second", "GOGC=400: CPU-s/GB", "Pion", "per CPU-second"}}
	for _, size := range sizes() {
		of := bytesOf(size)
		rows = append(rows, []string{
			of,
			number(t.rate.median(of, ours.name), 0), number(t.rate.median(of, plain.name), 0), number(t.rate.ratio(of, ours.name, plain.name), 2),
			number(t.cpu.median(of, ours.name), 1), number(t.cpu.median(of, plain.name), 1), number(t.cpu.ratio(of, ours.name, plain.name), 2),
			number(t.cpu.ratio(of, plain.name, ours.name), 2) + "×",
			number(t.cpu.median(of, oursWithRoom.name), 1), number(t.cpu.median(of, plainWithRoom.name), 1),
			number(t.cpu.ratio(of, plainWithRoom.name, oursWithRoom.name), 2) + "×",
		})
	}
	if err := table(out, "One channel from one process to another; CPU is that of both.", rows); err != nil {
		return err
	}
	rows = [][]string{{"64 bytes there and back, µs", "beckon", "Pion", "ratio"}}
	for _, of := range []string{"p50", "p99"} {
		rows = append(rows, []string{of, number(t.trip.median(of, ours.name), 0), number(t.trip.median(of, plain.name), 0),
			number(t.trip.ratio(of, ours.name, plain.name), 2)})
	}
	if err := table(out, fmt.Sprintf("A round trip, of %d one after the other.", pings), rows); err != nil {
		return err
	}
	return t.printForeign(out)
}

func (t *throughput) printForeign(out io.Writer) error {
	if len(t.rate[[2]string{bytesOf(sizes()[0]), libwebrtc.name}]) == 0 {
		_, err := fmt.Fprintln(out, "\nlibwebrtc was not measured: see -wrtc.")
		return err
	}
	rows := [][]string{{"messages of", "libwebrtc, MB/s", "beckon to it", "CPU-s/GB", "beckon to it", "per CPU-second"}}
	for _, size := range sizes() {
		of := bytesOf(size)
		rows = append(rows, []string{of, number(t.rate.median(of, libwebrtc.name), 0), number(t.rate.ratio(of, ours.name, libwebrtc.name), 2),
			number(t.cpu.median(of, libwebrtc.name), 1), number(t.cpu.ratio(of, ours.name, libwebrtc.name), 2),
			number(t.cpu.ratio(of, libwebrtc.name, ours.name), 2) + "×"})
	}
	return table(out, fmt.Sprintf("The same from Node to Node with npm's @roamhq/wrtc, which is libwebrtc; its round trip takes %s µs (p50) and %s µs (p99).",
		number(t.trip.median("p50", libwebrtc.name), 0), number(t.trip.median("p99", libwebrtc.name), 0)), rows)
}

func number(f float64, digits int) string { return strconv.FormatFloat(f, 'f', digits, 64) }
