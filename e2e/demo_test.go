//go:build unix

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// TestDemo does with two windows what two people would do, and a bot with them: they meet, say who they are, talk, and one
// sends the other a file.
func TestDemo(t *testing.T) {
	t.Parallel()
	b := serve(t, hostIP(t).String(), "--grace", "1s")
	ada := newScreen(t, b.Room, 1200, 800)
	bob := newScreen(t, b.Room, 390, 844) // a phone's width
	for _, s := range []*screen{ada, bob} {
		s.do(t, chromedp.WaitVisible(testID("peer", "data-state=connected", "data-path=direct")))
	}
	name(t, ada, "Ada")
	name(t, bob, "Bob")
	ada.sees(t, "peer-name", "Bob")
	bob.sees(t, "peer-name", "Ada")
	bob.shoot(t, "demo-phone-people")

	bob.tab(t, "chat")
	ada.say(t, "Did you get home?", 1)
	bob.sees(t, "message-text", "Did you get home?")
	bob.say(t, "Yes, à l'instant – grüß Zoë", 1)
	ada.sees(t, "message-text", "Yes, à l'instant – grüß Zoë")
	others := testID("message") + ":not([data-own])"
	if from := bob.text(t, others+" "+testID("message-name")); from != "Ada" {
		t.Errorf("Bob's page says that the message is from %q", from)
	}

	bob.tab(t, "files")
	sendFile(t, ada, bob)

	startProgram(t, "bot", "echo", b.Room)
	ada.sees(t, "peer-name", "echo bot")
	ada.say(t, "Anybody else?", 2)
	ada.sees(t, "message-text", "Anybody else?")
	// The bot says it back, so that it stands there twice: once as Ada's own and once as the bot's.
	answer := others + ":last-child"
	ada.do(t, chromedp.WaitVisible(answer))
	if got := ada.text(t, answer+" "+testID("message-text")); got != "Anybody else?" {
		t.Errorf("the last message is %q, want the bot's echo", got)
	}
	if got := ada.text(t, answer+" "+testID("message-name")); got != "echo bot" {
		t.Errorf("the echo is from %q", got)
	}
	ada.shoot(t, "demo")
	bob.shoot(t, "demo-phone-files")
}

// sendFile has one send 5 MiB to the other, who accepts and saves them. The other's page must show their digest, and so must what was saved.
func sendFile(t *testing.T, from, to *screen) {
	t.Helper()
	path, want := someFile(t, "holiday.bin", 5<<20)
	from.do(t, chromedp.SetUploadFiles(testID("file-input"), []string{path}))
	to.do(t, chromedp.Click(testID("offer-accept")))
	for _, s := range []*screen{from, to} {
		s.do(t, chromedp.WaitVisible(testID("transfer", "data-state=done")))
	}
	if got := to.text(t, testID("transfer-sha256")); got != want {
		t.Errorf("the page shows the digest %s, want %s", got, want)
	}
	saved := to.save(t, testID("transfer-save"))
	if got := sha256.Sum256(saved); hex.EncodeToString(got[:]) != want {
		t.Errorf("%d bytes of digest %x were saved, want %s", len(saved), got, want)
	}
}

// testID selects the elements with that data-testid, and with those attributes.
func testID(id string, attributes ...string) chromedp.CSS {
	selector := fmt.Sprintf("[data-testid=%s]", id)
	for _, a := range attributes {
		selector += "[" + a + "]"
	}
	return chromedp.CSS(selector)
}

// name says who sits at the screen.
func name(t *testing.T, s *screen, name string) {
	t.Helper()
	s.do(t, chromedp.SendKeys(testID("own-name"), name+"\r"))
}

// tab shows one of the panels of a page of a phone's width.
func (s *screen) tab(t *testing.T, name string) {
	t.Helper()
	s.do(t, chromedp.Click(testID("tab-"+name)))
}

// say sends a message to that many others. One page may know that they are connected when the other does not yet; so it says it once more
// when it has reached fewer.
func (s *screen) say(t *testing.T, text string, others int) {
	t.Helper()
	sent := chromedp.Search(`(//*[@data-testid="message"][@data-own])[last()][@data-reached]`)
	for reached := ""; reached != strconv.Itoa(others); {
		s.do(t,
			chromedp.SendKeys(testID("chat-input"), text),
			chromedp.Click(testID("chat-send")),
			chromedp.WaitReady(sent),
		)
		value, err := chromedp.Run(s.ctx, chromedp.AttributeValue(sent, "data-reached"))
		if err != nil {
			t.Fatal(err)
		}
		reached = value.Value
	}
}

// sees waits until one of the elements with that data-testid has exactly this text.
func (s *screen) sees(t *testing.T, id, text string) {
	t.Helper()
	s.do(t, chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//*[@data-testid=%q][text()=%q]`, id, text))))
}

// save clicks on what downloads something, and returns that.
func (s *screen) save(t *testing.T, selector chromedp.CSS) []byte {
	t.Helper()
	dir, events := t.TempDir(), true
	var finished browser.EventDownloadProgress
	s.do(t, func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: &events,
		})
		if err != nil {
			return chromedp.Void{}, err
		}
		ended := func(e browser.EventDownloadProgress) bool { return e.State != browser.DownloadProgressStateInProgress }
		finished, err = chromedp.WaitEvent(browser.DownloadProgress, ended, chromedp.Click(selector))(ctx, tab)
		return chromedp.Void{}, err
	})
	saved, err := os.ReadFile(filepath.Join(dir, finished.GUID))
	if err != nil {
		t.Fatalf("the download ended as %s: %v", finished.State, err)
	}
	return saved
}
