//go:build linux

package main

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// A page does what it is asked, whoever comes to whom, with our SDK and with the browser's own connections.
func TestPage(t *testing.T) {
	browser.Need(t, browser.Chromium)
	for _, v := range []variant{ours, plain} {
		t.Run(v.name, func(t *testing.T) {
			b, end, _ := twoEnds(t, v.stack)
			page, err := b.open(v)
			must(t, err)
			defer page.close()
			to := Place{URL: b.far, Room: b.room(), Watch: true, Delay: time.Millisecond, Alone: true}
			must(t, page.call("Enter", to, nil))
			waits := page.client.Go("End.Await", Load{}, nil, nil)
			var parts Parts
			must(t, end.Join(to, &parts))
			must(t, await(waits))
			if parts.Join <= 0 || parts.Signals <= 0 || parts.ICE <= 0 || parts.DTLS <= 0 {
				t.Errorf("a part of the opening was not seen: %+v", parts)
			}
			var f Figures
			for does, do := range map[string]func(Load, *Figures) error{"Send": end.Take, "Take": end.Send, "Echo": end.Ping, "Ping": end.Echo} {
				load := Load{Size: 16 << 10, Count: 20}
				asked := page.client.Go("End."+does, load, &f, nil)
				must(t, do(load, new(Figures)))
				must(t, await(asked))
			}
			used, err := usageOf(page.browser.PID())
			must(t, err)
			if used[renderer].bytes == 0 || used[network].bytes == 0 || used[renderer].cpu == 0 {
				t.Errorf("the processes have used %+v", used)
			}
			must(t, page.call("Leave", Load{}, nil))
			must(t, end.Leave(Load{}, nil))

			crowd := Place{URL: b.server, Room: b.room(), Crowd: true}
			must(t, page.call("Host", crowd, nil))
			must(t, end.Visit(crowd, nil))
			must(t, end.Visit(crowd, nil))
			must(t, page.call("Measure", Load{}, nil))

			to = Place{URL: b.server, Room: b.room()}
			must(t, end.Enter(to, nil))
			came := make(chan error, 1)
			go func() { came <- end.Await(Load{}, nil) }()
			must(t, page.call("Join", to, &parts))
			must(t, <-came)
			if parts.Join <= 0 || parts.Channel <= 0 {
				t.Errorf("the page's parts are %+v", parts)
			}
		})
	}
}

// What is asked of a page that is gone is an error.
func TestPageGone(t *testing.T) {
	browser.Need(t, browser.Chromium)
	b, _, _ := twoEnds(t, ours.stack)
	page, err := b.open(ours)
	must(t, err)
	page.close()
	if err := page.call("Leave", Load{}, nil); err == nil {
		t.Error("a page that is gone did what it was asked")
	}
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	b.ctx = ctx
	if _, err := b.open(ours); err == nil {
		t.Error("a page was opened after the end")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	group, cpu, err := parseStat([]byte("7 (a (b) c) S 1 42 42 0 -1 0 9 9 9 9 150 50 9 9 20 0 1 0 99"))
	if err != nil || group != 42 || cpu != 2*time.Second {
		t.Errorf("group %d, %v, %v", group, cpu, err)
	}
	for _, bad := range []string{"7 (a) S 1", "7 (a) S 1 x 42 0 -1 0 9 9 9 9 150 50 9"} {
		if _, _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if got := private([]byte("Rss: 900 kB\nPrivate_Clean:  8 kB\nPrivate_Dirty: 4 kB\nPrivate_Hugetlb: x kB\n")); got != 12<<10 {
		t.Errorf("%d bytes", got)
	}
	for line, want := range map[string]string{
		"chromium\x00--type=renderer": renderer, "chromium\x00--utility-sub-type=network.mojom.NetworkService": network, "chromium": rest,
	} {
		if got := kindOf(line); got != want {
			t.Errorf("%q is %s", line, got)
		}
	}
	if _, err := usageOf(os.Getpid() + 1<<23); err == nil { // above what the kernel gives out
		t.Error("a group that nobody is in has used something: " + strconv.Itoa(os.Getpid()))
	}
}
