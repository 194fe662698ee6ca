//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/process"
)

// bulkVariable is how many MiB go to the slow reader, instead of 256: 4096 takes minutes.
const bulkVariable = "BECKONTEST_BULK_MIB"

// TestSlowReader sends far more than the memory that the two sides may use to one that reads slowly: neither grows by more than 64 MiB
// above what it uses when nothing is sent, and a page's heap stays flat. All of it arrives, in order.
//
//	BECKONTEST_BULK_MIB=4096 go test ./e2e -run TestSlowReader -v -timeout 30m
func TestSlowReader(t *testing.T) {
	t.Parallel()
	total := 256 << 20
	if text := os.Getenv(bulkVariable); text != "" {
		mib, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s: %v", bulkVariable, err)
		}
		total = mib << 20
	}
	// A page's heap is collected before each look at it, so what it holds is what the SDK keeps: a window, a queue, and what Chromium has not
	// copied yet. It does not depend on how much is sent.
	bounds := map[browser.Kind]int{golang: 64 << 20, browser.Chromium: 40 << 20}
	for _, pair := range [][2]browser.Kind{{golang, golang}, {golang, browser.Chromium}, {browser.Chromium, golang}} {
		t.Run(fmt.Sprintf("%s-to-%s", pair[0], pair[1]), func(t *testing.T) {
			t.Parallel()
			needAll(t, pair[:]...)
			s := newSiteFor(t, 5*time.Minute+time.Duration(total>>20)*200*time.Millisecond)
			b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin, "--grace", "1s")
			reports := make(chan bulkOutcome, 2)
			for i, kind := range pair {
				k := bulkTask{Server: b.Base, Room: b.Name, Sends: i == 0, Bytes: total, Message: 64 << 10, Portion: 16 << 20, Rounds: 20}
				s.startBulk(t, kind, k, reports)
			}
			for range pair {
				o := <-reports
				if o.err != nil {
					t.Fatalf("%s: %v", o.name, o.err)
				}
				grown := o.report.Peak - o.report.Idle
				t.Logf("%s: %d MiB when idle, at most %.1f MiB more", o.name, o.report.Idle>>20, float64(grown)/(1<<20))
				if grown > bounds[o.kind] {
					t.Errorf("%s grew by %d bytes, want at most %d", o.name, grown, bounds[o.kind])
				}
				if o.name == "reader" && o.report.Took != total {
					t.Errorf("%d bytes came, want %d", o.report.Took, total)
				}
			}
		})
	}
}

// bulkOutcome is a side's report, or why there is none.
type bulkOutcome struct {
	name   string
	kind   browser.Kind
	report bulkReport
	err    error
}

// startBulk begins one side, in a process of its own or in a page, whose outcome goes to reports.
func (s *site) startBulk(t *testing.T, kind browser.Kind, k bulkTask, reports chan<- bulkOutcome) {
	t.Helper()
	o := bulkOutcome{name: "reader", kind: kind}
	if k.Sends {
		o.name = "sender"
	}
	if kind != golang {
		p := s.openWith(t, browser.Config{Kind: kind, Flags: []string{"--enable-precise-memory-info", "--js-flags=--expose-gc"}}, "bulk.js", k)
		go func() {
			select {
			case v := <-p.verdicts:
				if o.err = json.Unmarshal(v.Data, &o.report); !v.OK {
					o.err = fmt.Errorf("%s", v.Error)
				}
			case <-p.browser.Done():
				o.err = fmt.Errorf("the browser ended")
			}
			reports <- o
		}()
		return
	}
	encoded, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(context.WithoutCancel(s.ctx), process.Config{
		Path: self, Stdout: &out,
		Env: append(os.Environ(), roleVariable+"="+string(roleBulk), taskVariable+"="+string(encoded)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	stop := context.AfterFunc(s.ctx, p.Close)
	t.Cleanup(func() { stop() })
	go func() {
		if o.err = p.Err(); o.err == nil {
			o.err = json.Unmarshal(out.Bytes(), &o.report)
		} else {
			o.err = fmt.Errorf("%w\n%s", o.err, p.Stderr())
		}
		reports <- o
	}()
}
