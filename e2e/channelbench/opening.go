//go:build linux

package main

import (
	"io"
	"time"
)

// openings are made in each round, of each kind.
const openings = 4

// opening measures the time from the call of join until a channel is open, and what that costs.
type opening struct {
	others    []variant
	near, far series // ms
	pair      series // ms of time and of CPU, for a pair on this machine of which nothing is watched
}

func newOpening(b *bench) *opening { return &opening{b.others(), series{}, series{}, series{}} }

func (o *opening) section() section { return section{"opening", o.measure, o.print} }

// The figures of a pair.
const timeOpen, cpuOpen, cpuAlone = "ms from joined to open", "CPU-ms of both ends", "less that of joining"

func (o *opening) measure(b *bench, round int) error {
	return b.inTurn(append([]variant{ours, plain}, o.others...), round, func(v variant) error {
		if v.npm != "" {
			return b.pairInNode(v, func(first, second *remote) error {
				return o.pairs(v, first, second, func() (time.Duration, error) {
					begun := time.Now()
					err := connectInNode(first, second)
					return time.Since(begun), err
				}, func() error { return nil })
			})
		}
		return b.pair(v, func(first, second *remote) error {
			if err := openingParts(b, v, first, second, o.near, o.far, false); err != nil {
				return err
			}
			return o.pairs(v, first, second, func() (time.Duration, error) {
				parts, err := b.connect(first, second, Place{URL: b.server})
				return parts.Open(), err
			}, func() error {
				to := Place{URL: b.server, Room: b.room(), Crowd: true} // where nobody connects by himself
				if err := first.call("Enter", to, nil); err != nil {
					return err
				}
				return second.call("Enter", to, nil)
			})
		})
	})
}

// openingParts adds the parts of openings by second to first, here and far away.
func openingParts(b *bench, v variant, first, second *remote, near, far series, alone bool) error {
	for _, to := range []Place{{URL: b.server, Watch: true}, {URL: b.far, Watch: true, Delay: away, Alone: alone}} {
		s := series{}
		for range openings {
			parts, err := b.connect(first, second, to)
			if err != nil {
				return err
			}
			for _, p := range partsOf(parts) {
				s.add(p.name, v.name, milliseconds(p.took))
			}
		}
		if err := part(second, first); err != nil {
			return err
		}
		if to.Delay > 0 {
			far.addRound(s)
		} else {
			near.addRound(s)
		}
	}
	return nil
}

// pairs measures what connect costs both ends, and what join does of it. The first is not counted: in it everything runs for the first time.
func (o *opening) pairs(v variant, first, second *remote, connect func() (time.Duration, error), join func() error) error {
	s := series{}
	for i := range 1 + 2*openings {
		start, err := cpuOf(first, second)
		if err != nil {
			return err
		}
		if err := join(); err != nil {
			return err
		}
		joined, err := cpuOf(first, second)
		if err != nil {
			return err
		}
		took, err := connect()
		if err != nil {
			return err
		}
		open, err := cpuOf(first, second)
		if err != nil {
			return err
		}
		if i > 0 {
			s.add(timeOpen, v.name, milliseconds(took))
			s.add(cpuOpen, v.name, milliseconds(open-joined))
			s.add(cpuAlone, v.name, milliseconds(open-joined-(joined-start)))
		}
	}
	o.pair.addRound(s)
	return part(second, first)
}

type namedPart struct {
	name string
	took time.Duration
}

// The two sums.
const joinedToOpen, callToOpen = "**from joined to open**", "from the call of join to open"

func partsOf(p Parts) []namedPart {
	return []namedPart{
		{"the join", p.Join}, {"signals", p.Signals}, {"ICE", p.ICE}, {"DTLS", p.DTLS}, {"SCTP and the channel", p.Channel},
		{joinedToOpen, p.Open()}, {callToOpen, p.Join + p.Open()},
	}
}

// openingTable has the parts of both, far and here.
func openingTable(out io.Writer, title string, far, near series) error {
	rows := [][]string{{"ms", "beckon, 50 ms", plain.name, "ratio", "beckon, here", plain.name, "ratio"}}
	for _, p := range partsOf(Parts{}) {
		row := []string{p.name}
		for _, s := range []series{far, near} {
			row = append(row, s.cell(p.name, ours.name, 1), s.cell(p.name, plain.name, 1), s.spread(p.name, ours.name, plain.name))
		}
		rows = append(rows, row)
	}
	return table(out, title, rows)
}

func (o *opening) print(out io.Writer) error {
	if err := openingTable(out, "Opening a channel to somebody who is in the room, with a round trip of 50 ms between the two, and of 25 ms to the signaling server; or none.", o.far, o.near); err != nil {
		return err
	}
	rows := [][]string{{"a pair, on this machine", "beckon", "Pion", "ratio"}}
	for _, v := range o.others {
		rows[0] = append(rows[0], v.name, "beckon to it")
	}
	for _, of := range []string{timeOpen, cpuOpen, cpuAlone} {
		row := []string{of, o.pair.cell(of, ours.name, 1), o.pair.cell(of, plain.name, 1), o.pair.spread(of, ours.name, plain.name)}
		for _, v := range o.others {
			row = append(row, o.pair.cell(of, v.name, 1), o.pair.spread(of, ours.name, v.name))
		}
		rows = append(rows, row)
	}
	return table(out, "What it takes to open a pair. Those in Node have no room to join, and their signals go through the process that measures.", rows)
}
