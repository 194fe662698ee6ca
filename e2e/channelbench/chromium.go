//go:build linux

package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/rpc"
	"net/url"
	"os"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

//go:embed page.html
var page []byte

// servePage serves what a browser opens, and prints what goes wrong there.
func servePage(mux *http.ServeMux) {
	mux.HandleFunc("GET /bench/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.HandleFunc("POST /bench/failed", func(_ http.ResponseWriter, r *http.Request) {
		said, _ := io.ReadAll(io.LimitReader(r.Body, 4<<10))
		fmt.Fprintf(os.Stderr, "the page: %s\n", said)
	})
}

// browsed is how much a browser gets and sends in each load, in bytes: it is slower.
const browsed = 24 << 20

// chromium measures our Go peer with our SDK in Chromium.
type chromium struct {
	missing string // a sentence; "" if it is there
	rate    series // MB/s
	cpu     series // CPU-seconds of the Go end for a GB
	trip    series // µs
}

func newChromium() *chromium {
	_, missing := browser.Find(browser.Chromium)
	return &chromium{missing: missing, rate: series{}, cpu: series{}, trip: series{}}
}

func (c *chromium) section() section { return section{"chromium", c.measure, c.print} }

func (c *chromium) loads() (loads []Load) {
	for _, size := range sizes()[1:] {
		loads = append(loads, Load{Size: size, Count: browsed / size})
	}
	return loads
}

// The two ways of a load.
const toPage, fromPage = "Go to Chromium", "Chromium to Go"

func (c *chromium) measure(b *bench, _ int) error {
	if c.missing != "" {
		return nil
	}
	end, err := b.start(ours)
	if err != nil {
		return err
	}
	defer end.close()
	room := b.room()
	if err := end.call("Enter", Place{URL: b.server, Room: room}, nil); err != nil {
		return err
	}
	waits := end.client.Go("End.Await", Load{}, nil, make(chan *rpc.Call, 1))
	task, err := json.Marshal(map[string]any{"room": room, "loads": c.loads()})
	if err != nil {
		return err
	}
	tab, err := browser.Start(b.ctx, browser.Chromium, b.server+"/bench/page#"+url.PathEscape(string(task)))
	if err != nil {
		return err
	}
	defer tab.Close()
	if err := await(waits); err != nil {
		return err
	}
	for _, load := range c.loads() {
		for _, way := range []string{toPage, fromPage} {
			method := "Send"
			if way == fromPage {
				method = "Take"
			}
			var f Figures
			if err := end.call(method, load, &f); err != nil {
				return err
			}
			gigabytes := float64(load.Size*load.Count) / 1e9
			c.rate.add(bytesOf(load.Size), way, 1000*gigabytes/f.Took.Seconds())
			c.cpu.add(bytesOf(load.Size), way, f.CPU.Seconds()/gigabytes)
		}
	}
	var f Figures
	if err := end.call("Ping", Load{Size: 64, Count: pings}, &f); err != nil {
		return err
	}
	c.trip.add("p50", "", 1000*milliseconds(quantile(f.Samples, 0.50)))
	c.trip.add("p99", "", 1000*milliseconds(quantile(f.Samples, 0.99)))
	return nil
}

func (c *chromium) print(out io.Writer) error {
	if c.missing != "" {
		_, err := fmt.Fprintf(out, "\nWithout Chromium: %s\n", c.missing)
		return err
	}
	rows := [][]string{{"messages of", toPage + ", MB/s", fromPage, "CPU-s/GB of Go, to", "from"}}
	for _, load := range c.loads() {
		of := bytesOf(load.Size)
		rows = append(rows, []string{of, number(c.rate.median(of, toPage), 0), number(c.rate.median(of, fromPage), 0),
			number(c.cpu.median(of, toPage), 1), number(c.cpu.median(of, fromPage), 1)})
	}
	return table(out, fmt.Sprintf("A Go program and a page in Chromium, both with our SDKs. A round trip of 64 bytes: p50 %s µs, p99 %s µs.",
		number(c.trip.median("p50", ""), 0), number(c.trip.median("p99", ""), 0)), rows)
}
