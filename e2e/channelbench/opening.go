//go:build linux

package main

import (
	"io"
	"time"
)

// openings are made in each round.
const openings = 4

// opening measures the time from the call of join until a channel is open.
type opening struct {
	near, far series // ms
}

func newOpening() *opening { return &opening{series{}, series{}} }

func (o *opening) section() section { return section{"opening", o.measure, o.print} }

func (o *opening) measure(b *bench, round int) error {
	return inTurn([]variant{ours, plain}, round, func(v variant) error {
		return b.pair(v, func(first, second *remote) error {
			for _, to := range []Place{{URL: b.server, Watch: true}, {URL: b.far, Watch: true, Delay: away}} {
				for range openings {
					parts, err := b.connect(first, second, to)
					if err != nil {
						return err
					}
					if err := part(second, first); err != nil {
						return err
					}
					s := o.near
					if to.Delay > 0 {
						s = o.far
					}
					for _, p := range partsOf(parts) {
						s.add(p.name, v.name, milliseconds(p.took))
					}
				}
			}
			return nil
		})
	})
}

type namedPart struct {
	name string
	took time.Duration
}

func partsOf(p Parts) []namedPart {
	return []namedPart{
		{"the join", p.Join}, {"signals", p.Signals}, {"ICE", p.ICE}, {"DTLS", p.DTLS}, {"SCTP and the channel", p.Channel},
		{"**from joined to open**", p.Open()}, {"from the call of join to open", p.Join + p.Open()},
	}
}

func (o *opening) print(out io.Writer) error {
	rows := [][]string{{"ms", "beckon, 50 ms", "Pion", "ratio", "beckon, here", "Pion", "ratio"}}
	for _, p := range partsOf(Parts{}) {
		row := []string{p.name}
		for _, s := range []series{o.far, o.near} {
			row = append(row, number(s.median(p.name, ours.name), 1), number(s.median(p.name, plain.name), 1), number(s.ratio(p.name, ours.name, plain.name), 2))
		}
		rows = append(rows, row)
	}
	return table(out, "Opening a channel to somebody who is in the room, with a round trip of 50 ms between the two, and of 25 ms to the signaling server; or none.", rows)
}
