//go:build unix

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/beckon-rtc/beckon/e2e/browser"
	"github.com/beckon-rtc/beckon/e2e/process"
)

// gameFacts are what the game's panel counts.
type gameFacts struct {
	Tick, Told, Heard, Skipped, Old, Malformed, Foreign, Held, Score int
	Other, Ticks                                                     int // the other player's score, and its ticks
	Place, Own                                                       string
}

// A bot and a page play the demo's game, in each browser: both gather lights, each sees the other sail, and what is said is a packet for each
// tick. Whoever plays in the page does so by what the game says in words.
func TestGame(t *testing.T) {
	t.Parallel()
	needModules(t, "esbuild")
	eachBrowser(t, func(t *testing.T, kind browser.Kind) {
		code := gameModule(t)
		style, err := os.ReadFile("../web/demo/src/game/game.css")
		if err != nil {
			t.Fatal(err)
		}
		s := newSite(t)
		b := serve(t, hostIP(t).String(), "--allow-origin", s.Origin)
		bot, err := process.Start(context.WithoutCancel(t.Context()), process.Config{Path: beckon(t), Args: []string{"bot", "game", b.Room, "--skill", "easy", "--name", "Bo"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := interrupt(bot); err != nil {
				t.Error(err)
			}
			if text := bot.Stderr(); !regexp.MustCompile(`"heard":\d{3,},.*"malformed":0,"foreign":0,.*the game is over`).MatchString(text) {
				t.Errorf("the bot says\n%s", text)
			}
		})
		var got struct {
			Watching, Begin, End gameFacts
			Silent               int
			Rested               struct{ Own, Other int } // ticks while nobody saw the tab
			Words                string
			Scores               []string
		}
		s.open(t, kind, "game.js", map[string]any{"server": b.Base, "room": b.Name, "code": code, "style": string(style), "score": 2}).verdict(t, &got)
		t.Logf("%+v", got)
		if w := got.Watching; w.Told != 0 || w.Tick != 0 || w.Ticks == 0 {
			t.Errorf("before it sets sail: %+v", w)
		}
		begin, end := got.Begin, got.End
		if end.Score < 2 || end.Other < 1 || end.Place == begin.Place || end.Own == begin.Own {
			t.Errorf("nobody has played: %+v, then %+v", begin, end)
		}
		// Of the packets that the bot has sent, one for each of its ticks, most have come (a busy machine drops what is too old); and it was told one
		// for each of the page's.
		said, heard := end.Ticks-begin.Ticks, end.Heard-begin.Heard
		if heard > said || heard < said/2 || said < 120 {
			t.Errorf("%d of %d ticks of the bot were heard", heard, said)
		}
		if ticks, told := end.Tick-begin.Tick, end.Told-begin.Told; told+end.Skipped < ticks-1 || told > ticks || ticks < 60 {
			t.Errorf("%d ticks of the page were told in %d packets", ticks, told)
		}
		if end.Malformed+end.Foreign+end.Held > 0 {
			t.Errorf("it does not believe the bot: %+v", end)
		}
		if got.Silent > 0 {
			t.Errorf("%d packets were sent from ashore", got.Silent)
		}
		if r := got.Rested; r.Own == 0 || r.Own > r.Other/10 {
			t.Errorf("a tab that nobody sees has sent %d packets in %d ticks", r.Own, r.Other)
		}
		if !strings.HasPrefix(got.Words, "Packets each second: ") || len(got.Scores) != 2 || !strings.HasPrefix(got.Scores[0], "You") || !strings.HasPrefix(got.Scores[1], "Bo") {
			t.Errorf("it shows %q and %q", got.Words, got.Scores)
		}
	})
}

// The demo's page plays with a bot in a room whose link has a secret: only who has it is connected, and plays.
func TestGameInTheDemo(t *testing.T) {
	t.Parallel()
	b := serve(t, "127.0.0.1")
	if !strings.Contains(b.Room, "#k=") {
		t.Fatalf("%s has no secret", b.Room)
	}
	startProgram(t, "bot", "game", b.Room, "--name", "Bo", "--log-level", "error")
	ada := newScreen(t, b.Room, 1280, 800)
	bob := newScreen(t, b.Room, 390, 844) // a phone's width
	bob.do(t, chromedp.Click(testID("tab-game")))
	for _, s := range []*screen{ada, bob} {
		s.do(t, chromedp.Click(chromedp.CSS("[data-testid=game-sail]:not([disabled])")))
	}
	for _, s := range []*screen{ada, bob} {
		s.do(t, chromedp.WaitVisible(testID("game", "data-others='2'")))
		s.waits(t, `document.querySelector("[data-testid=game]").dataset.heard > 120`)
		s.do(t, chromedp.WaitVisible(chromedp.Search(`//*[@data-testid="game-scores"]//*[text()="Bo"]`)))
		if malformed, err := chromedp.Run(s.ctx, chromedp.AttributeValue(testID("game"), "data-malformed")); err != nil || malformed.Value != "0" {
			t.Errorf("%q packets are malformed, %v", malformed.Value, err)
		}
	}
	ada.shoot(t, "demo-game")
	bob.shoot(t, "demo-game-phone")
}

// gameModule is the game of the demo as one module, which any page may put into itself.
func gameModule(t *testing.T) string {
	t.Helper()
	build, err := exec.CommandContext(t.Context(), filepath.Join(modules, ".bin/esbuild"), "../web/demo/src/game/game.ts", "--bundle", "--format=esm", "--target=es2022").Output()
	if err != nil {
		t.Fatalf("esbuild: %v", err)
	}
	return string(build)
}
