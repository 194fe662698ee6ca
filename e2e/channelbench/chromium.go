//go:build linux

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// browsed is how much a browser gets and sends in each load, in bytes, and smallBrowsed that in small messages: it is slower.
const browsed, smallBrowsed = 16 << 20, 6 << 20

// The two ways of a load.
const toPage, fromPage = "to the page", "from it"

// chromium measures a Go end with a page: ours with our SDK, and plain Pion with a plain RTCPeerConnection.
type chromium struct {
	missing   string // a sentence; "" if it is there
	rate      series // MB/s
	cpu       series // CPU-seconds of the Go end for a GB
	pageCPU   map[string]series
	trip      series // µs
	near, far series // ms, of a Go end that comes to a page
	comes     series // ms, of a page that comes to a Go end
	host      *memory
	page      series // kB of the page's memory
}

// allOf is the sum over a browser's processes.
const allOf = "all"

func newChromium() *chromium {
	_, missing := browser.Find(browser.Chromium)
	return &chromium{missing, series{}, series{}, map[string]series{allOf: {}, renderer: {}, network: {}}, series{},
		series{}, series{}, series{}, newMemory(), series{}}
}

func (c *chromium) section() section { return section{"chromium", c.measure, c.print} }

func (c *chromium) measure(b *bench, round int) error {
	if c.missing != "" {
		return nil
	}
	return b.inTurn([]variant{ours, plain}, round, func(v variant) error {
		for _, do := range []func(b *bench, v variant, end *remote, page *tab) error{c.exchange, c.open, c.crowd, c.crowdOfPage} {
			if err := withPage(b, v, do); err != nil {
				return err
			}
		}
		return nil
	})
}

// withPage starts the two ends, and closes them when do returns.
func withPage(b *bench, v variant, do func(b *bench, v variant, end *remote, page *tab) error) error {
	end, err := b.start(v)
	if err != nil {
		return err
	}
	defer end.close()
	page, err := b.open(v)
	if err != nil {
		return err
	}
	defer page.close()
	return do(b, v, end, page)
}

// exchange measures what a channel carries.
func (c *chromium) exchange(b *bench, v variant, end *remote, page *tab) error {
	if _, err := b.connect(end, &page.remote, Place{URL: b.server}); err != nil {
		return err
	}
	for _, size := range sizes() {
		load := loadOf(size, browsed)
		if size < 4<<10 {
			load = loadOf(size, smallBrowsed)
		}
		for _, way := range []string{toPage, fromPage} {
			does, answers := "Send", "Take"
			if way == fromPage {
				does, answers = answers, does
			}
			before, err := usageOf(page.browser.PID())
			if err != nil {
				return err
			}
			f, _, err := both(end, &page.remote, does, answers, load)
			if err != nil {
				return err
			}
			after, err := usageOf(page.browser.PID())
			if err != nil {
				return err
			}
			of := rowOf(size, way)
			c.rate.add(of, v.name, 1000*load.gigabytes()/f.Took.Seconds())
			c.cpu.add(of, v.name, f.CPU.Seconds()/load.gigabytes())
			var sum time.Duration
			for _, kind := range []string{renderer, network, rest} {
				used := after[kind].cpu - before[kind].cpu
				sum += used
				if s := c.pageCPU[kind]; s != nil {
					s.add(of, v.name, used.Seconds()/load.gigabytes())
				}
			}
			c.pageCPU[allOf].add(of, v.name, sum.Seconds()/load.gigabytes())
		}
	}
	return roundTrips(c.trip, v.name, end, &page.remote)
}

func rowOf(size int, way string) string { return bytesOf(size) + ", " + way }

// open measures both ways of coming to the other.
func (c *chromium) open(b *bench, v variant, end *remote, page *tab) error {
	if err := openingParts(b, v, &page.remote, end, c.near, c.far, true); err != nil {
		return err
	}
	s := series{}
	for range openings {
		parts, err := b.connect(end, &page.remote, Place{URL: b.server})
		if err != nil {
			return err
		}
		s.add(joinedToOpen, v.name, milliseconds(parts.Open()))
		s.add(callToOpen, v.name, milliseconds(parts.Join+parts.Open()))
	}
	c.comes.addRound(s)
	return part(&page.remote, end)
}

// crowd has a page come to a Go end many times.
func (c *chromium) crowd(b *bench, v variant, end *remote, page *tab) error {
	return c.host.crowd(b, v, end, &page.remote)
}

// crowdOfPage has a Go end come to a page many times.
func (c *chromium) crowdOfPage(b *bench, v variant, end *remote, page *tab) error {
	seen := map[int]map[string]usage{}
	err := b.visits(&page.remote, end, func(n int) error {
		if err := page.call("Measure", Load{}, nil); err != nil {
			return err
		}
		u, err := usageOf(page.browser.PID())
		seen[n] = u
		return err
	})
	if err != nil {
		return err
	}
	for _, kind := range []string{renderer, network} {
		c.page.add(kind, v.name, (float64(seen[many][kind].bytes)-float64(seen[few][kind].bytes))/(many-few)/1000)
	}
	return nil
}

func (c *chromium) print(out io.Writer) error {
	if c.missing != "" {
		_, err := fmt.Fprintf(out, "\nWithout Chromium: %s\n", c.missing)
		return err
	}
	rows := [][]string{{"messages of", "beckon, MB/s", "plain", "ratio", "CPU-s/GB of Go", "plain", "ratio", "of Chromium", "plain", "ratio", "its page", "its sockets"}}
	for _, size := range sizes() {
		for _, way := range []string{toPage, fromPage} {
			of, all := rowOf(size, way), c.pageCPU[allOf]
			rows = append(rows, []string{
				of, c.rate.cell(of, ours.name, 0), c.rate.cell(of, plain.name, 0), c.rate.spread(of, ours.name, plain.name),
				c.cpu.cell(of, ours.name, 1), c.cpu.cell(of, plain.name, 1), c.cpu.spread(of, ours.name, plain.name),
				all.cell(of, ours.name, 1), all.cell(of, plain.name, 1), all.spread(of, ours.name, plain.name),
				c.pageCPU[renderer].cell(of, ours.name, 1), c.pageCPU[network].cell(of, ours.name, 1),
			})
		}
	}
	if err := table(out, "A Go program and a page in Chromium with our SDKs, beside plain Pion and a page with a plain RTCPeerConnection.", rows); err != nil {
		return err
	}
	rows = [][]string{{"64 bytes there and back, µs", "beckon", "plain", "ratio"}}
	for _, of := range []string{middling, slow} {
		rows = append(rows, besidePlain(of, c.trip, of))
	}
	if err := table(out, "A round trip from a Go program to a page.", rows); err != nil {
		return err
	}
	if err := openingTable(out, "A Go program opens a channel to a page that is in the room, far away or here.", c.far, c.near); err != nil {
		return err
	}
	rows = [][]string{{"ms", "beckon, here", "plain", "ratio"}, besidePlain(joinedToOpen, c.comes, joinedToOpen), besidePlain(callToOpen, c.comes, callToOpen)}
	if err := table(out, "A page opens a channel to a Go program that is in the room, here.", rows); err != nil {
		return err
	}
	return table(out, "An idle peer connection between a Go program and a page.", [][]string{
		{"each", "beckon", "plain", "ratio"},
		besidePlain("kB of heap and stacks, Go", c.host.bytes, ""), besidePlain("goroutines, Go", c.host.goroutines, ""),
		besidePlain("kB of memory, the page's process", c.page, renderer), besidePlain("kB of memory, the process of its sockets", c.page, network),
	})
}
