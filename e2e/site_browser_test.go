//go:build unix

package e2e

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
)

// eachBrowser runs the test once for every kind, as sub-tests.
func eachBrowser(t *testing.T, test func(t *testing.T, kind browser.Kind)) {
	for _, kind := range browser.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			browser.Need(t, kind)
			test(t, kind)
		})
	}
}

func TestPageFindsWhatTheSDKNeeds(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		s := newSite(t)
		var found struct {
			Agent, Origin       string
			RTC, Socket, Secure bool
			Random              int
		}
		s.open(t, kind, "surroundings.js", nil).verdict(t, &found)
		name := map[browser.Kind]string{browser.Chromium: "Chrome/", browser.Firefox: "Firefox/"}[kind]
		if !strings.Contains(found.Agent, name) {
			t.Errorf("the browser says that it is %q, want %q in that", found.Agent, name)
		}
		if !found.RTC || !found.Socket || found.Random != 8 || found.Origin != s.Origin {
			t.Errorf("the page found %+v; want WebRTC, WebSocket, random bytes and the origin %s", found, s.Origin)
		}
		// Plain HTTP at an address is what a first user has, without the
		// interfaces that a browser keeps for HTTPS (crypto.subtle is one).
		if found.Secure {
			t.Error("the page is a secure context: it would not notice a use of what first users lack")
		}
	})
}

func TestPageThatFails(t *testing.T) {
	t.Parallel()
	// One engine for what is the page's own doing, both where they differ.
	for _, c := range []struct {
		kind browser.Kind
		how  string
		want []string // all in the verdict's error
	}{
		{browser.Chromium, "throw", []string{"TypeError: thrown by the script", "fails.js", "caused by Error: the reason"}},
		{browser.Chromium, "import", []string{"TypeError: ", "missing.js"}},
		{browser.Chromium, "event", []string{"SyntaxError: thrown by a callback", "fails.js"}},
		{browser.Chromium, "reject", []string{"RangeError: rejected by nobody's promise", "fails.js"}},
		{browser.Firefox, "event", []string{"SyntaxError: thrown by a callback", "fails.js"}},
		{browser.Firefox, "reject", []string{"RangeError: rejected by nobody's promise", "fails.js"}},
	} {
		t.Run(string(c.kind)+"/"+c.how, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.open(t, c.kind, "fails.js", map[string]string{"how": c.how})
			v := p.await(t)
			if v.OK {
				t.Fatalf("the verdict is good: %s", v.Data)
			}
			for _, part := range c.want {
				if !strings.Contains(v.Error, part) {
					t.Errorf("the verdict lacks %q: %s", part, v.Error)
				}
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.log) != 1 || !strings.HasSuffix(p.log[0], "about to "+c.how) {
				t.Errorf("the log is %q", p.log)
			}
		})
	}
}

func TestPageThatFailsAfterItsVerdict(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.open(t, browser.Chromium, "fails.js", map[string]string{"how": "late"})
	p.verdict(t, nil)
	select {
	case late := <-p.late: // taken, or the page's close would fail this test
		if !strings.Contains(late, "thrown after the verdict") {
			t.Errorf("the late failure is %q", late)
		}
	case <-s.ctx.Done():
		t.Error("the late failure did not arrive")
	}
}

func TestTwoConnectionsInOnePage(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		s := newSite(t)
		type candidate struct{ CandidateType, Address, Protocol string }
		var got struct {
			Sums          []int
			Expected      int
			Local, Remote candidate
			Gathered      []string
		}
		s.open(t, kind, "two.js", map[string]int{"bytes": 60_000}).verdict(t, &got)
		if len(got.Sums) != 2 || got.Expected == 0 || got.Sums[0] != got.Expected || got.Sums[1] != got.Expected {
			t.Errorf("sent bytes of sum %d, received %d", got.Expected, got.Sums)
		}
		// The address itself, not an mDNS name: peers outside of the browser
		// must be able to use it. Which one of the machine's it is, IPv4 or
		// IPv6, is a race. So is whether a candidate or its first packet
		// arrives before: the remote one may be peer reflexive.
		own := interfaceAddrs(t)
		if got.Local.CandidateType != "host" || got.Local.Protocol != "udp" || !own[got.Local.Address] || !own[got.Remote.Address] {
			t.Errorf("connected from %+v to %+v, want host candidates over UDP of %v", got.Local, got.Remote, own)
		}
		if ip := hostIP(t).String(); !slices.Contains(got.Gathered, ip) {
			t.Errorf("gathered candidates of %q, want %s among them", got.Gathered, ip)
		}
		for _, address := range got.Gathered {
			if strings.HasSuffix(address, ".local") {
				t.Errorf("gathered a candidate of %q, which hides the address", address)
			}
		}
	})
}

// interfaceAddrs returns the machine's own addresses but loopback's.
func interfaceAddrs(t *testing.T) map[string]bool {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	own := make(map[string]bool)
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLoopback() {
			own[prefix.Addr().Unmap().String()] = true
		}
	}
	return own
}

func TestBrowsersSideBySide(t *testing.T) {
	t.Parallel()
	browser.Need(t, browser.Kinds()...)
	s := newSite(t)
	var pages []*page
	for _, kind := range browser.Kinds() {
		pages = append(pages, s.open(t, kind, "surroundings.js", nil))
	}
	for _, p := range pages {
		p.verdict(t, nil)
	}
}
