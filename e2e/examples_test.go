//go:build unix

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/process"
)

// elsewhere serves pages of another origin than beckon's.
func elsewhere(t *testing.T, pages http.Handler) (origin string) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(hostIP(t).String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: pages}}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// examples serves a folder of ../examples, and beside it the files that a build would have put there.
func examples(t *testing.T, folder string, built map[string]string) (origin string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(filepath.Join("../examples", folder))))
	for name, path := range built {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })
	}
	return elsewhere(t, mux)
}

// exampleURL is the address of an example's page in a room of the server.
func exampleURL(origin string, b *server) string {
	return fmt.Sprintf("%s/?server=%s#%s", origin, url.QueryEscape(b.Base), b.Name)
}

// Two pages and the bot in Go, who says it back.
func TestExampleChat(t *testing.T) {
	t.Parallel()
	origin := examples(t, "chat", nil)
	b := serve(t, hostIP(t).String(), "--allow-origin", origin)
	ada, bob := newScreen(t, exampleURL(origin, b), 600, 600), newScreen(t, exampleURL(origin, b), 600, 600)
	for _, s := range []*screen{ada, bob} {
		s.waits(t, `who.textContent === "1 connected"`)
	}
	ada.types(t, "#text", "Did you get home?\r")
	bob.waits(t, `said.textContent === "somebody: Did you get home?"`)

	bot := filepath.Join(t.TempDir(), "echo")
	if out, err := exec.Command("go", "build", "-o", bot, "../examples/echo").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	p, err := process.Start(context.WithoutCancel(t.Context()), process.Config{Path: bot, Args: []string{b.Room}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := interrupt(p); err != nil {
			t.Errorf("the bot: %v\n%s", err, p.Stderr())
		}
	})
	bob.waits(t, `who.textContent === "2 connected"`)
	bob.types(t, "#text", "Yes, à l'instant\r")
	bob.waits(t, `said.lastChild.textContent === "echo: Yes, à l'instant"`)
	ada.waits(t, `said.lastChild.textContent === "somebody: Yes, à l'instant"`)
}

// Two people edit one text at the same time; one is offline meanwhile, and one's connections are cut. In the end all have the same.
func TestExampleYjs(t *testing.T) {
	t.Parallel()
	needModules(t, "esbuild", "yjs")
	modules, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "bundle.js")
	build := exec.Command(filepath.Join(modules, ".bin/esbuild"), "main.js", "--bundle", "--format=esm", "--target=es2022", "--outfile="+bundle)
	build.Dir = "../examples/yjs"
	build.Env = append(os.Environ(), "NODE_PATH="+modules)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("esbuild: %v\n%s", err, out)
	}
	origin := examples(t, "yjs", map[string]string{"bundle.js": bundle, "empty": os.DevNull})
	b := serve(t, hostIP(t).String(), "--allow-origin", origin)

	var screens []*screen
	for range 2 {
		s := newScreen(t, origin+"/empty", 800, 600)
		if _, err := chromedp.Call(s.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: `{
			const Real = RTCPeerConnection;
			globalThis.connections = [];
			globalThis.RTCPeerConnection = class extends Real { constructor(...args) { super(...args); connections.push(this); } };
		}`}); err != nil {
			t.Fatal(err)
		}
		s.do(t, chromedp.Navigate(exampleURL(origin, b)))
		screens = append(screens, s)
	}
	ada, bob := screens[0], screens[1]
	together := func(want string) {
		t.Helper()
		for _, s := range screens {
			s.waits(t, `text.value.length === `+fmt.Sprint(len(want)))
		}
		if a, b := ada.value(t), bob.value(t); a != b {
			t.Fatalf("they have different texts: %q and %q", a, b)
		}
	}
	connected := func() {
		t.Helper()
		for _, s := range screens {
			s.waits(t, `document.getElementById("status").textContent === "1 connected"`)
		}
	}
	connected()

	ada.types(t, "#text", "Tea: ")
	together("Tea: ")
	typing := make(chan error)
	for i, s := range screens {
		go func() {
			typing <- chromedp.Do(s.ctx, chromedp.SendKeys(chromedp.CSS("#text"), [...]string{"green, or black? ", "milk, or lemon? "}[i]))
		}()
	}
	for range screens {
		if err := <-typing; err != nil {
			t.Error(err)
		}
	}
	together("Tea: green, or black? milk, or lemon? ")

	bob.do(t, chromedp.Click(chromedp.CSS("#online")))
	bob.waits(t, `document.getElementById("status").textContent === "offline"`)
	bob.types(t, "#text", "sugar, ")
	ada.types(t, "#text", "black, ")
	bob.do(t, chromedp.Click(chromedp.CSS("#online")))
	connected()
	together("Tea: green, or black? milk, or lemon? sugar, black, ")

	// Cut without a word to the page: the other side asks for another connection.
	bob.do(t, chromedp.Evaluate[chromedp.Void](`for (const connection of connections) connection.close()`))
	bob.types(t, "#text", "lemon, ")
	ada.types(t, "#text", "honey. ")
	together("Tea: green, or black? milk, or lemon? sugar, black, lemon, honey. ")
}

// types types into an element, behind what is there.
func (s *screen) types(t *testing.T, selector chromedp.CSS, text string) {
	t.Helper()
	s.do(t, chromedp.SendKeys(selector, text))
}

// value is what stands in the text of the page.
func (s *screen) value(t *testing.T) string {
	t.Helper()
	value, err := chromedp.Run(s.ctx, chromedp.Evaluate[string]("text.value"))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// waits until an expression is true in the page.
func (s *screen) waits(t *testing.T, expression string) {
	t.Helper()
	if err := chromedp.Do(s.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(0))); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}
