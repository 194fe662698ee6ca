//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
)

// script is an expression that stands in a file of testdata/demo.
func script(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "demo", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// with is an expression for the first element with that data-testid and those attributes.
func with(id string, attributes ...string) string { return find(string(testID(id, attributes...))) }

// resize gives the page a size.
func (w *window) resize(t *testing.T, width, height int) {
	t.Helper()
	if err := w.Size(w.ctx, width, height); err != nil {
		t.Fatal(err)
	}
	w.until(t, fmt.Sprintf("innerWidth === %d", width))
}

// press presses a key.
func (w *window) press(t *testing.T, key browser.Key) {
	t.Helper()
	if err := w.Press(w.ctx, key, false); err != nil {
		t.Fatal(err)
	}
}

// write types a text into a field, and presses Enter there.
func (w *window) write(t *testing.T, id, text string) {
	t.Helper()
	w.until(t, with(id))
	w.eval(t, with(id)+".focus()", nil)
	if err := w.Type(w.ctx, text); err != nil {
		t.Fatal(err)
	}
	w.press(t, browser.Enter)
}

// meets waits until so many others are connected and verified.
func (w *window) meets(t *testing.T, others int) {
	t.Helper()
	w.until(t, fmt.Sprintf("document.querySelectorAll(%s).length === %d", quoted(string(testID("peer", "data-state=connected", "data-trust=verified", "data-path=direct"))), others))
}

// hears waits until so many messages are shown.
func (w *window) hears(t *testing.T, messages int) {
	t.Helper()
	w.until(t, fmt.Sprintf("document.querySelectorAll('[data-testid=message]').length >= %d", messages))
}

// messages are what is said, in the order of the page: who (an own one is the name's), and what.
func (w *window) messages(t *testing.T, own string) []string {
	t.Helper()
	var said []string
	w.eval(t, fmt.Sprintf(`[...document.querySelectorAll("[data-testid=message]")].map((m) =>
		(m.dataset.own === undefined ? m.querySelector("[data-testid=message-name]").textContent : %s) + ": " +
		m.querySelector("[data-testid=message-text]").textContent)`, quoted(own)), &said)
	return said
}

// settled waits until nothing on the page is on its way from one look to another.
func (w *window) settled(t *testing.T) {
	t.Helper()
	w.eval(t, "Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished))", nil)
}

// lookedAt has the page looked at in both sizes, and every part of it: nothing sticks out or is too small, every text can be read. It leaves
// pictures.
func (w *window) lookedAt(t *testing.T, name string) {
	t.Helper()
	contrast, layout := script(t, "contrast.js"), script(t, "layout.js")
	check := func(what, expression string) {
		var found []string
		w.settled(t)
		if w.eval(t, expression, &found); len(found) > 0 {
			t.Errorf("%s, %s in %s:\n%s", name, what, w.kind, strings.Join(found, "\n"))
		}
	}
	for _, width := range []int{1680, 900} {
		w.resize(t, width, 1000)
		check(fmt.Sprintf("layout at %d", width), layout)
	}
	w.resize(t, 1280, 800)
	check("layout on a desktop", layout)
	check("contrast on a desktop", contrast)
	w.shoot(t, name+"-desktop")
	for _, width := range []int{320, 390} {
		w.resize(t, width, 844)
		for _, tab := range []string{"chat", "files", "game", "people"} {
			w.click(t, string(testID("tab-"+tab)))
			check(fmt.Sprintf("%s at %d", tab, width), layout)
			check(fmt.Sprintf("contrast of %s at %d", tab, width), contrast)
			if width == 390 {
				w.shoot(t, name+"-phone-"+tab)
			}
		}
	}
	var company bool
	if w.eval(t, with("peer-details")+" !== null", &company); company {
		w.click(t, string(testID("peer-details")))
		check("the dialog on a phone", layout)
		check("contrast of the dialog", contrast)
		w.shoot(t, name+"-phone-dialog")
		w.press(t, browser.Escape)
		w.until(t, "!document.querySelector('dialog[open]')")
	}
	w.resize(t, 1280, 800)
}

// givenUp tells a line that Firefox writes, as an error, when a page closes a WebSocket that is not open yet. That is no fault: the SDK does so when
// one way to the server takes long, as on a busy machine, and goes another or tries again.
func givenUp(line string) bool {
	return strings.Contains(line, "establish a connection to the server at ws") || strings.Contains(line, "/v1/ws was interrupted while the page was loading")
}

// quietly checks that the page had nothing to complain of.
func (w *window) quietly(t *testing.T) {
	t.Helper()
	for _, line := range w.Console() {
		if givenUp(line) {
			continue
		}
		if strings.Contains(line, `"error"`) || strings.Contains(line, "exceptionDetails") {
			t.Errorf("the console of %s: %s", w.kind, line)
		}
	}
}

// TestDemoPage: people meet in both browsers by a link with a secret. They are verified, and have the same safety number on both sides; they talk, and
// who reloads or comes later knows what was said. Who has not the secret is refused, and told why. The page can be looked at, everywhere.
func TestDemoPage(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium, browser.Firefox)
	b := serve(t, "127.0.0.1", "--grace", "1s")
	long := windowConfig{patience: 3 * patience}
	dark := long
	dark.Dark = true

	ada := openWindow(t, browser.Chromium, b.Base+"/", long)
	ada.until(t, "document.body.dataset.state === 'joined'")
	var link string
	ada.eval(t, "location.href", &link)
	if at, err := peer.ParseLink(link); err != nil || at.Secret.IsZero() {
		t.Fatalf("/ leads to %s (%v), want a link with a secret", link, err)
	}
	ada.lookedAt(t, "demo-empty-light-chromium")
	ada.write(t, "own-name", "Ada")

	bob := openWindow(t, browser.Firefox, link, dark)
	bob.write(t, "own-name", "Bob")
	ada.meets(t, 1)
	bob.meets(t, 1)
	safetyNumbers(t, ada, bob)
	for i, text := range []string{"Did you get home?", "Yes, à l'instant – grüß Zoë", "Shall I drop the photos here? They are some 400 MB, in one folder with a rather long name.", "Please do."} {
		if i%2 == 0 {
			ada.write(t, "chat-input", text)
		} else {
			bob.write(t, "chat-input", text)
		}
		ada.hears(t, i+1)
		bob.hears(t, i+1)
	}
	want := ada.messages(t, "Ada")

	bob.reload(t)
	bob.hears(t, 4)
	ada.meets(t, 1)
	if got := bob.messages(t, "Bob"); !slices.Equal(got, want) {
		t.Errorf("after a reload Bob has %q, want %q", got, want)
	}
	bob.write(t, "chat-input", "I have reloaded the page.")
	ada.hears(t, 5)

	// Of the two that come now, one knows only what the others tell.
	cleo := openWindow(t, browser.Chromium, link, dark)
	cleo.hears(t, 5)
	stranger := openWindow(t, browser.Firefox, strings.Split(link, "#")[0], long)
	want = ada.messages(t, "Ada")
	if got := cleo.messages(t, "Cleo"); !slices.Equal(got, want) {
		t.Errorf("Cleo was told %q, want %q", got, want)
	}
	cleo.write(t, "own-name", "Cleo, who has the longest name of all")
	stranger.until(t, "document.querySelectorAll('[data-testid=peer][data-trust=refused]').length === 3")
	ada.until(t, with("peer", "data-trust=refused"))
	stranger.until(t, with("unverified")+".checkVisibility()")
	stranger.lookedAt(t, "demo-refused-light-firefox")
	ada.meets(t, 2)

	// A link that was cut lets nobody in, and with the whole one the stranger is one of them.
	stranger.eval(t, "location.href = "+quoted(link[:len(link)-3]), nil)
	stranger.until(t, with("notice", "data-code=bad-url"))
	stranger.until(t, "!"+with("unverified")+".checkVisibility()") // for it has a secret, of which this is the rest
	stranger.eval(t, "location.href = "+quoted(link), nil)
	stranger.hears(t, 5)
	for _, w := range []*window{ada, bob, cleo, stranger} {
		w.meets(t, 3)
	}
	ada.lookedAt(t, "demo-light-chromium")
	bob.lookedAt(t, "demo-dark-firefox")
	cleo.lookedAt(t, "demo-dark-chromium")
	stranger.lookedAt(t, "demo-light-firefox")
	for _, w := range []*window{ada, bob, cleo, stranger} {
		w.quietly(t)
	}
}

// TestDemoOverPlainHTTP: where browsers let a page do no cryptography, it joins without verifying anybody and says so; a link with a secret is refused
// with what it needs, and not joined without.
func TestDemoOverPlainHTTP(t *testing.T) {
	t.Parallel()
	b := serve(t, hostIP(t).String(), "--grace", "1s")
	s := newScreen(t, b.Base+"/", 1200, 800)
	s.do(t, chromedp.WaitVisible(testID("unverified")), chromedp.WaitNotVisible(testID("make-private")))
	if at, err := chromedp.Run(s.ctx, chromedp.Location()); err != nil || strings.Contains(at, "#") {
		t.Errorf("/ leads to %s (%v), want a room without a secret", at, err)
	}
	s.do(t,
		chromedp.Navigate("about:blank"),
		chromedp.Navigate(b.Room+"#k=AAECAwQFBgcICQoLDA0ODw"),
		chromedp.WaitVisible(testID("notice", "data-code=unsupported")),
	)
	if text := s.text(t, testID("notice")); !strings.Contains(text, "needs https") {
		t.Errorf("the page says %q", text)
	}
	s.shoot(t, "demo-needs-https")
}

// safetyNumbers checks that two who are alone with each other read the same number.
func safetyNumbers(t *testing.T, a, b *window) {
	t.Helper()
	var numbers [2]string
	for i, w := range []*window{a, b} {
		w.click(t, string(testID("peer-details")))
		numbers[i] = w.data(t, string(testID("safety-number", "data-number")), "number")
		w.click(t, string(testID("details-close")))
		w.until(t, "!document.querySelector('dialog[open]')")
	}
	if groups := strings.Fields(numbers[0]); numbers[0] != numbers[1] || len(groups) != 12 || len(groups[0]) != 5 {
		t.Errorf("the safety numbers are %q", numbers)
	}
}
