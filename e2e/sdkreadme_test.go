//go:build unix

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/internal/testdocs"
)

// TestSDKReadmeDots: the page of two players that stands in the SDK's README is complete, and does what it says.
func TestSDKReadmeDots(t *testing.T) {
	t.Parallel()
	needAll(t, browser.Chromium, browser.Firefox)
	page := testdocs.Block(t, "../web/sdk/README.md", "html")
	var text string // set before anybody asks for it
	origin := elsewhere(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(text))
	}))
	b := serve(t, hostIP(t).String(), "--allow-origin", origin)
	text = strings.ReplaceAll(page, "http://127.0.0.1:8080", b.Base)

	ada := openWindow(t, browser.Chromium, origin, windowConfig{})
	bob := openWindow(t, browser.Firefox, origin, windowConfig{})
	for from, to := range map[*window]*window{ada: bob, bob: ada} {
		to.until(t, `document.querySelector("output")?.textContent === "0"`)
		from.eval(t, `dispatchEvent(new PointerEvent("pointermove", { clientX: 120, clientY: 80 })), document.querySelector("p").click()`, nil)
		from.until(t, `document.querySelector("#own").textContent === "1"`)
		to.until(t, `((dot) => dot.textContent === "1" && dot.style.translate === "120px 80px")(document.querySelector("output"))`)
	}
	bob.eval(t, `location.href = "about:blank"`, nil)
	ada.until(t, `!document.querySelector("output")`)
}
