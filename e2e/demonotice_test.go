//go:build unix

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
)

// inView is an expression for whether all of the first element that a selector finds can be seen.
func inView(selector string) string {
	return `((at) => at.width > 0 && at.top >= 0 && at.bottom <= innerHeight)(` + find(selector) + `.getBoundingClientRect())`
}

// TestDemoNotices: what a person has to know is where they look. Of two links with different secrets both pages say so; an offer of files is said at
// the top of the page where its line is out of sight, and leads there; who is left alone is told that, and programs hear what a page calls itself.
func TestDemoNotices(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium, browser.Firefox)
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		b := serve(t, "127.0.0.1", "--grace", "1s")
		ada := openWindow(t, kind, b.Room, windowConfig{})
		bob := openWindow(t, kind, strings.Split(b.Room, "#")[0]+"#k=AAECAwQFBgcICQoLDA0ODw", windowConfig{})
		bob.resize(t, 390, 844)
		for _, w := range []*window{ada, bob} {
			w.until(t, with("unverified", "data-kind=differs")+".checkVisibility()")
			w.until(t, find("#announcer")+`.textContent.includes("Your link differs")`)
		}
		bob.shoot(t, "demo-differs-"+string(kind))
		bob.eval(t, "location.href = "+quoted(b.Room), nil)
		ada.meets(t, 1)
		bob.meets(t, 1)
		for _, w := range []*window{ada, bob} {
			w.until(t, "!"+with("unverified")+".checkVisibility()")
		}

		// On a phone the files are behind another tab, and in a low window below the fold.
		path, _ := someFile(t, "holiday.bin", 10)
		ada.resize(t, 1280, 500)
		for from, to := range map[*window]*window{ada: bob, bob: ada} {
			offerFiles(t, from, to, path)
			to.until(t, with("offers")+`.checkVisibility() && `+find("#offers-title")+`.textContent.endsWith("offers holiday.bin, 10 B.")`)
			to.shoot(t, "demo-offer-"+string(kind)+map[*window]string{ada: "-desktop", bob: "-phone"}[to])
			to.click(t, string(testID("offers-show")))
			to.until(t, "document.activeElement === "+with("offer-accept")+" && "+inView(string(testID("offer-accept"))))
			to.until(t, "!"+with("offers")+".checkVisibility()")
			to.click(t, string(testID("offer-accept")))
			to.until(t, find(incoming+"[data-state=done]"))
		}

		var called string
		ada.eval(t, with("own-name")+".placeholder", &called)
		if heard := namesHeard(t, b.Room); called == "" || !slices.Contains(heard, called) {
			t.Errorf("a program hears of %q, and the page is called %q", heard, called)
		}
		bob.eval(t, `location.href = "about:blank"`, nil)
		ada.until(t, find("#alone")+`.checkVisibility() && `+find("#alone-title")+`.textContent === "Everybody else has left"`)
		ada.quietly(t)
	})
}

// namesHeard joins the room of a link, and returns what the others say that they are called.
func namesHeard(t *testing.T, text string) (names []string) {
	t.Helper()
	link, err := peer.ParseLink(text)
	if err != nil {
		t.Fatal(err)
	}
	room, err := peer.Join(t.Context(), link.Server, link.Room, &peer.Config{Secret: link.Secret})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	for _, p := range room.Peers() {
		var said struct{ Name string }
		if err := json.Unmarshal(p.Attributes(), &said); err != nil {
			t.Fatal(err)
		}
		names = append(names, said.Name)
	}
	return names
}
