//go:build unix

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/peer"
)

// company is somebody in the room of the link, who proves to have it, for as long as the test goes on.
func company(t *testing.T, text string) {
	t.Helper()
	link, err := peer.ParseLink(text)
	if err != nil {
		t.Fatal(err)
	}
	room, err := peer.Join(t.Context(), link.Server, link.Room, &peer.Config{Secret: link.Secret, Attributes: map[string]any{"name": "Grace", "bot": true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Close() })
}

// focused is what the page says of its focus: see testdata/demo/focus.js.
type focused struct {
	Name           string
	Outlined, Seen bool
}

// tabs goes through the page with the Tab key until it comes back to where it began or leaves the page, and returns where it came by. Wherever
// it is has to be seen. Firefox's keyboard stays with what is around the page then, so it is the last that is done with a window.
func (w *window) tabs(t *testing.T) (names []string) {
	t.Helper()
	focus := script(t, "focus.js")
	for range 80 {
		w.press(t, browser.Tab)
		w.settled(t)
		var at focused
		w.eval(t, focus, &at)
		if at.Name == "" || len(names) > 0 && at.Name == names[0] {
			return names
		}
		if !at.Outlined || !at.Seen {
			t.Errorf("the focus on %s is not seen in %s: %+v, after %q", at.Name, w.kind, at, names)
		}
		names = append(names, at.Name)
	}
	t.Errorf("the Tab key does not leave the page: %q", names)
	return names
}

// inOrder fails unless all of these are among the names, in this order.
func inOrder(t *testing.T, names []string, want ...string) {
	t.Helper()
	rest := names
	for _, name := range want {
		at := slices.Index(rest, name)
		if at < 0 {
			t.Errorf("no %s there, or not in its place: the Tab key goes by %q", name, names)
			return
		}
		rest = rest[at+1:]
	}
}

// TestDemoByKeyboard: all of the page can be reached and left with the Tab key, in the order in which it is read, on a desktop and on a phone; a
// dialog keeps the focus while it is open and gives it back.
func TestDemoByKeyboard(t *testing.T) {
	t.Parallel()
	for _, kind := range browser.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			needAll(t, kind)
			b := serve(t, "127.0.0.1", "--grace", "1s")
			w := openWindow(t, kind, b.Room, windowConfig{})
			phone := openWindow(t, kind, b.Room, windowConfig{})
			company(t, b.Room)
			w.meets(t, 2)
			w.resize(t, 1280, 800)
			w.eval(t, find("#skip")+".focus()", nil)
			w.press(t, browser.Enter)
			w.until(t, "document.activeElement === "+with("chat-input"))
			w.eval(t, with("peer-details")+".focus()", nil)
			w.press(t, browser.Enter)
			w.until(t, "document.querySelector('#details').open && "+with("safety-number", "data-number"))
			w.press(t, browser.Tab)
			w.until(t, "document.querySelector('#details').contains(document.activeElement)")
			w.press(t, browser.Escape)
			w.until(t, "!document.querySelector('#details').open && document.activeElement === "+with("peer-details"))
			w.eval(t, find("#skip")+".focus()", nil)
			inOrder(t, w.tabs(t), "privacy-chip", "link", "copy-link", "own-name", "peer-details", "peer-send", "messages", "chat-input", "chat-send",
				"game-sail", "file-pick", "file-target")

			phone.meets(t, 2)
			phone.resize(t, 390, 844)
			phone.eval(t, with("tab-chat")+".focus()", nil)
			phone.press(t, browser.Enter)
			phone.until(t, with("chat-input")+".checkVisibility() && "+with("tab-chat", "aria-current=true"))
			phone.click(t, string(testID("tab-people")))
			phone.eval(t, find("#skip")+".focus()", nil)
			names := phone.tabs(t)
			inOrder(t, names, "own-name", "peer-details", "tab-people", "tab-chat", "tab-files", "tab-game")
			if slices.Contains(names, "chat-input") {
				t.Errorf("the Tab key goes into a panel that is not shown: %q", names)
			}
			phone.quietly(t)
			w.quietly(t)
		})
	}
}

// named are the roles whose elements need a name, for who cannot see what they are.
var named = []string{"button", "link", "textbox", "combobox", "image", "img", "region", "navigation", "dialog", "log", "progressbar", "meter", "Canvas"}

// TestDemoIsNamed: what a screen reader finds on the page has names, and the page has the landmarks and headings by which to go around.
func TestDemoIsNamed(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1", "--grace", "1s")
	s := newScreen(t, b.Room, 1280, 800)
	company(t, b.Room)
	s.do(t, chromedp.WaitVisible(testID("peer", "data-trust=verified", "data-path=direct")))
	s.do(t, chromedp.SendKeys(testID("chat-input"), "hello\r"), chromedp.WaitVisible(testID("message")))
	seen := s.accessible(t)
	for _, want := range []string{
		"banner", "main", "heading Room " + b.Name, "region People 2", "region Chat", "region Harbour lights", "region Files",
		"textbox You are", "textbox Link to this room", "textbox Message to everybody here", "log Chat", "button Copy link", "button Send",
		"button Grace, verified: safety number and connection", "button Send a file to Grace", "list People 2",
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("nothing is %q among\n%s", want, strings.Join(seen, "\n"))
		}
	}
	if !slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, "image Round trips of the last minute: ") }) {
		t.Errorf("the plot does not say what it shows:\n%s", strings.Join(seen, "\n"))
	}

	s.do(t, chromedp.Click(testID("peer-details")), chromedp.WaitVisible(testID("safety-number", "data-number")))
	if seen := s.accessible(t); !slices.Contains(seen, "dialog Grace") || !slices.Contains(seen, "list Safety number") || slices.Contains(seen, "region Chat") {
		t.Errorf("beside or behind the dialog is\n%s", strings.Join(seen, "\n"))
	}
	s.do(t, chromedp.Click(testID("details-close")), chromedp.EmulateViewport(390, 844), chromedp.WaitVisible(testID("tab-chat")))
	seen = s.accessible(t)
	if !slices.Contains(seen, "navigation Parts of the room") || !slices.Contains(seen, "button Chat") || slices.Contains(seen, "region Chat") {
		t.Errorf("on a phone there is\n%s", strings.Join(seen, "\n"))
	}
}

// accessible returns what is in the tree that screen readers read, as role and name, and fails the test for what should have a name and has none.
func (s *screen) accessible(t *testing.T) (seen []string) {
	t.Helper()
	tree, err := chromedp.Run(s.ctx, func(ctx context.Context, _ *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role, name := axText(node.Role), strings.Join(strings.Fields(axText(node.Name)), " ")
		seen = append(seen, strings.TrimSpace(role+" "+name))
		if name == "" && slices.Contains(named, role) {
			t.Errorf("a %s has no name: node %v", role, node.BackendDOMNodeID)
		}
	}
	return seen
}

// axText is a value of the tree as text.
func axText(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	return strings.Trim(string(value.Value), `"`)
}
